import math
from dataclasses import replace

import pytest
import torch

from initial.acted_landmarks import landmarks_of, perform
from neuhmr.body.motion import Motion
from neuhmr.clip.masks import pack_masks
from neuhmr.geometry.rotations import rotation_about, rotation_angle
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.landmarks import Landmarks
from neuhmr.initial.smpl_fit import BodyFit, fit_body
from neuhmr.progress import Cancelled
from neuhmr.rendering.mesh_raster import rasterize_mesh
from synthetic_body import make_synthetic_body

MODEL = make_synthetic_body()
QUICK = FitConfig(coarse_steps=60, fine_steps=150, smooth_steps=60, learning_rate=0.06)
UNSEEN = torch.tensor([0, 5, 6])
LIMIT_MM = 30.0
"""Landmarks do not say how a bone turns about itself, and the priors pull a little."""


def mpjpe_mm(fit: BodyFit, truth: Motion) -> torch.Tensor:
    """Mean joint error about the hips' midpoint, per frame."""
    joints, true_joints = fit.motion.pose(MODEL).joints, truth.pose(MODEL).joints
    centered = joints - joints[:, 1:3].mean(dim=1, keepdim=True)
    true_centered = true_joints - true_joints[:, 1:3].mean(dim=1, keepdim=True)
    return 1000 * (centered - true_centered).norm(dim=-1).mean(dim=-1)


def flip_angles(fit: BodyFit, truth: Motion) -> torch.Tensor:
    return rotation_angle(fit.motion.global_orient.transpose(1, 2) @ truth.global_orient)


@pytest.fixture(scope="module")
def act():
    return perform(MODEL)


@pytest.fixture(scope="module")
def fit(act):
    return fit_body(act.landmarks, act.times, act.camera, MODEL, config=QUICK)


def test_a_known_motion_is_recovered_from_its_landmarks(act, fit):
    assert mpjpe_mm(fit, act.motion).mean() < LIMIT_MM
    assert fit.error_2d_px < 4.0
    assert bool(fit.motion.valid.all())


def test_the_body_stands_at_the_right_place(act, fit):
    # Depth and size cannot be told apart, so along the view the error is a share of the depth.
    offsets = (fit.motion.pose(MODEL).joints - act.motion.pose(MODEL).joints)[:, 0].abs()
    assert offsets[:, :2].max() < 0.05
    assert offsets[:, 2].max() < 0.08 * 3.5


def test_the_same_landmarks_give_the_same_motion(act, fit):
    config = FitConfig(coarse_steps=5, fine_steps=5, smooth_steps=5)
    first, second = (
        fit_body(act.landmarks, act.times, act.camera, MODEL, config=config).motion
        for _ in range(2)
    )
    assert torch.equal(first.body_pose, second.body_pose)
    assert torch.equal(first.transl, second.transl)


def test_a_person_seen_from_behind_is_not_turned_round():
    act = perform(MODEL, yaw=math.pi - 0.3)
    fit = fit_body(act.landmarks, act.times, act.camera, MODEL, config=QUICK)
    assert flip_angles(fit, act.motion).max() < math.radians(20.0)
    assert mpjpe_mm(fit, act.motion).mean() < LIMIT_MM


def test_frames_with_left_taken_for_right_are_put_right(act):
    wrong = torch.zeros(12, dtype=torch.bool)
    wrong[[3, 8]] = True
    seen = act.landmarks.with_sides_exchanged(wrong)
    fit = fit_body(seen, act.times, act.camera, MODEL, config=QUICK)
    assert fit.exchanged_frames == 2
    assert flip_angles(fit, act.motion).max() < math.radians(20.0)


def test_missing_and_wrong_landmarks_are_tolerated(act, generator):
    # A third of the landmarks is hidden and lies anywhere, a few visible ones are wrong.
    hidden = torch.rand(12, 33, generator=generator) < 0.33
    points2d = act.landmarks.points2d.clone()
    points2d[hidden] += 40.0 * torch.randn(int(hidden.sum()), 2, generator=generator)
    points2d[2, 15] += 300.0
    points2d[7, 27] -= 300.0
    seen = replace(act.landmarks, points2d=points2d, visibility=torch.where(hidden, 0.0, 1.0))
    fit = fit_body(seen, act.times, act.camera, MODEL, config=QUICK)
    assert mpjpe_mm(fit, act.motion).mean() < 1.5 * LIMIT_MM


def test_frames_in_which_nobody_was_seen_are_invalid(act):
    detected = act.landmarks.detected.clone()
    detected[UNSEEN] = False
    nothing = Landmarks.undetected(12)
    seen = replace(
        act.landmarks,
        detected=detected,
        points2d=torch.where(detected[:, None, None], act.landmarks.points2d, nothing.points2d),
        points3d=torch.where(detected[:, None, None], act.landmarks.points3d, nothing.points3d),
        visibility=torch.where(detected[:, None], act.landmarks.visibility, nothing.visibility),
    )
    config = FitConfig(coarse_steps=20, fine_steps=20, smooth_steps=10)
    motion = fit_body(seen, act.times, act.camera, MODEL, config=config).motion
    assert torch.equal(motion.valid, detected)
    assert len(motion) == 12
    # Placeholders: before the first seen frame its pose, in a gap a third and two thirds across.
    assert torch.allclose(motion.transl[0], motion.transl[1])
    expected = torch.lerp(motion.transl[4], motion.transl[7], torch.tensor(1 / 3))
    assert torch.allclose(motion.transl[5], expected, atol=1e-5)
    gap = motion.global_orient[4:8]
    assert torch.allclose(gap @ gap.transpose(1, 2), torch.eye(3).expand(4, 3, 3), atol=1e-5)


def test_a_clip_without_a_person_cannot_be_fitted(act):
    with pytest.raises(ValueError, match="no frame is detected"):
        fit_body(Landmarks.undetected(4), act.times[:4], act.camera, MODEL, config=QUICK)


def test_one_frame_is_enough(act):
    fit = fit_body(act.landmarks[6:7], act.times[6:7], act.camera, MODEL, config=QUICK)
    assert mpjpe_mm(fit, act.motion[6:7]).mean() < 1.5 * LIMIT_MM


def test_cameras_may_differ_from_frame_to_frame(act):
    K = act.camera.K.expand(12, 3, 3).clone()
    shift = torch.linspace(-50.0, 50.0, 12)
    K[:, 0, 2] += shift
    seen = replace(
        act.landmarks,
        points2d=act.landmarks.points2d + shift[:, None, None] * torch.tensor([1.0, 0.0]),
    )
    fit = fit_body(seen, act.times, replace(act.camera, K=K), MODEL, config=QUICK)
    assert mpjpe_mm(fit, act.motion).mean() < LIMIT_MM


def test_the_knee_does_not_bend_backward(act):
    # All landmarks agree that the knees bend backward by 50 degrees, as no knee does.
    body_pose = act.motion.body_pose.clone()
    body_pose[:, [3, 4]] = rotation_about("x", torch.full((12, 2), math.radians(-50.0)))
    seen = landmarks_of(replace(act.motion, body_pose=body_pose), MODEL, act.camera)
    motion = fit_body(seen, act.times, act.camera, MODEL, config=QUICK).motion
    knees = motion.body_pose_axisangle().reshape(12, 23, 3)[:, [3, 4], 0]
    assert knees.min() > math.radians(-10.0)


def test_progress_counts_to_the_end_and_can_cancel(act):
    config = FitConfig(coarse_steps=2, fine_steps=2, smooth_steps=1)
    seen = []
    fit_body(act.landmarks, act.times, act.camera, MODEL, None, config, seen.append)
    assert [progress.done for progress in seen] == [1, 2, 3, 4, 5]
    assert seen[-1].fraction == 1.0

    def cancel(progress):
        raise Cancelled

    with pytest.raises(Cancelled):
        fit_body(act.landmarks, act.times, act.camera, MODEL, None, config, cancel)


@pytest.mark.slow
def test_a_long_clip_is_fitted_in_blocks_that_join_smoothly():
    act = perform(MODEL, frames=20)
    config = replace(QUICK, block_frames=10, overlap_frames=3)
    steps = []
    fit = fit_body(act.landmarks, act.times, act.camera, MODEL, None, config, steps.append)
    assert mpjpe_mm(fit, act.motion).mean() < LIMIT_MM
    # Blocks 0-9, 7-16, 14-19 after one descent for the shape.
    assert steps[-1].done == steps[-1].total == 4 * QUICK.steps
    moves = (fit.motion.transl[1:] - fit.motion.transl[:-1]).norm(dim=-1)
    true_moves = (act.motion.transl[1:] - act.motion.transl[:-1]).norm(dim=-1)
    assert (moves - true_moves).abs().max() < 0.05


def test_masks_pull_a_shifted_body_into_place(act):
    # All landmarks lie 25 px too far right; the exact masks know better.
    masks = pack_masks(
        rasterize_mesh(vertices, MODEL.faces, act.camera).mask.numpy()
        for vertices in act.motion[::4].pose(MODEL).vertices
    )
    seen = act.landmarks[::4]
    seen = replace(seen, points2d=seen.points2d + torch.tensor([25.0, 0.0]))
    shifts = []
    for given in (None, masks):
        fit = fit_body(seen, act.times[::4], act.camera, MODEL, given, QUICK)
        joints, truth = fit.motion.pose(MODEL).joints, act.motion[::4].pose(MODEL).joints
        offsets = act.camera.project(joints) - act.camera.project(truth)
        shifts.append(float(offsets[..., 0].mean()))
    assert shifts[0] > 20.0
    # Masks and landmarks pull against each other; both have a say.
    assert shifts[1] < 0.8 * shifts[0]
