"""Following one person through a video with a detector that sees one person at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from neuhmr.initial.mediapipe_detector import Detection, Window, whole_picture

Picture = UInt8[np.ndarray, "height width 3"]
Box = tuple[float, float, float, float]
Detect = Callable[[Picture, Window], Detection | None]


@runtime_checkable
class FrameSource(Protocol):
    """What of a video is needed here."""

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second."""
        ...

    def frame(self, index: int) -> Picture:
        """Fetch one frame."""
        ...

    def frames(self, start: int, stop: int) -> Iterator[Picture]:
        """Stream frames in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class TrackConfig:
    """How a person is looked for and followed; a person's size is the longer side of the box."""

    small_share: float = 0.35
    """A person below this share of the picture's longer side is looked for in an enlarged window:
    MediaPipe's detector sees the whole picture at 224 px and misses people below about 60 of
    them."""
    window_sizes: tuple[float, ...] = (2.0, 1.4)
    """Sides of the windows around a person, in sizes of the person."""
    patience_s: float = 1.0
    """For how long the person last seen is waited for before somebody elsewhere is accepted (s)."""
    search_interval_s: float = 0.5
    """While nobody is followed, how often the parts of the picture are searched (s)."""
    calm_speed: float = 1.5
    """Landmarks that move faster on average (sizes/s) are looked at again in other windows: now and
    then the detector takes the feet for the head."""
    wild_speed: float = 5.0
    """Landmarks that move faster on average (sizes/s) are not believed."""


class _Sighting(NamedTuple):
    index: int
    detection: Detection


def follow_person(
    video: FrameSource,
    detect: Detect,
    config: TrackConfig = TrackConfig(),
) -> Iterator[tuple[int, Detection | None]]:
    """Yield what is seen of one person, as (frame, detection).

    Every frame comes once in order; a frame in which nobody was seen may come again, with a
    detection, when the person is found later and followed backward.
    """
    search_interval = max(1, round(config.search_interval_s * video.fps))
    last: _Sighting | None = None
    first_missed = 0
    for index, picture in enumerate(video.frames(0, video.num_frames)):
        if last is not None and index - last.index > config.patience_s * video.fps:
            last = None
        if last is None:
            found = _find(picture, detect, config, index % search_interval == 0)
        else:
            found = _look_again(picture, detect, last.detection, _gap(video, last, index), config)
        yield index, found
        if found is None:
            continue
        last = _Sighting(index, found)
        yield from _follow_backward(video, detect, last, first_missed, config)
        first_missed = index + 1


def _follow_backward(
    video: FrameSource, detect: Detect, later: _Sighting, first_missed: int, config: TrackConfig
) -> Iterator[tuple[int, Detection]]:
    """Go back from where the person was found through the frames before in which it was not."""
    for index in range(later.index - 1, first_missed - 1, -1):
        gap = _gap(video, later, index)
        found = _look_again(video.frame(index), detect, later.detection, gap, config)
        if found is None:
            return
        yield index, found
        later = _Sighting(index, found)


def _gap(video: FrameSource, sighting: _Sighting, index: int) -> float:
    return abs(index - sighting.index) / video.fps


def _find(
    picture: Picture, detect: Detect, config: TrackConfig, may_search: bool
) -> Detection | None:
    """Look for somebody in the whole picture, then in its parts."""
    height, width = picture.shape[:2]
    whole = whole_picture(height, width)
    found = detect(picture, whole)
    if found is None:
        return _search_parts(picture, detect) if may_search else None
    if _size(found.box) >= config.small_share * whole.side:
        return found
    nearer = detect(picture, _window_around(found.box, config.window_sizes[0]))
    return nearer if nearer is not None and _continues(found.box, nearer.box, 0.0) else found


def _look_again(
    picture: Picture, detect: Detect, before: Detection, gap_s: float, config: TrackConfig
) -> Detection | None:
    """Look for the person seen a moment ago, in one window after another until it is plain."""
    whole = whole_picture(*picture.shape[:2])
    windows = [_window_around(before.box, size) for size in config.window_sizes]
    is_small = _size(before.box) < config.small_share * whole.side
    windows.insert(1 if is_small else 0, whole)
    best, best_jump = None, 0.1 + config.wild_speed * gap_s
    for window in windows:
        found = detect(picture, window)
        if found is None or not _continues(before.box, found.box, gap_s):
            continue
        jump = _jump(before, found)
        if jump < 0.1 + config.calm_speed * gap_s:
            return found
        if jump < best_jump:
            best, best_jump = found, jump
    return best


def _search_parts(picture: Picture, detect: Detect) -> Detection | None:
    """Search overlapping halves, then quarters, of the picture; the largest person wins."""
    height, width = picture.shape[:2]
    for side in (max(height, width) // 2, max(height, width) // 4):
        found = [detect(picture, window) for window in _tiles(height, width, side)]
        people = [person for person in found if person is not None]
        if people:
            return max(people, key=lambda person: _size(person.box))
    return None


def _tiles(height: int, width: int, side: int) -> list[Window]:
    """Cover the picture by windows that overlap by a half."""
    step = max(side // 2, 1)
    tops = range(0, max(height - step, 1), step)
    lefts = range(0, max(width - step, 1), step)
    return [Window(left, top, max(side, 1)) for top in tops for left in lefts]


def _size(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1], 1.0)


def _window_around(box: Box, sizes: float) -> Window:
    side = max(round(sizes * _size(box)), 32)
    return Window(round((box[0] + box[2] - side) / 2), round((box[1] + box[3] - side) / 2), side)


def _continues(before: Box, after: Box, gap_s: float) -> bool:
    """Tell whether two boxes may be one person's.

    The box's middle jumps by up to 0.3 sizes when arms spread, and a runner moves by 3 sizes a
    second; a person grows or shrinks by less than a half when crouching.
    """
    shift = np.hypot(
        (after[0] + after[2] - before[0] - before[2]) / 2,
        (after[1] + after[3] - before[1] - before[3]) / 2,
    )
    ratio = _size(after) / _size(before)
    return bool(shift < _size(before) * (0.3 + 3.0 * min(gap_s, 0.5)) and 0.5 < ratio < 2.0)


def _jump(before: Detection, after: Detection) -> float:
    """Mean distance that landmarks moved, in sizes of the person."""
    distances = np.linalg.norm(after.points2d - before.points2d, axis=1)
    return float(distances.mean()) / _size(before.box)
