"""TOML from strangers: bounded in size."""

import tomllib
from pathlib import Path
from typing import Any

from neuhmr.errors import NeuhmrError
from neuhmr.files.limits import MIB, UnusableFile
from neuhmr.files.text_file import read_text_file

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
    return read_text_file(path, parse_toml, TOML_LIMIT, error, expected, remedy)


def parse_toml(data: bytes) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        UnusableFile: it is no TOML, or nested too deeply.
    """
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError as problem:
        raise UnusableFile("is not valid TOML (nested too deeply)") from problem
    except ValueError as problem:
        raise UnusableFile(f"is not valid TOML ({problem})") from problem
