"""What the motion prior reaches on motions that it has not seen."""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import BODY_PARTS
from neuhmr.geometry.procrustes import align_similarity
from neuhmr.geometry.rotations import rotmat_to_axisangle
from neuhmr.lab.training.motion_prior.batches import PriorBatch
from neuhmr.motion_prior.beliefs import hip_aligned
from neuhmr.motion_prior.network import MotionPrior

WORSE = 0.005
"""A frame is worse when its mean joint error rose by more (m)."""
STRAIGHT = 15.0
"""Knees that are bent by less are straight (degrees)."""
KNEES = (4, 5)
ARM_JOINTS = (*BODY_PARTS["left_arm"], *BODY_PARTS["right_arm"])


@torch.no_grad()
def validate_prior(network: MotionPrior, batch: PriorBatch) -> dict[str, float]:
    """Score initial poses and what the network makes of them (mm; shares of frames).

    `sure` is the share of errors along the ray that are within what the network expects on
    average; of a well calibrated one it is 0.63. `knees` is by how much knees that are straight
    are found bent (degrees).
    """
    belief = network(batch.view, batch.times)
    true = hip_aligned(batch.joints)
    before = pose_errors(hip_aligned(batch.view.joints()), true)
    joints = hip_aligned(belief.joints(batch.view))
    after = pose_errors(joints, true)
    sure = ((joints - true)[..., 2].abs() < belief.along).float().mean()
    off = batch.shift - belief.shift
    scores = {f"{name}_before": value for name, value in before.items()} | after
    scores["worse"] = share_worse(joints, hip_aligned(batch.view.joints()), true)
    scores["sure"] = float(sure)
    scores["knees_before"] = straight_knees(batch.view.rotmat, batch.rotmat)
    scores["knees"] = straight_knees(belief.rotmat, batch.rotmat)
    scores["distance_before"] = 1e3 * float(batch.shift[..., 2].abs().mean())
    scores["distance"] = 1e3 * float(off[..., 2].abs().mean())
    return {name: round(value, 3) for name, value in scores.items()}


def pose_errors(
    joints: Float[Tensor, "batch frames 24 3"], true: Float[Tensor, "batch frames 24 3"]
) -> dict[str, float]:
    """Measure how far hip-aligned joints are from the truth, in the axes of a ray (mm)."""
    error = joints - true
    aligned = align_similarity(joints, true).apply(joints)
    jerk = error[:, 2:] - 2.0 * error[:, 1:-1] + error[:, :-2]
    return {
        "mpjpe": 1e3 * float(error.norm(dim=-1).mean()),
        "pa": 1e3 * float((aligned - true).norm(dim=-1).mean()),
        "along": 1e3 * float(error[..., 2].abs().mean()),
        "across": 1e3 * float(error[..., :2].norm(dim=-1).mean()),
        "arms": 1e3 * float(error[..., list(ARM_JOINTS), :].norm(dim=-1).mean()),
        "acceleration": 1e3 * float(jerk.norm(dim=-1).mean()),
    }


def straight_knees(
    rotmat: Float[Tensor, "batch frames 24 3 3"], true: Float[Tensor, "batch frames 24 3 3"]
) -> float:
    """Measure how much more than in truth knees are bent that are straight (degrees, mean).

    0 where none is straight.
    """
    found, bent = (
        torch.rad2deg(rotmat_to_axisangle(poses[:, :, list(KNEES)]).norm(dim=-1))
        for poses in (rotmat, true)
    )
    return float((found - bent)[bent < STRAIGHT].mean().nan_to_num())


def share_worse(
    joints: Float[Tensor, "batch frames 24 3"],
    first: Float[Tensor, "batch frames 24 3"],
    true: Float[Tensor, "batch frames 24 3"],
) -> float:
    """Share of frames whose mean joint error is more than `WORSE` above that of first poses."""
    rise = (joints - true).norm(dim=-1).mean(dim=-1) - (first - true).norm(dim=-1).mean(dim=-1)
    return float((rise > WORSE).float().mean())
