"""Text files from strangers: bounded in size, read in one way whatever their language."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from neuhmr.errors import NeuhmrError
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.files.limits import UnusableFile, in_words

Content = TypeVar("Content")


def read_text_file(
    path: Path,
    parse: Callable[[bytes], Content],
    limit: int,
    error: type[NeuhmrError],
    expected: str,
    remedy: str,
) -> Content:
    """Read a text file and make something of it.

    Args:
        path: the file.
        parse: makes it of the file's bytes; raises `UnusableFile` where it cannot.
        limit: bytes that the file may hold.
        error: the class to raise.
        expected: what the file should be, with its article.
        remedy: what to do where it is something else.

    Raises:
        NeuhmrError: of the class `error`: missing, no file, too large, or `parse` refuses it.
    """
    size = require_file(path, error, expected, remedy)
    try:
        if size > limit:
            raise UnusableFile(f"holds more than {in_words(limit)}")
        return parse(path.read_bytes())
    except UnusableFile as problem:
        kind = describe_file(path)
        found = str(problem) if kind == "a text file" else f"is {kind}"
        raise error(f"{path} {found}, {expected} was expected; {remedy}.") from problem
    except OSError as problem:
        raise error(
            f"{path} cannot be read ({problem.strerror or problem}), {expected} was expected; "
            f"{remedy}."
        ) from problem
