import functools
import itertools
from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.frame_poses import pose_joints
from neuhmr.body.local_pose import LocalPose
from neuhmr.refine.draft.draft import OVERLAP, STRETCH, Draft, draft_motion, error_scale, stretches
from neuhmr.refine.draft.joint_sightings import JointFinder, make_finder
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings.draft import DraftConfig
from refine.bare_clip import BareClip, bare_clip
from refine.splat_clip import hip_aligned_error_mm, wrong_by_rotations
from refine.tiny_problem import tiny_problem

# The camera of the clip hangs a meter over the floor.
CONFIG = DraftConfig(steps=40, camera_height=1.0)


@functools.cache
def drafted() -> Draft:
    clip = bare_clip()
    return draft_motion(
        clip.crops, wrong_by_rotations(clip.truth, 12.0, seed=1), clip.model, CONFIG
    )


def test_a_draft_is_nearer_to_the_truth():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    body = clip.model.with_shape(initial.betas)
    before = hip_aligned_error_mm(body, initial, clip.truth).mean()
    after = hip_aligned_error_mm(body, drafted().pose.into(initial), clip.truth).mean()
    assert float(after) < 0.75 * float(before)


def marked_joints(clip: BareClip) -> JointFinder:
    """Features in which each joint has a channel that is high where it truly is."""
    body = clip.model.with_shape(clip.truth.betas)
    pose = LocalPose.from_motion(clip.truth)
    joints = pose_joints(body, pose.rotmat, pose.transl)
    pixels = clip.crops.cameras.project(joints)[:, :, :, None, None]
    rows, columns = torch.arange(40.0)[:, None] * 4 + 2, torch.arange(30.0) * 4 + 2
    distances = (columns - pixels[:, :, 0]) ** 2 + (rows - pixels[:, :, 1]) ** 2
    features = torch.cat([torch.exp(-distances / 18.0), torch.full((12, 1, 40, 30), 0.5)], dim=1)
    finder = make_finder(torch.eye(24, 25), features, clip.crops)
    assert finder is not None
    return finder


def test_joints_that_are_seen_make_a_draft_better():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    body = clip.model.with_shape(initial.betas)
    found = draft_motion(clip.crops, initial, clip.model, CONFIG, finder=marked_joints(clip))
    with_joints = hip_aligned_error_mm(body, found.pose.into(initial), clip.truth).mean()
    without = hip_aligned_error_mm(body, drafted().pose.into(initial), clip.truth).mean()
    assert float(with_joints) < 0.95 * float(without)


def test_the_same_input_gives_the_same_draft():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    again = draft_motion(clip.crops, initial, clip.model, CONFIG)
    assert torch.equal(again.pose.rotmat, drafted().pose.rotmat)
    assert torch.equal(again.ground.up, drafted().ground.up)


def test_rows_without_a_person_keep_their_pose():
    clip = bare_clip()
    valid = torch.ones(12, dtype=torch.bool)
    valid[[0, 5]] = False
    initial = replace(wrong_by_rotations(clip.truth, 12.0, seed=1), valid=valid)
    found = draft_motion(clip.crops, initial, clip.model, replace(CONFIG, steps=2)).pose
    assert torch.allclose(found.rotmat[~valid, 0], initial.global_orient[~valid])
    assert not torch.allclose(found.rotmat[valid, 0], initial.global_orient[valid], atol=1e-3)
    nobody = replace(initial, valid=torch.zeros(12, dtype=torch.bool))
    kept = draft_motion(clip.crops, nobody, clip.model, replace(CONFIG, steps=2)).pose
    assert torch.equal(kept.rotmat[:, 1:], initial.body_pose)


def test_a_draft_can_be_cancelled():
    clip = bare_clip()

    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draft_motion(clip.crops, clip.truth, clip.model, CONFIG, on_progress=stop)


def test_the_better_outlines_fit_the_more_initial_poses_are_trusted():
    config = DraftConfig(typical_misfit=2.0, least_scale=0.2)
    gains = (-1.0, 0.3, 1.0, 5.0)
    assert [error_scale(gain, config) for gain in gains] == pytest.approx([0.2, 0.2, 0.5, 1.0])
    assert error_scale(0.0, replace(config, typical_misfit=0.0)) == 1.0


def test_true_poses_are_left_nearly_alone():
    clip = bare_clip()
    body = clip.model.with_shape(clip.truth.betas)
    found = draft_motion(clip.crops, clip.truth, clip.model, CONFIG).pose.into(clip.truth)
    assert float(hip_aligned_error_mm(body, found, clip.truth).mean()) < 30.0


@pytest.mark.parametrize("rows", [1, STRETCH, STRETCH + 1, 1000, 18000])
def test_stretches_overlap_and_cover_all_rows(rows: int):
    found = stretches(rows)
    assert found[0][0] == 0 and found[-1][1] == rows
    assert all(end - start <= STRETCH for start, end in found)
    pairs = itertools.pairwise(found)
    assert all(end - start == OVERLAP for (_, end), (start, _) in pairs)
    assert stretches(0) == []


def test_what_is_locked_does_not_start_from_the_draft():
    problem = tiny_problem()
    initial = problem.start()
    turned = replace(initial, transl=initial.transl + 1.0, rotmat=initial.rotmat.flip(0))
    ground = replace(drafted().ground, up=drafted().ground.up[:6], height=torch.zeros(6))
    scope = Scope(locked_frames=frozenset({2}), locked_joints=frozenset({0}))
    start = replace(problem, draft=Draft(turned, ground), scope=scope).start()
    assert torch.equal(start.rotmat[2], initial.rotmat[2])
    assert torch.equal(start.transl[2], initial.transl[2])
    assert torch.equal(start.rotmat[:, 0], initial.rotmat[:, 0])
    assert torch.equal(start.rotmat[4, 5], turned.rotmat[4, 5])
    assert torch.equal(start.transl[4], turned.transl[4])
