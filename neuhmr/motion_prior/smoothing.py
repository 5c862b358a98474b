"""Taking the shiver out of poses: what jumps from frame to frame is no motion of a person."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import nearest_rotations


def smoothing_matrix(
    frame_index: Int[Tensor, " frames"], half_window: int
) -> Float[Tensor, "frames frames"]:
    """Weigh neighbors so that each frame gets the value of a parabola fitted around it.

    A parabola keeps speeds and accelerations, so fast motion is not flattened. Frames further away
    than `half_window` have no say, wherever there are gaps; with fewer than three frames in reach
    a frame stays as it is.
    """
    offsets = (frame_index[None] - frame_index[:, None]).double()
    reach = half_window + 1.0
    weights = (1.0 - (offsets.abs() / reach).clamp_max(1.0) ** 3) ** 3
    powers = torch.stack([torch.ones_like(offsets), offsets / reach, (offsets / reach) ** 2], dim=1)
    normal = torch.einsum("fpn,fn,fqn->fpq", powers, weights, powers)
    kernel = (torch.linalg.pinv(normal) @ (powers * weights[:, None]))[:, 0]
    is_alone = (weights > 0).sum(dim=1) < 3
    return torch.where(is_alone[:, None], torch.eye(len(offsets)).to(kernel), kernel).float()


def smooth_poses(
    pose: LocalPose, frame_index: Int[Tensor, " frames"], half_window: int
) -> LocalPose:
    """Fit parabolas over time to rotations and translations.

    Args:
        pose: initial poses.
        frame_index: the video frame of each; gaps stay gaps.
        half_window: frames to each side that have a say; 0 leaves the poses as they are.
    """
    if half_window == 0 or len(frame_index) < 3:
        return pose
    kernel = smoothing_matrix(frame_index, half_window).to(pose.transl)
    rotmat = torch.einsum("fn,njab->fjab", kernel, pose.rotmat)
    return LocalPose(nearest_rotations(rotmat), kernel @ pose.transl)
