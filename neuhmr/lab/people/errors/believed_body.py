"""The body that an estimator takes a person for, and where it would then see that body.

Size and distance look the same in a picture: a body believed to be shorter is believed to be
nearer.
"""

from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.lab.people.random_streams import stream

Betas = Literal["true", "zero", "noisy"]
NOISE = 0.7
"""Deviation of noisy betas from the true ones."""


def believed_betas(kind: Betas, betas: Float[Tensor, " betas"], seed: int) -> Tensor:
    """Give the true betas, the mean body's, or true ones with noise."""
    match kind:
        case "true":
            return betas
        case "zero":
            return torch.zeros_like(betas)
        case "noisy":
            noise = stream(seed, "betas").standard_normal(len(betas))
            return betas + NOISE * torch.from_numpy(noise).to(betas)


def placed_as_seen(
    motion: Motion, believed: ShapedBody, truth: Motion, shaped: ShapedBody
) -> Motion:
    """Move a body in every frame to where its joints look as nearly as possible like the true ones.

    Args:
        motion: poses of the believed body; where it stands does not matter.
        believed: the body in question.
        truth: true poses of the same frames, in the camera's frame.
        shaped: the true body.
    """
    own = frame_joints(believed, motion) - motion.transl[:, None]
    true = frame_joints(shaped, truth)
    u, v = (true[..., :2] / true[..., 2:]).unbind(dim=-1)
    one, zero = torch.ones_like(u), torch.zeros_like(u)
    # (x + tx) - u (z + tz) = 0 is linear in the translation, and so is the same of y.
    rows = torch.cat([torch.stack([one, zero, -u], -1), torch.stack([zero, one, -v], -1)], dim=1)
    aims = torch.cat([u * own[..., 2] - own[..., 0], v * own[..., 2] - own[..., 1]], dim=1)
    transl = torch.linalg.lstsq(rows, aims[..., None]).solution[..., 0]
    return replace(motion, transl=transl)
