"""JSON from strangers: bounded in size, nesting and numbers."""

import json
from pathlib import Path
from typing import Any

from neuhmr.errors import NeuhmrError
from neuhmr.files.limits import JSON_LIMIT, UnusableFile
from neuhmr.files.text_file import read_text_file

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
    return read_text_file(path, parse_json, JSON_LIMIT, error, expected, remedy)


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
