"""TOML from strangers: bounded in size."""

import tomllib
from pathlib import Path
from typing import Any

from neuhmr.errors import NeuhmrError
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.files.limits import MIB, in_words

TOML_LIMIT = MIB
"""Bytes of one file; people write them by hand."""


def read_toml(path: Path, error: type[NeuhmrError], expected: str, remedy: str) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: the file.
        error: the class to raise.
        expected: what the file should be, with its article.
        remedy: what to do where it is something else.

    Raises:
        NeuhmrError: of the class `error`: missing, no file, no TOML, or too much of it.
    """
    size = require_file(path, error, expected, remedy)
    if size > TOML_LIMIT:
        raise error(
            f"{path} holds more than {in_words(TOML_LIMIT)}, {expected} was expected; {remedy}."
        )
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        kind = describe_file(path)
        reason = "nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        found = f"is not valid TOML ({reason})" if kind == "a text file" else f"is {kind}"
        raise error(f"{path} {found}, {expected} was expected; {remedy}.") from problem
    except OSError as problem:
        raise error(
            f"{path} cannot be read ({problem.strerror or problem}), {expected} was expected; "
            f"{remedy}."
        ) from problem
