import torch

from neuhmr.body.skinning import pose_bones
from neuhmr.geometry.rigid import Rigid
from neuhmr.refine.motion_field import LocalPose
from neuhmr.refine.outlines import collect_outlines, nearest_points, outline_loss
from refine.bare_clip import bare_clip


def mismatch(shift: torch.Tensor) -> torch.Tensor:
    """Outline loss of the true poses, moved."""
    clip = bare_clip()
    body = clip.model.with_shape(clip.truth.betas)
    pose = LocalPose.from_motion(clip.truth)
    bones = pose_bones(body.joints_rest, pose.rotmat, body.model.parents)
    bones = Rigid(bones.rotmat, bones.transl + (pose.transl + shift)[:, None])
    outlines = collect_outlines(clip.crops, clip.model, clip.truth.betas)
    pixels = outlines.project(clip.crops.cameras, bones)
    return outline_loss(outlines, pixels, nearest_points(outlines, pixels), 0.015, 4.0)


def test_true_poses_fit_their_masks_best():
    true = mismatch(torch.zeros(3))
    for shift in ([0.1, 0.0, 0.0], [0.0, -0.1, 0.0], [0.0, 0.0, 0.6], [0.0, 0.0, -0.5]):
        assert (mismatch(torch.tensor(shift)) > 1.5 * true).all()


def test_the_gradient_leads_back():
    shift = torch.tensor([0.06, 0.0, 0.0], requires_grad=True)
    mismatch(shift).sum().backward()
    assert shift.grad is not None and float(shift.grad[0]) > 0.0


def test_rows_can_be_picked():
    clip = bare_clip()
    outlines = collect_outlines(clip.crops, clip.model, clip.truth.betas)
    rows = torch.tensor([4, 1])
    picked = outlines.of_rows(rows)
    assert torch.equal(picked.silhouettes.outline, outlines.silhouettes.outline[rows])
    assert picked.rest is outlines.rest
    assert len(outlines.silhouettes.sides) == len(clip.truth)
