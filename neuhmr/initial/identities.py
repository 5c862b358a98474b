"""Following several people through a video, each under one identity, also past each other.

Finds are given to people by where their motion leads them, and by the colors of their clothes.
Colors are learnt while people stand apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from neuhmr.clip.masks import pack_masks
from neuhmr.initial.crowd import CrowdConfig, find_everybody, size_of
from neuhmr.initial.landmarks import landmark_index
from neuhmr.initial.mask_cleaning import clean_mask
from neuhmr.initial.mediapipe_detector import Detection
from neuhmr.initial.silhouette_shares import limbs, own_part
from neuhmr.initial.track import Box, Detect, FrameSource, Picture

_BINS = 6
"""Of each color channel."""
_CORE = 0.06
"""Thickness of the limbs whose colors are taken, in sizes of the person."""
_LEARNING = 0.15
"""Share of a new look in the colors of a person."""
_COLOR_WEIGHT = 1.5
"""Of the distance between colors, in 0 to 1, against that between places, in sizes."""
_MOST_COST = 1.6
"""Finds that fit nobody better are somebody new."""
_REMEMBERED_S = 1.0
"""For how long where somebody was, and not only how they look, tells where they are (s)."""
_STEADY = 0.5
"""Share of the newest velocity in the one that leads a person on."""
_HIDDEN_LEAD = 0.03
"""How much nearer the skeleton of somebody who is hidden must be to a pixel, in sizes."""
_HIPS = [landmark_index("left_hip"), landmark_index("right_hip")]


@dataclass(frozen=True)
class Sighting:
    """One person in one frame, small enough to be kept for every frame."""

    points2d: Float[np.ndarray, "33 2"]
    visibility: Float[np.ndarray, "33"]
    points3d: Float[np.ndarray, "33 3"]
    box: Box
    packed_mask: bytes
    """As `MaskSequence` keeps it."""


@dataclass
class Identity:
    """One person over the frames of a video."""

    sightings: dict[int, Sighting] = field(default_factory=dict)
    colors: Float[np.ndarray, " bins"] | None = None
    velocity: Float[np.ndarray, "2"] = field(default_factory=lambda: np.zeros(2))
    """Of the box's middle (px a frame)."""

    @property
    def last(self) -> int:
        """The last frame with a sighting."""
        return max(self.sightings)

    @property
    def size(self) -> float:
        """Median longer side of the boxes (px)."""
        return float(np.median([size_of(seen.box) for seen in self.sightings.values()]))

    def box_at(self, frame: int) -> Box:
        """Say where motion leads the person."""
        left, top, right, bottom = self.sightings[self.last].box
        x, y = self.velocity * (frame - self.last)
        return left + x, top + y, right + x, bottom + y

    def points_at(self, frame: int) -> Float[np.ndarray, "33 2"]:
        """Say where motion leads the landmarks."""
        seen = self.sightings[self.last]
        return (seen.points2d + self.velocity * (frame - self.last)).astype(np.float32)


def follow_everybody(
    video: FrameSource, detect: Detect, config: CrowdConfig
) -> Iterator[list[Identity]]:
    """Follow people frame by frame; yields everybody so far after each frame."""
    people: list[Identity] = []
    for frame, picture in enumerate(video.frames(0, video.num_frames)):
        remembered = _REMEMBERED_S * video.fps
        here = [person for person in people if frame - person.last <= remembered]
        found = find_everybody(picture, detect, config, [p.box_at(frame) for p in here])
        _assign(people, found, picture, frame, remembered)
        yield people


def worth_listing(people: list[Identity], num_frames: int, config: CrowdConfig) -> list[Identity]:
    """Keep who was seen for long enough and is no passer-by; the largest first."""
    least = max(3, round(0.05 * num_frames))
    long = [person for person in people if len(person.sightings) >= least]
    long.sort(key=lambda person: -person.size)
    return [person for person in long if person.size >= config.least_size * long[0].size]


def _assign(
    people: list[Identity],
    found: list[Detection],
    picture: Picture,
    frame: int,
    remembered: float,
) -> None:
    """Give finds to people; those that fit nobody begin a new one."""
    looks = [_colors(picture, person) for person in found]
    costs = np.array(
        [[_cost(p, f, look, frame, remembered) for f, look in zip(found, looks, strict=True)]
         for p in people]
    ).reshape(len(people), len(found))  # fmt: skip
    whose = {
        int(column): people[row]
        for row, column in zip(*linear_sum_assignment(costs), strict=True)
        if costs[row, column] < _MOST_COST
    }
    seen = {id(person) for person in whose.values()}
    hidden = [
        person.points_at(frame)
        for person in people
        if id(person) not in seen and frame - person.last <= remembered
    ]
    for column, person in enumerate(found):
        if column not in whose:
            people.append(Identity())
            whose[column] = people[-1]
        # Whoever is hidden for a moment keeps the pixels that still show of them.
        mask = own_part(person.mask, person.points2d, hidden, _HIDDEN_LEAD)
        apart = _stands_apart(found, column)
        _note(whose[column], replace(person, mask=mask), looks[column], frame, apart)


def _cost(
    person: Identity,
    found: Detection,
    look: Float[np.ndarray, " bins"],
    frame: int,
    remembered: float,
) -> float:
    color = 0.5 if person.colors is None else _difference(person.colors, look)
    gap = frame - person.last
    if gap > remembered:  # Wherever they went: only clothes tell.
        return 2.0 * _COLOR_WEIGHT * color
    box = person.box_at(frame)
    shift = np.linalg.norm(_middle(box) - _middle(found.box)) / size_of(box)
    growth = abs(np.log(size_of(found.box) / size_of(box)))
    return float(min(shift + growth, 1.0) + _COLOR_WEIGHT * color)


def _note(
    person: Identity,
    found: Detection,
    look: Float[np.ndarray, " bins"],
    frame: int,
    stands_apart: bool,
) -> None:
    if person.sightings:
        gap = frame - person.last
        newest = (_middle(found.box) - _middle(person.sightings[person.last].box)) / gap
        person.velocity = (1 - _STEADY) * person.velocity + _STEADY * newest
    if person.colors is None:
        person.colors = look
    elif stands_apart:
        person.colors = (1 - _LEARNING) * person.colors + _LEARNING * look
    person.sightings[frame] = Sighting(
        found.points2d,
        found.visibility,
        found.points3d,
        found.box,
        pack_masks([clean_mask(found.mask)]).deflated[0],
    )


def _stands_apart(found: list[Detection], which: int) -> bool:
    left, top, right, bottom = found[which].box
    return all(
        other is found[which]
        or other.box[0] > right
        or other.box[2] < left
        or other.box[1] > bottom
        or other.box[3] < top
        for other in found
    )


def _middle(box: Box) -> Float[np.ndarray, "2"]:
    return np.array([box[0] + box[2], box[1] + box[3]]) / 2.0


def _colors(picture: Picture, person: Detection) -> Float[np.ndarray, " bins"]:
    """Count colors along the limbs, above and below the hips."""
    size = (picture.shape[0], picture.shape[1])
    core = limbs(person.points2d, size, _CORE) & person.mask
    hips = float(person.points2d[_HIPS, 1].mean())
    counts = []
    for part in (slice(0, max(round(hips), 0)), slice(max(round(hips), 0), None)):
        colors = picture[part][core[part]].astype(int) * _BINS // 256
        flat = (colors[:, 0] * _BINS + colors[:, 1]) * _BINS + colors[:, 2]
        histogram = np.bincount(flat, minlength=_BINS**3).astype(float)
        counts.append(histogram / max(histogram.sum(), 1.0))
    return np.concatenate(counts) / 2.0


def _difference(first: Float[np.ndarray, " bins"], second: Float[np.ndarray, " bins"]) -> float:
    """Measure how different two looks are, in [0, 1] (Hellinger's distance)."""
    return float(np.sqrt(max(1.0 - np.sqrt(first * second).sum(), 0.0)))
