"""JSON from strangers: bounded in size, nesting and numbers."""

import json
from pathlib import Path
from typing import Any

from neuhmr.errors import NeuhmrError
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.files.limits import JSON_LIMIT, UnusableFile, in_words

_MOST_NESTED = 50
_MOST_DIGITS = 20
"""Of a whole number: those of 64 bits."""


def read_json(path: Path, error: type[NeuhmrError], expected: str, remedy: str) -> Any:
    """Read a JSON file; NaN and Infinity arrive as such.

    Args:
        path: the file.
        error: the class to raise.
        expected: what the file should be, with its article.
        remedy: what to do where it is something else.

    Raises:
        NeuhmrError: of the class `error`: missing, no file, no JSON, or too much of it.
    """
    size = require_file(path, error, expected, remedy)
    try:
        if size > JSON_LIMIT:
            raise UnusableFile(f"holds more than {in_words(JSON_LIMIT)}")
        return parse_json(path.read_bytes())
    except UnusableFile as problem:
        kind = describe_file(path)
        found = str(problem) if kind == "a text file" else f"is {kind}"
        raise error(f"{path} {found}, {expected} was expected; {remedy}.") from problem
    except OSError as problem:
        raise error(
            f"{path} cannot be read ({problem.strerror or problem}), {expected} was expected; "
            f"{remedy}."
        ) from problem


def parse_json(data: bytes) -> Any:
    """Parse JSON.

    Raises:
        UnusableFile: it is no JSON, nested too deeply, or has numbers beyond 64 bits.
    """
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_int=_whole_number)
    except UnusableFile:
        raise
    except RecursionError as problem:
        raise UnusableFile(f"is JSON that is nested more than {_MOST_NESTED} deep") from problem
    except ValueError as problem:
        raise UnusableFile(f"is not valid JSON ({problem})") from problem
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """Go down level by level, without a recursion of its own."""
    level = [value]
    for _ in range(_MOST_NESTED):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        level = below
        if not level:
            return
    raise UnusableFile(f"is JSON that is nested more than {_MOST_NESTED} deep")


def _whole_number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise UnusableFile(f"is JSON with a number of {len(digits)} digits")
    return int(digits)
