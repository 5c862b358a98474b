"""People who stand and walk with straight legs, made of those who do not.

Neither the recordings nor the generated motions show them: only one knee of fifty is bent there by
less than 8 degrees, because recorded skeletons do not fit the body exactly and generated limbs
are never quite stretched. Who has seen nothing else bends everybody's knees.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.lab.people.motion.limb_solver import LEG_JOINTS
from neuhmr.lab.training.motion_prior.noise import uniform

MOST = (0.1, 0.45)
"""By how much a knee is stretched at most, from window to window (rad)."""
STRAIGHT = (-0.02, 0.12)
"""Bend of a knee that is as straight as its owner's gets (rad)."""
_SOFTNESS = 0.05
"""Over what range of angles a knee stops (rad)."""


def stretch_legs(
    rotmat: Float[Tensor, "batch frames 24 3 3"], share: float, generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Stretch the knees of some windows; legs point where they did, and feet lie as they did.

    Args:
        rotmat: root first, then the joints in their parents' axes.
        share: of windows that are changed.
        generator: makes all choices.
    """
    return unbend_knees(rotmat, draw_stretches(rotmat, share, generator))


def draw_stretches(
    rotmat: Float[Tensor, "batch frames 24 3 3"], share: float, generator: torch.Generator
) -> Float[Tensor, "batch frames 2"]:
    """Draw by how much `stretch_legs` stretches left and right knees (rad)."""
    batch = len(rotmat)
    most = uniform(*MOST, (batch, 1, 1), generator)
    straight = uniform(*STRAIGHT, (batch, 1, 1), generator)
    is_chosen = torch.rand(batch, 1, 1, generator=generator) < share
    knees = [knee for _, knee, _, _ in LEG_JOINTS]
    bend = rotmat_to_axisangle(rotmat[:, :, knees])[..., 0]
    less = most - _SOFTNESS * softplus((most - (bend - straight)) / _SOFTNESS)
    return torch.where(is_chosen, less.clamp_min(0.0), 0.0)


def unbend_knees(
    rotmat: Float[Tensor, "batch frames 24 3 3"], less: Float[Tensor, "batch frames 2"]
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Stretch left and right knees by so much (rad); hips and ankles make up for it."""
    stretched = rotmat.clone()
    for side, (hip, knee, ankle, _) in enumerate(LEG_JOINTS):
        angle = less[..., side]
        zeros = torch.zeros_like(angle)
        # Thigh and shank are about equally long, so the thigh goes back by half of it.
        back = axisangle_to_rotmat(torch.stack([0.5 * angle, zeros, zeros], dim=-1))
        unbent = axisangle_to_rotmat(torch.stack([-angle, zeros, zeros], dim=-1))
        shank = rotmat[:, :, hip] @ rotmat[:, :, knee]
        stretched[:, :, hip] = rotmat[:, :, hip] @ back
        stretched[:, :, knee] = rotmat[:, :, knee] @ unbent
        moved = stretched[:, :, hip] @ stretched[:, :, knee]
        stretched[:, :, ankle] = moved.mT @ shank @ rotmat[:, :, ankle]
    return stretched
