"""What an estimator gets wrong in the same way over a whole clip."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.rotations import axisangle_to_rotmat


def tilted(
    rotmats: Float[Tensor, "frames 24 3 3"], deviation_deg: float, rng: np.random.Generator
) -> Float[Tensor, "frames 24 3 3"]:
    """Tilt the body towards the camera or away from it, and a little to one side.

    Args:
        rotmats: local rotations, the root's in the camera's frame (+y down).
        deviation_deg: of the tilt, which is drawn between 0.7 and 1.3 of it.
        rng: draws the tilt.
    """
    size = np.radians(deviation_deg) * rng.uniform(0.7, 1.3) * rng.choice([-1.0, 1.0])
    turn = torch.tensor([size, 0.0, 0.25 * size * rng.standard_normal()], dtype=rotmats.dtype)
    root = axisangle_to_rotmat(turn) @ rotmats[:, 0]
    return torch.cat([root[:, None], rotmats[:, 1:]], dim=1)
