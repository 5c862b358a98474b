"""Where a command's words go: results to stdout, everything else to stderr.

rich is imported by what prints with it: `--help` does without.
"""

import json
import logging
import math
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


_UNLIMITED = 100_000
"""Columns of a terminal that cuts nothing."""


def reports() -> bool:
    """Tell whether this process is the one that reports.

    A training on several devices runs the same command once per device; Fabric numbers them here.
    """
    return os.environ.get("LOCAL_RANK", "0") == "0"


def stderr_console() -> "Console":
    """Make a console for progress and notices.

    Made anew each time, because tests and callers may have replaced `sys.stderr`.
    """
    from rich.console import Console

    return Console(stderr=True, quiet=not reports())


def install_log_handler() -> None:
    """Show the library's notices on stderr; warnings only from other packages."""
    from rich.logging import RichHandler

    handler = RichHandler(
        console=stderr_console(), show_time=False, show_path=False, show_level=False
    )
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler], force=True)
    for package in ("neuhmr", "workbench"):
        logging.getLogger(package).setLevel(logging.INFO)


def error_line(message: str) -> None:
    """Print one sentence to stderr, unwrapped so that other programs can read it."""
    sentence = " ".join(message.split())
    sys.stderr.write(sentence + ("" if sentence.endswith((".", "?")) else ".") + "\n")


def note(message: str) -> None:
    """Print a notice for the person to stderr."""
    stderr_console().print(message, highlight=False, markup=False)


def note_remarks(remarks: Iterable[str]) -> None:
    """Print what the user should know about poses, a line each, to stderr."""
    for remark in remarks:
        note(as_sentence(remark))


def as_sentence(remark: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{remark[:1].upper()}{remark[1:]}."


def print_result(result: dict[str, object]) -> None:
    """Print one JSON object to stdout; what is no number in JSON becomes null."""
    if reports():
        sys.stdout.write(json.dumps(_finite(result), indent=2, allow_nan=False) + "\n")


def print_rows(rows: list[tuple[str, ...]], header: tuple[str, ...] | None = None) -> None:
    """Print a small table to stdout; all columns but the first are aligned right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=header is not None, box=None, pad_edge=False)
    for index in range(len(rows[0])):
        title = header[index] if header else ""
        table.add_column(title, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    # However narrow the terminal, names and paths stay whole, so that they can be copied.
    whole = Console(width=_UNLIMITED).measure(table).maximum
    width = max(Console().width, whole)
    Console(highlight=False, markup=False, quiet=not reports(), width=width).print(table)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
