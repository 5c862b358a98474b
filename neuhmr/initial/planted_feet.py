"""Feet that stay where they are in the picture stay where they are in space.

One picture says little of how far away a foot is, and a fit of each lets standing feet glide along
the ray. But a foot that moves is seen to move, unless it comes straight at the camera: then it
grows, and as cameras are mostly higher than feet, it comes lower in the picture.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.losses.image import geman_mcclure

FEET = {"left_ankle": 7, "right_ankle": 8, "left_foot_index": 10, "right_foot_index": 11}
"""SMPL's joints, and the landmarks beside them."""
STILL = 0.015
"""How far a standing foot is seen to move, by errors of the detector (sizes of the person)."""
LAGS_S = (1 / 30, 4 / 30, 12 / 30, 36 / 30)
"""Moments that are compared are so far apart (s)."""
_SMOOTHED_S = 2 / 30
"""Landmarks are averaged over so long before and after (s)."""


class _Pairs(NamedTuple):
    frames: int
    """How far apart they are."""
    stays: Float[Tensor, "pairs 4"]
    """How likely each foot's point stays from a frame to the one that much later, in [0, 1]."""


@dataclass(frozen=True)
class PlantedFeet:
    """Which feet stand from when to when."""

    pairs: tuple[_Pairs, ...]

    def slip(
        self, joints: Float[Tensor, "frames joints 3"], sigma: float, outlier: float
    ) -> Float[Tensor, ""]:
        """Add up how far standing feet move, squared and bounded, over frames and feet.

        Args:
            joints: SMPL's (m), in the axes of a camera that sees them stand still.
            sigma: how far the joint of a standing foot moves (m).
            outlier: so many of these are too many to stand (Geman-McClure).
        """
        feet = joints[:, list(FEET.values())]
        total = joints.new_zeros(())
        for frames, stays in self.pairs:
            moved = (feet[frames:] - feet[:-frames]) / sigma
            total = total + (stays * geman_mcclure(moved.square().sum(dim=-1), outlier)).sum()
        return total / max(1, len(self.pairs))


def watch_feet(
    points2d: Float[Tensor, "frames 33 2"],
    weights: Float[Tensor, "frames 33"],
    sizes: Float[Tensor, " frames"],
    frame_s: float,
) -> PlantedFeet:
    """Tell from the landmarks when which foot stands.

    Args:
        points2d: landmarks (px).
        weights: how far each is trusted, in [0, 1].
        sizes: of the person (px); the largest ones count, for who crouches is as large as before.
        frame_s: from one frame to the next (s).
    """
    chosen = [LANDMARK_NAMES.index(name) for name in FEET]
    places = _smoothed(points2d[:, chosen], round(_SMOOTHED_S / frame_s))
    places = places / sizes.quantile(0.9)
    trust = weights[:, chosen]
    lags = dict.fromkeys(max(1, round(lag / frame_s)) for lag in LAGS_S)
    pairs = []
    for lag in lags:
        if lag < len(places):
            off = (places[lag:] - places[:-lag]).square().sum(dim=-1)
            stays = torch.minimum(trust[lag:], trust[:-lag]) * torch.exp(-off / STILL**2)
            pairs.append(_Pairs(lag, stays))
    return PlantedFeet(tuple(pairs))


def _smoothed(points: Float[Tensor, "frames points 2"], half: int) -> Tensor:
    flat = points.flatten(start_dim=1).T[None]
    padded = torch.nn.functional.pad(flat, (half, half), mode="replicate")
    return torch.nn.functional.avg_pool1d(padded, 2 * half + 1, 1)[0].T.unflatten(-1, (-1, 2))
