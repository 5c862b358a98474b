"""Two synthetic people who walk past each other: their pictures pasted into one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from neuhmr.clip.clip import open_clip

HEIGHT, WIDTH, FLOOR, FPS = 360, 640, 340, 15.0
SAMPLE = Path(__file__).parents[2] / "sample_data" / "turn.mp4"


@dataclass(frozen=True)
class Crossing:
    """A clip of two people, and whose pixels are whose."""

    pictures: list[np.ndarray]
    near: list[np.ndarray]
    """Masks of the larger person, who passes in front."""
    far: list[np.ndarray]

    fps: float = FPS

    @property
    def num_frames(self) -> int:
        return len(self.pictures)

    def frame(self, index: int) -> np.ndarray:
        return self.pictures[index]

    def frames(self, start: int, stop: int):
        return iter(self.pictures[start:stop])


def cut_outs(frames: int, height: int, start: int, other_clothes: bool) -> list:
    """The sample person, as tall as given (px), in other clothes and mirrored if wished."""
    clip = open_clip(SAMPLE)
    assert clip.masks is not None
    found = []
    for index in range(start, start + frames):
        frame, mask = clip.video.frame(index), clip.masks.mask(index)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        picture, shape = Image.fromarray(frame[window]), Image.fromarray(mask[window])
        size = (max(round(picture.width * height / picture.height), 1), height)
        color, inside = np.array(picture.resize(size)), np.array(shape.resize(size))
        if other_clothes:
            below = slice(round(0.18 * height), None)  # All but the head: red for blue.
            color[below] = color[below][..., ::-1]
            color, inside = color[:, ::-1], inside[:, ::-1]
        found.append((color, inside))
    return found


def cross(frames: int = 24) -> Crossing:
    """One person goes to the right in front of the other, who goes to the left."""
    near = cut_outs(frames, 280, 0, other_clothes=False)
    far = cut_outs(frames, 235, 30, other_clothes=True)
    crossing = Crossing([], [], [])
    for index in range(frames):
        picture = np.full((HEIGHT, WIDTH, 3), (158, 153, 143), np.uint8)
        picture[300:] = (110, 100, 90)
        along = index / (frames - 1)
        masks = []
        for (color, inside), middle in ((far[index], 520 - 400 * along),
                                        (near[index], 120 + 400 * along)):  # fmt: skip
            height, width = inside.shape
            left = round(middle - width / 2)
            mask = np.zeros((HEIGHT, WIDTH), bool)
            mask[FLOOR - height : FLOOR, left : left + width] = inside
            picture[mask] = color[inside]
            masks = [other & ~mask for other in masks]
            masks.append(mask)
        crossing.pictures.append(picture)
        crossing.far.append(masks[0])
        crossing.near.append(masks[1])
    return crossing
