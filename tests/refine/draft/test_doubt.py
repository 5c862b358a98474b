from dataclasses import replace

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import rotation_about
from neuhmr.motion_prior.beliefs import NO_SAY, PoseBeliefs, hip_aligned
from neuhmr.refine.draft.doubt import drop_contradicted, misfits
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


def test_doubts_last_over_neighbors_and_not_over_gaps():
    clip, body, outlines, pose = scene()
    others = body, clip.crops.cameras, outlines
    first_is_wrong = pose.rotmat.clone()
    first_is_wrong[0] = upside_down(pose).rotmat[0]
    beliefs = believed(LocalPose(first_is_wrong, pose.transl), body)
    right = misfits(pose, *others, CONFIG)
    worse = float((misfits(beliefs.pose, *others, CONFIG) - right)[0])
    # Alone it would be doubted, among the other frames of its kind it is not.
    strict = replace(CONFIG, doubt=0.9 * worse)
    near, far = torch.arange(len(right)), torch.arange(len(right)) * 1000
    together = drop_contradicted(beliefs, pose, near, *others, strict)
    alone = drop_contradicted(beliefs, pose, far, *others, strict)
    assert torch.equal(together.pose.rotmat, first_is_wrong)
    assert torch.equal(alone.pose.rotmat, pose.rotmat)
    assert (alone.has_say == torch.tensor([False] + [True] * (len(right) - 1))).all()
