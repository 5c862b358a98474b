"""The floor a person stands on: the one thing in a picture that tells depth.

The lowest point of the body is on the floor most of the time. So a leg that is too near or too far
shows as a foot above or below it, which nothing in its outline does.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skeleton import FOOT_JOINTS
from neuhmr.body.skinning import skin_points
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rigid import Rigid
from neuhmr.losses.image import geman_mcclure
from neuhmr.tensor_struct import TensorStruct

MOST_SOLE_POINTS = 80
SOFTNESS = 0.01
"""Points within about so much (m) of the lowest one share its role."""
OFF_FLOOR = 3.0
"""Feet further off the floor than so many standard deviations are in the air and have no say."""


@dataclass(frozen=True)
class Ground(TensorStruct):
    """Where the floor is in the camera's frame."""

    up: Float[Tensor, "*frames 3"]
    """Unit vector against gravity."""
    height: Float[Tensor, "*frames"]
    """Of the floor along `up`, over the camera's center (m); negative under a standing camera."""


def sole_points(body: ShapedBody) -> Int[Tensor, " points"]:
    """Pick vertices that move with the feet, evenly spread over their numbers."""
    on_feet = body.model.lbs_weights[:, list(FOOT_JOINTS)].sum(dim=1)
    chosen = (on_feet > 0.9 * float(on_feet.amax())).nonzero()[:, 0]
    return chosen[:: max(1, len(chosen) // MOST_SOLE_POINTS)]


def lowest_heights(
    body: ShapedBody, soles: Int[Tensor, " points"], bones: Rigid, up: Float[Tensor, "frames 3"]
) -> Float[Tensor, " frames"]:
    """Measure how high the lowest sole point of each frame is (m, a soft minimum).

    Args:
        body: the person.
        soles: vertices to look at.
        bones: rest space to the camera's frame (batch axes: frames joints).
        up: of each frame.
    """
    points = skin_points(body.v_shaped[soles], body.model.lbs_weights[soles], bones)
    heights = (points * up[:, None]).sum(dim=-1)
    return -SOFTNESS * torch.logsumexp(-heights / SOFTNESS, dim=1)


def floor_loss(
    lowest: Float[Tensor, " frames"], height: Float[Tensor, "*frames"], sigma: float
) -> Float[Tensor, " frames"]:
    """Squared distance of the lowest point from the floor, in standard deviations, bounded.

    Args:
        lowest: of each frame (m).
        height: of the floor (m).
        sigma: how exactly people stand on floors (m).
    """
    return geman_mcclure(((lowest - height) / sigma).square(), OFF_FLOOR)
