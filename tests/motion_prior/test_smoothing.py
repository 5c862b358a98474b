import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import (
    axisangle_to_rotmat,
    rotation_about,
    rotation_angle,
)
from neuhmr.motion_prior.smoothing import smooth_poses, smoothing_matrix


def spinning(frames: torch.Tensor) -> LocalPose:
    """Turn at an even speed and fall with an even acceleration."""
    rotmat = rotation_about("y", 0.05 * frames)[:, None].repeat(1, 24, 1, 1)
    transl = torch.stack([frames, 0.1 * frames**2, torch.zeros_like(frames)], dim=1)
    return LocalPose(rotmat, transl)


def test_parabolas_pass_unchanged_also_across_gaps():
    index = torch.tensor([0, 1, 2, 3, 7, 8, 9, 12])
    pose = spinning(index.float())
    found = smooth_poses(pose, index, 5)
    assert torch.allclose(found.transl, pose.transl, atol=1e-3)
    assert torch.allclose(found.rotmat, pose.rotmat, atol=1e-3)


def test_shivering_is_taken_out(generator: torch.Generator):
    index = torch.arange(60)
    pose = spinning(index.float())
    shiver = 0.1 * torch.randn(60, 24, 3, generator=generator)
    found = smooth_poses(
        LocalPose(pose.rotmat @ axisangle_to_rotmat(shiver), pose.transl), index, 6
    )
    error = rotation_angle(found.rotmat.transpose(-1, -2) @ pose.rotmat)
    before = rotation_angle(axisangle_to_rotmat(shiver))
    # A parabola over 13 tapered frames averages about 4 independent ones: half of the error.
    assert float(error[6:-6].mean()) < 0.6 * float(before[6:-6].mean())


def test_frames_without_neighbors_stay_as_they_are():
    kernel = smoothing_matrix(torch.tensor([0, 1, 50, 90, 91, 92]), 4)
    assert torch.equal(kernel[:3], torch.eye(6)[:3])
    assert torch.allclose(kernel.sum(dim=1), torch.ones(6), atol=1e-5)
    pose = spinning(torch.arange(5).float())
    assert smooth_poses(pose, torch.arange(5), 0) is pose
