import functools
from dataclasses import replace

import pytest
import torch

from initial.acted_landmarks import perform
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS, SMPL_JOINT_NAMES
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.initial.believed_fit import (
    BelievedFitConfig,
    descend_from_beliefs,
    landmark_sightings,
)
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.first_guess import person_sizes
from neuhmr.initial.fit_terms import BodyKnowledge, Estimate, Evidence, TermConfig
from neuhmr.initial.landmark_body import make_landmark_body
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.priors import human_joint_ranges
from neuhmr.initial.silhouettes import sample_surface
from neuhmr.initial.smpl_fit import fit_body
from neuhmr.motion_prior.beliefs import PoseBeliefs, hip_aligned
from synthetic_body import make_synthetic_body
from tests.motion_prior.scene import random_network

MODEL = make_synthetic_body()
ACT = perform(MODEL)
KNOWN = BodyKnowledge(make_landmark_body(MODEL), sample_surface(MODEL), human_joint_ranges())
LEFT_KNEE, LEFT_ANKLE = 4, 7
steps: list[int] = []


def true_estimate() -> Estimate:
    motion = ACT.motion
    turns = rotmat_to_axisangle(motion.body_pose)
    return Estimate(motion.global_orient, turns, motion.transl, motion.betas)


def evidence() -> Evidence:
    seen = ACT.landmarks
    frames = len(ACT.motion)
    K = ACT.camera.K.expand(frames, 3, 3)
    return Evidence(
        camera=replace(ACT.camera, K=K),
        points2d=seen.points2d,
        points3d=seen.points3d,
        weights=seen.visibility,
        sizes=person_sizes(seen),
        times=ACT.times,
        silhouettes=None,
    )


def beliefs(turn: float, sigma: float) -> PoseBeliefs:
    """Believe the truth, but for a left knee that is bent by some more (rad)."""
    local = LocalPose.from_motion(ACT.motion)
    rotmat = local.rotmat.clone()
    rotmat[:, LEFT_KNEE] = rotmat[:, LEFT_KNEE] @ axisangle_to_rotmat(
        torch.tensor([turn, 0.0, 0.0])
    )
    bones = KNOWN.body.bones(ACT.motion.betas, rotmat, local.transl)
    joints = hip_aligned(KNOWN.body.carry(ACT.motion.betas, bones)[1])
    frames = len(rotmat)
    axes = torch.eye(3).expand(frames, 3, 3)
    sigmas = torch.full((frames, 24, 3), sigma)
    return PoseBeliefs(LocalPose(rotmat, local.transl), axes, joints, sigmas)


@functools.cache
def ankle_error(turn: float = 0.6, sigma: float = 0.05, **changes: float | int) -> float:
    """Fit from a wrong knee and measure how far the ankle is from the truth (m)."""
    config = replace(BelievedFitConfig(smoothing_frames=0), **changes)
    rows = torch.arange(len(ACT.motion))
    terms = TermConfig()
    found = descend_from_beliefs(
        evidence(), KNOWN, ACT.motion.betas, beliefs(turn, sigma), rows, terms, config, steps.append
    )
    there, true = (
        KNOWN.body.carry(ACT.motion.betas, each.bones(KNOWN.body))[1][:, LEFT_ANKLE]
        for each in (found, true_estimate())
    )
    return float((there - true).norm(dim=-1).mean())


def test_sightings_are_where_the_joints_are():
    landmarks = ACT.landmarks
    landmarks.visibility[2] = 0.3
    found = landmark_sightings(KNOWN, true_estimate(), landmarks, evidence().camera)
    landmarks.visibility[2] = 1.0
    joints = KNOWN.body.carry(ACT.motion.betas, true_estimate().bones(KNOWN.body))[1]
    wanted = joints[:, list(MATCHING_JOINTS)]
    wanted = wanted / wanted[..., 2:]
    torch.testing.assert_close(found.directions, wanted, atol=1e-4, rtol=0)
    names = [SMPL_JOINT_NAMES[joint] in LANDMARK_NAMES for joint in MATCHING_JOINTS]
    assert found.is_seen[0].tolist() == names
    assert not bool(found.is_seen[2].any())


def test_a_landmark_that_is_off_moves_the_joint_by_as_much():
    landmarks = ACT.landmarks
    moved = landmarks.points2d.clone()
    moved[:, LANDMARK_NAMES.index("left_knee")] += torch.tensor([18.0, 9.0])
    camera = evidence().camera
    found = landmark_sightings(KNOWN, true_estimate(), replace(landmarks, points2d=moved), camera)
    still = landmark_sightings(KNOWN, true_estimate(), landmarks, camera)
    off = (found.directions - still.directions)[:, MATCHING_JOINTS.index(LEFT_KNEE)]
    expected = torch.tensor([18.0, 9.0, 0.0]) / 900.0
    torch.testing.assert_close(off, expected.expand_as(off), atol=1e-4, rtol=0)


def test_the_picture_corrects_what_is_believed_loosely_and_not_what_is_sure():
    untouched = ankle_error(steps=0)
    assert untouched > 0.15
    assert ankle_error(sigma=0.3) < 0.5 * untouched
    assert ankle_error(sigma=0.01, outlier_belief=100.0) > 0.7 * untouched


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 1e-4),
        ("picture_share", 0.0),
        ("beliefs_weight", 30.0),
        ("outlier_belief", 0.1),
        ("sigma_turn", 1e-3),
        ("slip_weight", 100.0),
        ("smoothing_frames", 12),
        ("steps", 3),
    ],
)
def test_every_setting_changes_the_result(name: str, value: float):
    assert abs(ankle_error(**{name: value}) - ankle_error()) > 2e-4


def test_feet_that_stand_in_the_picture_do_not_glide_along_the_ray():
    still = ACT.motion[torch.zeros(12, dtype=torch.long)]
    local = LocalPose.from_motion(still)
    # Believed to glide by half a meter; from the front the picture hardly tells.
    glide = torch.linspace(-0.25, 0.25, 12)
    transl = local.transl * (1.0 + glide / local.transl[:, 2])[:, None]
    believed = beliefs(0.0, 0.05)
    joints = believed.joints[:1].expand_as(believed.joints)
    believed = replace(believed, pose=LocalPose(local.rotmat, transl), joints=joints)
    points = evidence().points2d[:1].expand(12, 33, 2)
    seen = replace(evidence(), points2d=points, sizes=evidence().sizes[:1].expand(12))

    def gliding(**changes: float) -> float:
        config = replace(BelievedFitConfig(smoothing_frames=0, picture_share=0.02), **changes)
        rows = torch.arange(12)
        found = descend_from_beliefs(
            seen, KNOWN, still.betas, believed, rows, TermConfig(), config, steps.append
        )
        joints = KNOWN.body.carry(still.betas, found.bones(KNOWN.body))[1]
        return float(joints[:, LEFT_ANKLE, 2].std())

    assert gliding() < 0.5 * gliding(slip_weight=0.0)
    assert gliding(sigma_slip=0.5) > 1.2 * gliding()


def test_steadiness_takes_out_a_jerk():
    jerky = beliefs(0.0, 0.2)
    jerky.pose.rotmat[6, LEFT_KNEE] = jerky.pose.rotmat[6, LEFT_KNEE] @ axisangle_to_rotmat(
        torch.tensor([0.8, 0.0, 0.0])
    )
    rows = torch.arange(len(ACT.motion))

    def jerk(**changes: float) -> float:
        config = replace(BelievedFitConfig(smoothing_frames=0, picture_share=0.0), **changes)
        found = descend_from_beliefs(
            evidence(), KNOWN, ACT.motion.betas, jerky, rows, TermConfig(), config, steps.append
        )
        joints = KNOWN.body.carry(ACT.motion.betas, found.bones(KNOWN.body))[1][:, LEFT_ANKLE]
        return float((joints[5] - 2.0 * joints[6] + joints[7]).norm())

    assert jerk(steadiness_weight=10.0) < 0.8 * jerk(steadiness_weight=0.0)
    assert jerk(sigma_acceleration=0.01) != jerk()


def test_with_a_prior_the_fit_ends_elsewhere_and_says_every_step():
    config = FitConfig(coarse_steps=5, fine_steps=5, smooth_steps=5)

    def fit(prior, config=config):
        told = []
        found = fit_body(
            ACT.landmarks, ACT.times, ACT.camera, MODEL, None, config, told.append, prior
        )
        return found.motion, told

    without, before = fit(None)
    with_prior, after = fit(random_network())
    assert not torch.equal(without.body_pose, with_prior.body_pose)
    assert torch.equal(without.betas, with_prior.betas)
    assert len(after) == len(before) + config.believed.steps
    none = replace(config, believed=replace(config.believed, steps=0))
    assert torch.equal(fit(random_network(), none)[0].body_pose, without.body_pose)


def test_a_long_clip_is_fitted_in_blocks_that_fade_into_each_other():
    act = perform(MODEL, frames=24)
    config = FitConfig(coarse_steps=3, fine_steps=3, smooth_steps=3)
    whole = fit_body(
        act.landmarks, act.times, act.camera, MODEL, None, config, prior=random_network()
    )
    blocks = replace(config, block_frames=12, overlap_frames=4)
    parts = fit_body(
        act.landmarks, act.times, act.camera, MODEL, None, blocks, prior=random_network()
    )
    assert parts.motion.transl.shape == whole.motion.transl.shape
    assert float(parts.motion.transl.diff(dim=0).norm(dim=-1).max()) < 0.2
