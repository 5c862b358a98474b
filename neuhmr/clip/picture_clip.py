"""A folder of numbered pictures as a video: upright, with what their EXIF says about the lens."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from neuhmr.clip.frame_ranges import frame_ranges
from neuhmr.clip.lens_metadata import Lens, lens_of_pictures
from neuhmr.clip.video_scan import FrameTable
from neuhmr.errors import ClipError
from neuhmr.files.loading import DAMAGE
from neuhmr.files.numbered_pictures import numbered_pictures
from neuhmr.progress import OnProgress, Progress, ignore_progress

PICTURES_FPS = 30.0
"""Pictures do not say how fast they were taken."""
_MOST_PIXELS = 100_000_000
"""Of one picture; the largest sensors of cameras that film."""
_TURNED = (5, 6, 7, 8)
"""EXIF's orientations in which width and height change places."""
_ORIENTATION = 0x0112
_DAMAGE = (*DAMAGE, SyntaxError, Image.DecompressionBombError)
_REMEDY = "copy it again, or take it out of the folder"


def scan_pictures(folder: Path, on_progress: OnProgress = ignore_progress) -> FrameTable:
    """Look at the size and the EXIF of all pictures; none is decoded.

    Raises:
        ClipError: one is no picture, or of another size than the first.
    """
    numbered = numbered_pictures(folder)
    lenses: list[Lens | None] = []
    first: tuple[int, int] | None = None
    for done, path in enumerate(numbered.values(), start=1):
        size, lens = _look_at(path)
        first = first or size
        if size != first:
            raise ClipError(
                f"{path} is {size[0]} x {size[1]} pixels (height x width, upright), but the first "
                f"picture of the folder has {first[0]} x {first[1]}, which was expected; move "
                "pictures of other clips away."
            )
        lenses.append(lens)
        if done % 50 == 0:
            on_progress(Progress(f"Reading {folder.name}", done, len(numbered)))
    assert first is not None, "is_picture_clip lets no folder without pictures pass"
    remarks = [f"{folder.name} is {len(numbered)} pictures, taken for {PICTURES_FPS:g} a second"]
    missing = sorted(set(range(min(numbered), max(numbered) + 1)) - set(numbered))
    if missing:
        remarks.append(
            f"pictures {frame_ranges(missing)} are not there; frames are counted without them"
        )
    return FrameTable(
        time_stamps=None,
        times=np.arange(len(numbered)) / PICTURES_FPS,
        keyframes=tuple(range(len(numbered))),
        fps=PICTURES_FPS,
        stored_size=first,
        orientation=(1, 0, 0, 1),
        pictures=tuple(numbered.values()),
        lens=lens_of_pictures(lenses),
        remarks=tuple(remarks),
    )


class PictureDecoder:
    """Reads pictures as `VideoDecoder` reads frames."""

    def __init__(self, table: FrameTable) -> None:
        self._table = table

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def advance_to(self, index: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode one picture, as a frame.

        Raises:
            ClipError: it is damaged, or has changed since the folder was opened.
        """
        path = self._table.pictures[index]
        try:
            with _open(path) as image:
                upright = ImageOps.exif_transpose(image).convert("RGB")
        except _DAMAGE as problem:
            raise _damaged(path, problem) from problem
        if (upright.height, upright.width) != self._table.size:
            raise ClipError(f"{path} has changed since it was opened; open its folder again.")
        yield index, av.VideoFrame.from_ndarray(np.asarray(upright), format="rgb24")

    def to_rgb(self, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """Give the picture back."""
        return frame.to_ndarray(format="rgb24")


def _look_at(path: Path) -> tuple[tuple[int, int], Lens | None]:
    """Read the upright (height, width) of a picture and what it says about its lens."""
    try:
        with _open(path) as image:
            exif = image.getexif()
            size = (image.height, image.width)
            if exif.get(_ORIENTATION) in _TURNED:
                size = (image.width, image.height)
            return size, Lens.of_exif(exif, *size)
    except _DAMAGE as problem:
        raise _damaged(path, problem) from problem


def _open(path: Path) -> Image.Image:
    image = Image.open(path)
    problem = ""
    if image.width * image.height > _MOST_PIXELS:
        problem = f"{image.width} x {image.height} pixels are more than can be used"
    elif image.mode[0] in "IF":
        problem = f"its pixels are {image.mode}, colors of 8 bits are read"
    if problem:
        image.close()
        raise ValueError(problem)
    return image


def _damaged(path: Path, problem: Exception) -> ClipError:
    reason = " ".join(str(problem).split())[:200]
    return ClipError(
        f"{path} cannot be read as a picture ({reason}), one of a clip's frames was expected; "
        f"{_REMEDY}."
    )
