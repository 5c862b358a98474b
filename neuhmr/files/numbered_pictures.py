"""Folders of pictures, one for each frame, in the order of the numbers that end their names."""

import re
from pathlib import Path

from neuhmr.errors import ClipError
from neuhmr.files.limits import UnusableFile

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
_DIGITS = re.compile(r"(\d+)\D*$")


def numbered_pictures(folder: Path) -> dict[int, Path]:
    """List a folder's pictures by number; others are passed over.

    Raises:
        UnusableFile: two have the same number.
    """
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _DIGITS.search(path.stem)
        if path.suffix.lower() in SUFFIXES and match is not None and path.is_file():
            number = int(match.group(1)[-9:])
            if number in found:
                raise UnusableFile(
                    f"has two pictures of frame {number}, {found[number].name} and {path.name}"
                )
            found[number] = path
    return dict(sorted(found.items()))


def is_picture_clip(path: Path) -> bool:
    """Tell a folder that holds a clip's frames.

    Raises:
        ClipError: two pictures have the same number.
    """
    try:
        return path.is_dir() and bool(numbered_pictures(path))
    except OSError:
        return False  # Whoever opens it says why.
    except UnusableFile as problem:
        raise ClipError(
            f"{path} {problem}, one for each frame was expected; move one away."
        ) from problem
