from dataclasses import replace

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import rotation_about
from neuhmr.motion_prior.beliefs import NO_SAY, PoseBeliefs, hip_aligned
from neuhmr.refine.draft.doubt import _averaged, drop_contradicted, misfits
from neuhmr.refine.draft.outlines import collect_outlines
from neuhmr.refine.settings.draft import DraftConfig
from refine.bare_clip import bare_clip

CONFIG = DraftConfig()


def scene():
    clip = bare_clip()
    body = clip.model.with_shape(clip.truth.betas)
    outlines = collect_outlines(clip.crops, clip.model, clip.truth.betas)
    return clip, body, outlines, LocalPose.from_motion(clip.truth)


def upside_down(pose: LocalPose) -> LocalPose:
    turn = rotation_about("z", torch.tensor(torch.pi))
    rotmat = pose.rotmat.clone()
    rotmat[:, 0] = turn @ rotmat[:, 0]
    return LocalPose(rotmat, pose.transl)


def believed(pose: LocalPose, body) -> PoseBeliefs:
    joints = hip_aligned(pose.bones(body).apply(body.joints_rest))
    axes = torch.eye(3).expand(len(joints), 3, 3)
    return PoseBeliefs(pose, axes, joints, torch.full_like(joints, 0.03))


def test_a_body_that_stands_on_its_head_fills_its_mask_worse():
    clip, body, outlines, pose = scene()
    right = misfits(pose, body, clip.crops.cameras, outlines, CONFIG)
    wrong = misfits(upside_down(pose), body, clip.crops.cameras, outlines, CONFIG)
    assert float(right.max()) < 1.0
    assert float((wrong - right).min()) > 3.0


def test_beliefs_that_the_masks_contradict_have_no_say():
    clip, body, outlines, pose = scene()
    args = clip.truth.frame_index, body, clip.crops.cameras, outlines, CONFIG
    wrong = drop_contradicted(believed(upside_down(pose), body), pose, *args)
    assert torch.equal(wrong.pose.rotmat, pose.rotmat)
    assert torch.equal(wrong.sigmas, torch.full_like(wrong.sigmas, NO_SAY))
    right = drop_contradicted(believed(pose, body), upside_down(pose), *args)
    assert torch.equal(right.pose.rotmat, pose.rotmat)
    assert float(right.sigmas.max()) < 1.0


def test_how_much_worse_is_too_much_is_a_setting():
    clip, body, outlines, pose = scene()
    lenient = replace(CONFIG, doubt=50.0)
    args = clip.truth.frame_index, body, clip.crops.cameras, outlines, lenient
    wrong = upside_down(pose)
    assert torch.equal(
        drop_contradicted(believed(wrong, body), pose, *args).pose.rotmat, wrong.rotmat
    )


def test_misfits_are_averaged_over_time_and_not_over_gaps():
    values = torch.zeros(6)
    values[2] = 1.0
    found = _averaged(values, torch.tensor([0, 1, 2, 3, 100, 101]))
    assert float(found[4:].max()) < 1e-6
    assert 0.2 < float(found[1]) < 0.3
    assert torch.allclose(_averaged(torch.full((6,), 2.0), torch.arange(6)), torch.full((6,), 2.0))
