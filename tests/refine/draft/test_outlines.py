import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.refine.draft.outlines import collect_outlines, nearest_points, outline_loss
from refine.bare_clip import bare_clip


def mismatch(shift: torch.Tensor) -> torch.Tensor:
    """Outline loss of the true poses, moved."""
    clip = bare_clip()
    body = clip.model.with_shape(clip.truth.betas)
    pose = LocalPose.from_motion(clip.truth)
    bones = LocalPose(pose.rotmat, pose.transl + shift).bones(body)
    outlines = collect_outlines(clip.crops, clip.model, clip.truth.betas)
    bare, cameras = torch.zeros(24), clip.crops.cameras
    surface = outlines.surface.project(cameras, bones, bare)
    partners = nearest_points(outlines, cameras, bones, bare).project(cameras, bones, bare)
    return outline_loss(outlines.silhouettes, surface, partners, 0.015, 4.0)


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
    assert picked.surface is outlines.surface
    assert len(outlines.silhouettes.sides) == len(clip.truth)


def test_points_lie_outside_the_body_by_the_thickness_of_clothes():
    clip = bare_clip()
    outlines = collect_outlines(clip.crops, clip.model, clip.truth.betas)
    still = Rigid(torch.eye(3).expand(1, 24, 3, 3), torch.tensor([0.0, 0.0, 1e4]).expand(1, 24, 3))
    # From so far away a pixel is a meter where the focal length is that distance.
    K = torch.tensor([[1e4, 0.0, 0.0], [0.0, 1e4, 0.0], [0.0, 0.0, 1.0]])
    camera = Camera(K[None], 160, 120)
    bare = outlines.surface.project(camera, still, torch.zeros(24))[0]
    dressed = outlines.surface.project(camera, still, torch.full((24,), 0.02))[0]
    expected = 0.02 * outlines.surface.normals[:, :2]
    assert torch.allclose(bare, outlines.surface.rest[:, :2], atol=1e-3)
    assert torch.allclose(dressed - bare, expected, atol=1e-4)


def test_partners_are_the_points_nearest_to_the_outline():
    clip = bare_clip()
    body = clip.model.with_shape(clip.truth.betas)
    bones = LocalPose.from_motion(clip.truth).bones(body)
    outlines, bare = collect_outlines(clip.crops, clip.model, clip.truth.betas), torch.zeros(24)
    chosen = nearest_points(outlines, clip.crops.cameras, bones, bare)
    partners = chosen.project(clip.crops.cameras, bones, bare)
    everything = outlines.edge.project(clip.crops.cameras, bones, bare)
    outline = outlines.silhouettes.outline
    least = torch.cdist(outline, everything).amin(dim=-1)
    assert torch.allclose((outline - partners).norm(dim=-1), least, atol=0.05)
