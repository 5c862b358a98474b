"""Folders of pictures: one mask per frame, black outside, or colors that number the people.

A transparent background counts, too, as rembg leaves it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int
from PIL import Image

from neuhmr.clip.mask_files.found import MOST_PIXELS, Draw, FoundMasks, UnusableMasks
from neuhmr.files.limits import UnusableFile
from neuhmr.files.numbered_pictures import numbered_pictures

_MOST_OBJECTS = 64
_HALF = 127
_LOOKED_AT = 12
"""Pictures, evenly spread, that are looked at for the numbers of people."""


def read_folder(folder: Path) -> FoundMasks:
    """Read a folder of pictures, or one of folders that are called as people.

    Raises:
        UnusableMasks: it holds no pictures with numbers in their names.
    """
    people = {sub.name: _numbered(sub) for sub in sorted(folder.iterdir()) if sub.is_dir()}
    people = {name: pictures for name, pictures in people.items() if pictures}
    pictures = _numbered(folder)
    if not pictures and not people:
        raise UnusableMasks("is a folder without numbered pictures")
    if not pictures:
        objects = {
            name: {frame: _whole(path) for frame, path in each.items()}
            for name, each in people.items()
        }
        return FoundMasks(tool="folders of pictures", objects=objects, may_count_from_1=True)
    paths = list(pictures.values())
    step = max(len(paths) // _LOOKED_AT, 1)
    ids = sorted({label for path in paths[::step] for label in _labels(path)})
    if not ids:
        whole = {frame: _whole(path) for frame, path in pictures.items()}
        return FoundMasks(tool="pictures", objects={"1": whole}, may_count_from_1=True)
    objects = {
        str(label): {frame: _one(path, label) for frame, path in pictures.items()} for label in ids
    }
    return FoundMasks(tool="numbered pictures", objects=objects, may_count_from_1=True)


def _numbered(folder: Path) -> dict[int, Path]:
    try:
        return numbered_pictures(folder)
    except UnusableFile as problem:
        raise UnusableMasks(str(problem)) from problem


def _open(path: Path) -> Image.Image:
    try:
        image = Image.open(path)
        if image.width * image.height > MOST_PIXELS:
            raise UnusableMasks(f"has a picture {path.name} of {image.width} x {image.height}")
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        if isinstance(problem, UnusableMasks):
            raise
        raise UnusableMasks(f"has a damaged picture {path.name} ({problem})") from problem
    return image


def _values(path: Path) -> Int[np.ndarray, "height width"]:
    """Take opacity where a picture has it, palette numbers as they are, else brightness."""
    image = _open(path)
    if "A" in image.getbands():
        return np.asarray(image.getchannel("A"), np.int64)
    if image.mode in ("P", "L", "I", "I;16", "1"):
        values = np.asarray(image)
        return values.astype(np.int64) * (255 if image.mode == "1" else 1)
    return np.asarray(image.convert("RGB"), np.int64).max(axis=-1)


def _labels(path: Path) -> set[int]:
    """List the numbers of the people in a picture of numbers; none in one of black and white."""
    image = _open(path)
    values = np.unique(_values(path))
    numbers = {int(value) for value in values if value > 0}
    is_numbered = image.mode == "P" or (
        image.mode in ("L", "I", "I;16") and len(numbers) > 1 and max(numbers) <= _MOST_OBJECTS
    )
    return numbers if is_numbered and len(numbers) <= _MOST_OBJECTS else set()


def _whole(path: Path) -> Draw:
    def draw() -> Bool[np.ndarray, "height width"]:
        values = _values(path)
        # Masks of 0 and 1, or 0 and some number, are as good as black and white.
        is_soft = len(np.unique(values)) > 2
        return values > (_HALF if is_soft else 0)

    return draw


def _one(path: Path, label: int) -> Callable[[], Bool[np.ndarray, "height width"]]:
    return lambda: _values(path) == label
