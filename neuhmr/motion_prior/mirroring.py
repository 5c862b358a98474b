"""A person as a mirror shows them: left is right, and all else is the same.

The network is asked about both, and the mean of its two answers is nearer to the truth than either.
"""

from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS, MATCHING_JOINTS, NUM_JOINTS
from neuhmr.geometry.rotations import nearest_rotations
from neuhmr.motion_prior.network import Belief
from neuhmr.motion_prior.view import PersonView
from neuhmr.tensor_struct import concatenate


def _exchanged() -> list[int]:
    order = list(range(NUM_JOINTS))
    for left, right in LEFT_RIGHT_JOINTS:
        order[left], order[right] = right, left
    return order


OTHER_SIDE = _exchanged()
"""Each joint's partner on the other side; of those in the middle, the joint itself."""
_SEEN_OTHER_SIDE = [MATCHING_JOINTS.index(OTHER_SIDE[joint]) for joint in MATCHING_JOINTS]


def mirror_points(points: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
    """Exchange plus and minus along x."""
    return points * points.new_tensor([-1.0, 1.0, 1.0])


def mirror_rotations(
    rotmat: Float[Tensor, "*batch 24 3 3"],
) -> Float[Tensor, "*batch 24 3 3"]:
    """Give each joint what a mirror across x shows of its partner on the other side."""
    return _mirror_axes(rotmat[..., OTHER_SIDE, :, :])


def mirror_view(view: PersonView) -> PersonView:
    """Look at the person in a mirror."""
    return replace(
        view,
        joints_rest=mirror_points(view.joints_rest[..., OTHER_SIDE, :]),
        rotmat=mirror_rotations(view.rotmat),
        pelvis=mirror_points(view.pelvis),
        axes=_mirror_axes(view.axes),
        places=view.places[..., _SEEN_OTHER_SIDE, :] * view.places.new_tensor([-1.0, 1.0]),
        sureness=view.sureness[..., _SEEN_OTHER_SIDE],
    )


def mirror_belief(belief: Belief) -> Belief:
    """Turn what is believed of a person in a mirror into what is believed of the person."""
    return replace(
        belief,
        rotmat=mirror_rotations(belief.rotmat),
        shift=mirror_points(belief.shift),
        along=belief.along[..., OTHER_SIDE],
        across=belief.across[..., OTHER_SIDE],
    )


def mean_belief(first: Belief, second: Belief) -> Belief:
    """Halve the difference of two beliefs."""
    both = concatenate([belief.map(lambda values: values[None]) for belief in (first, second)])
    mean = both.map(lambda values: values.mean(dim=0))
    return replace(mean, rotmat=nearest_rotations(mean.rotmat))


def _mirror_axes(matrices: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    flip = matrices.new_tensor([-1.0, 1.0, 1.0])
    return flip[:, None] * matrices * flip
