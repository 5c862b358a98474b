"""Feet that stay where they are in the picture stay where they are in space.

One picture says little of how far away a foot is, and so poses of single frames let standing feet
glide along the ray. But a foot that moves is seen to move, unless it comes straight at the camera:
then, as cameras are mostly higher than feet, it comes lower in the picture.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skeleton import FOOT_JOINTS
from neuhmr.losses.image import geman_mcclure

STILL = 0.025
"""How far a standing foot is seen to move across the ray, by errors of what sees it (m)."""
LAGS_S = (1 / 30, 4 / 30, 12 / 30, 36 / 30)
"""Moments that are compared are so far apart (s)."""
OUTLIER = 4.0
"""Feet that move so many standard deviations do not stand, whatever it looks like."""
NEAREST = 0.1
"""Feet nearer to the camera's plane are taken to be there (m)."""


class _Pairs(NamedTuple):
    first: Int[Tensor, " pairs"]
    second: Int[Tensor, " pairs"]
    stays: Float[Tensor, "pairs 4"]
    """How likely each point stays from the first to the second row, in [0, 1]."""


@dataclass(frozen=True)
class StandingFeet:
    """Which feet stand from when to when."""

    pairs: tuple[_Pairs, ...]

    def slip(self, joints: Float[Tensor, "rows joints 3"], sigma: float) -> Float[Tensor, ""]:
        """Add up how far standing feet move, squared and bounded, over rows and feet.

        Args:
            joints: SMPL's (m), in the axes of a camera that sees them stand still.
            sigma: how far the joint of a standing foot moves (m).
        """
        feet = joints[:, list(FOOT_JOINTS)]
        total = joints.new_zeros(())
        for first, second, stays in self.pairs:
            squared = ((feet[second] - feet[first]) / sigma).square().sum(dim=-1)
            total = total + (stays * geman_mcclure(squared, OUTLIER)).sum()
        return total / max(1, len(self.pairs))


def find_standing(
    tangents: Float[Tensor, "rows 4 2"],
    distances: Float[Tensor, " rows"],
    trust: Float[Tensor, "rows 4"],
    frame_index: Int[Tensor, " rows"],
    fps: float,
) -> StandingFeet:
    """Tell which of `FOOT_JOINTS` stand.

    Args:
        tangents: where the picture has them: x / z, y / z.
        distances: of the person (m).
        trust: how far each is to be believed, in [0, 1].
        frame_index: the video frame of each row, ascending.
        fps: of the video.
    """
    pairs = []
    for lag in dict.fromkeys(max(1, round(lag * fps)) for lag in LAGS_S):
        later = torch.searchsorted(frame_index, frame_index + lag).clamp_max(len(frame_index) - 1)
        first = (frame_index[later] == frame_index + lag).nonzero()[:, 0]
        if len(first):
            second = later[first]
            scale = (distances[first] + distances[second]) / (2.0 * STILL)
            off = (tangents[second] - tangents[first]) * scale[:, None, None]
            likely = torch.exp(-off.square().sum(dim=-1))
            stays = torch.minimum(trust[second], trust[first]) * likely
            pairs.append(_Pairs(first, second, stays))
    return StandingFeet(tuple(pairs))


def standing_feet(
    joints: Float[Tensor, "rows joints 3"], frame_index: Int[Tensor, " rows"], fps: float
) -> StandingFeet:
    """Tell which feet stand by where poses show them, which err less across the ray than along.

    Args:
        joints: SMPL's, in the camera's axes (m).
        frame_index: the video frame of each row, ascending.
        fps: of the video.
    """
    feet = joints[:, list(FOOT_JOINTS)]
    tangents = feet[..., :2] / feet[..., 2:].clamp_min(NEAREST)
    trust = torch.ones_like(tangents[..., 0])
    return find_standing(tangents, joints[:, 0, 2], trust, frame_index, fps)
