"""How tall a body stands, and giving it the height that somebody is known to have.

One camera cannot tell a tall person from a near one. Estimators take the average body, and every
length is wrong by as much as the person is taller or smaller.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import NeuhmrError

LEAST, MOST = 0.5, 2.6
"""Heights of people (m)."""
MIN_BETAS = 10
"""Coefficients that are there to be changed, whether or not the poses came with them."""
MOST_CHANGE = 6.0
"""Coefficients that would have to change by more (length of the change) are no body any more."""


def stature(model: SmplModel, betas: Float[Tensor, " betas"]) -> float:
    """Measure a body from its soles to the top of its head in the rest pose (m)."""
    heights = model.with_shape(betas).v_shaped[:, 1]
    return float(heights.max() - heights.min())


def check_height(meters: float) -> None:
    """Refuse what is no person's height.

    Raises:
        NeuhmrError: it is not between `LEAST` and `MOST`.
    """
    if not LEAST <= meters <= MOST:
        raise NeuhmrError(
            f"--height is {meters:g}, a person's height in meters between {LEAST} and {MOST} was "
            "expected; give 1.75 for 175 cm."
        )


def with_height(motion: Motion, model: SmplModel, meters: float) -> Motion:
    """Give the person a height, and the distance at which that body looks as large as before.

    The coefficients change as little as they can, so proportions stay about as they were.

    Args:
        motion: in the axes of the camera.
        model: of its poses.
        meters: from the soles to the top of the head.

    Raises:
        NeuhmrError: it is no person's height, or no body of the model has it.
    """
    check_height(meters)
    betas = motion.betas
    padded = torch.nn.functional.pad(betas, (0, max(0, MIN_BETAS - len(betas))))
    padded = padded[: model.num_betas]
    changed = padded.clone()
    for _ in range(3):  # Which vertices are the highest and the lowest may change on the way.
        missing = meters - stature(model, changed)
        slope = _slope(model, changed)
        changed = changed + missing * slope / slope.square().sum()
    if not bool((changed - padded).norm() < MOST_CHANGE):
        own = stature(model, betas)
        raise NeuhmrError(
            f"--height {meters:g} is too far from the {own:.2f} m of the body that the poses are "
            f"for; no likely body of {model.name} is so tall or small. Check the unit."
        )
    before, after = (model.with_shape(shape).joints_rest for shape in (padded, changed))
    scale = stature(model, changed) / stature(model, padded)
    transl = scale * (motion.transl + before[0]) - after[0]
    return replace(motion, betas=changed, transl=transl)


def _slope(model: SmplModel, betas: Float[Tensor, " betas"]) -> Float[Tensor, " betas"]:
    """How the height grows with each coefficient (m)."""
    heights = model.with_shape(betas).v_shaped[:, 1]
    directions = model.shapedirs[:, 1, : len(betas)]
    return directions[heights.argmax()] - directions[heights.argmin()]
