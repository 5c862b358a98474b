"""What the motion prior is trained to say: likely poses, and how far they are off."""

from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.training.motion_prior.batches import PriorBatch
from neuhmr.motion_prior.beliefs import hip_aligned
from neuhmr.motion_prior.network import Belief

ROTATIONS, SPEED, PLACE = 0.6, 12.0, 0.25
"""Weights beside that of the joints: chords of rotations, speeds of joints (m per frame), and the
pelvis's place."""


def laplace(
    error: Float[Tensor, "*batch"], sigma: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """Negative log-likelihood of an absolute error, up to a constant; `sigma` is its mean."""
    return error / sigma + sigma.log()


def prior_losses(belief: Belief, batch: PriorBatch) -> dict[str, Float[Tensor, ""]]:
    """Compute the terms, weighted."""
    joints = hip_aligned(belief.joints(batch.view))
    error = joints - hip_aligned(batch.joints)
    across, along = error[..., :2].norm(dim=-1), error[..., 2].abs()
    likelihood = laplace(along, belief.along) + 2.0 * laplace(across / 1.25, belief.across)
    # Errors themselves, too: a likelihood alone gives up on what is hard.
    plain = 10.0 * error.norm(dim=-1)
    speed = error[:, 1:] - error[:, :-1]
    chord = (belief.rotmat - batch.rotmat).flatten(start_dim=-2).norm(dim=-1)
    off = belief.shift - batch.shift
    place = laplace(off[..., 2].abs(), belief.root_along)
    place = place + 2.0 * laplace(off[..., :2].norm(dim=-1) / 1.25, belief.root_across)
    return {
        "joints": 0.1 * likelihood.mean() + plain.mean(),
        "speed": SPEED * speed.norm(dim=-1).mean(),
        "rotations": ROTATIONS * chord.mean(),
        "place": PLACE * 0.2 * place.mean(),
    }
