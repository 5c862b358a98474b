"""The folder that people are written into."""

from pathlib import Path

from neuhmr.errors import OutputError


def make_out_folder(folder: Path) -> None:
    """Make the folder and those above it, unless it is there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made ({error.strerror}); choose another one."
        ) from error
