"""Several people in one picture, with a detector that sees one at a time.

Whoever was found is painted over and the detector looks again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neuhmr.initial.mediapipe_detector import Detection, Window, whole_picture
from neuhmr.initial.silhouette_shares import limbs, own_part
from neuhmr.initial.track import Box, Detect, FrameSource, Picture

_SAME = 0.5
"""Mean distance of landmarks, in sizes of the person, below which two finds are one person."""
_HIDING = 0.25
"""Thickness of what is painted over somebody's limbs, in sizes of the person."""


@dataclass(frozen=True, kw_only=True)
class CrowdConfig:
    """How several people are looked for and told apart."""

    most: int = 6
    """People that are followed at most."""
    look_interval_s: float = 0.5
    """How often it is looked whether there are several at all (s)."""
    least_share: float = 0.2
    """In that share of the frames with anybody there must be several."""
    least_size: float = 0.3
    """Smaller people, in sizes of the largest, are passers-by in the background."""
    window_size: float = 1.6
    """Sides of the windows around people, in their sizes."""


def find_everybody(
    picture: Picture,
    detect: Detect,
    config: CrowdConfig,
    expected: Iterable[Box] = (),
) -> list[Detection]:
    """Find everybody in a picture, each with a mask of their own, the largest first.

    Args:
        picture: RGB.
        detect: finds one person in a window.
        config: how.
        expected: where people are thought to be (px).
    """
    found: list[Detection] = []
    height, width = picture.shape[:2]
    windows = [_window(box, config.window_size) for box in expected]
    for window in (*windows, *(whole_picture(height, width),) * config.most):
        if len(found) == config.most:
            break
        seen = detect(_without(picture, found), window)
        is_new = seen is not None and all(not is_same(seen, other) for other in found)
        if seen is not None and is_new:
            found.append(seen)
        elif window == whole_picture(height, width):
            break
    found.sort(key=lambda person: -size_of(person.box))
    return [
        replace(
            person,
            mask=own_part(
                person.mask,
                person.points2d,
                [other.points2d for other in found if other is not person],
            ),
        )
        for person in found
    ]


def shows_several(video: FrameSource, detect: Detect, config: CrowdConfig) -> bool:
    """Tell, from frames every so often, whether there are several people worth following."""
    step = max(1, round(config.look_interval_s * video.fps))
    several = anybody = 0
    for index in range(0, video.num_frames, step):
        sizes = [size_of(p.box) for p in find_everybody(video.frame(index), detect, config)]
        anybody += bool(sizes)
        several += sum(size >= config.least_size * sizes[0] for size in sizes) > 1
    return several > 1 and several >= config.least_share * anybody


def is_same(first: Detection, second: Detection) -> bool:
    """Tell whether two finds are one person."""
    distances = np.linalg.norm(first.points2d - second.points2d, axis=1)
    size = min(size_of(first.box), size_of(second.box))
    return (
        float(np.median(distances)) < _SAME * 0.5 * size and _overlap(first.box, second.box) > 0.3
    )


def size_of(box: Box) -> float:
    """Measure the longer side of a box (px)."""
    return max(box[2] - box[0], box[3] - box[1], 1.0)


def _overlap(first: Box, second: Box) -> float:
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)) - shared
    return shared / both if both > 0 else 0.0


def _window(box: Box, sizes: float) -> Window:
    side = max(round(sizes * size_of(box)), 32)
    return Window(round((box[0] + box[2] - side) / 2), round((box[1] + box[3] - side) / 2), side)


def _without(picture: Picture, people: Sequence[Detection]) -> Picture:
    """Paint people over."""
    if not people:
        return picture
    painted = picture.copy()
    gray = picture.reshape(-1, 3).mean(axis=0).astype(np.uint8)
    for person in people:
        painted[limbs(person.points2d, (len(picture), picture.shape[1]), _HIDING)] = gray
    return painted
