import math
from dataclasses import replace

import torch

from initial.acted_landmarks import perform
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.geometry.rotations import rotation_angle
from neuhmr.initial.first_guess import (
    exchanged_sides,
    translations,
    trunk_orientations,
    viewing_rotations,
)
from neuhmr.initial.landmark_body import make_landmark_body
from synthetic_body import make_synthetic_body

MODEL = make_synthetic_body()


def test_translation_of_known_points_is_exact(generator):
    camera = camera_from_focal(500.0, 480, 640)
    points = torch.randn(3, 20, 3, generator=generator)
    transl = torch.tensor([[0.1, -0.2, 5.0], [1.0, 0.5, 8.0], [-1.0, 0.0, 6.0]])
    pixels = camera.project(points + transl[:, None])
    found = translations(points, pixels, torch.ones(3, 20), camera)
    assert torch.allclose(found, transl, atol=1e-3)


def test_hidden_points_have_no_say_in_the_translation(generator):
    camera = camera_from_focal(500.0, 480, 640)
    points = torch.randn(1, 20, 3, generator=generator)
    transl = torch.tensor([[0.1, -0.2, 5.0]])
    pixels = camera.project(points + transl[:, None])
    pixels[:, 10:] += 200.0
    weights = torch.ones(1, 20)
    weights[:, 10:] = 0.0
    assert torch.allclose(translations(points, pixels, weights, camera), transl, atol=1e-3)


def test_the_trunk_stands_as_its_landmarks_say():
    act = perform(MODEL)
    turned = viewing_rotations(act.landmarks, act.camera) @ act.landmarks.points3d.transpose(1, 2)
    body = make_landmark_body(MODEL)
    found = trunk_orientations(body, act.motion.betas, turned.transpose(1, 2))
    error = rotation_angle(found.transpose(1, 2) @ act.motion.global_orient)
    assert error.max() < math.radians(1.0)


def test_a_person_in_the_middle_is_seen_straight():
    act = perform(MODEL, frames=3)
    middle = act.landmarks.points2d[:, [23, 24]].mean(dim=1, keepdim=True)
    center = torch.tensor([640.0, 360.0])
    seen = replace(act.landmarks, points2d=act.landmarks.points2d - middle + center)
    rotations = viewing_rotations(seen, act.camera)
    assert torch.allclose(rotations, torch.eye(3).expand(3, 3, 3), atol=1e-5)


def test_viewing_rotation_turns_the_axis_to_the_person():
    act = perform(MODEL, frames=3)
    middle = act.landmarks.points2d[:, [23, 24]].mean(dim=1, keepdim=True)
    ray = torch.nn.functional.normalize(act.camera.ray_directions(middle)[:, 0], dim=-1)
    assert torch.allclose(viewing_rotations(act.landmarks, act.camera)[..., 2], ray, atol=1e-5)


def test_frames_with_exchanged_sides_are_found():
    act = perform(MODEL, frames=12)
    wrong = torch.zeros(12, dtype=torch.bool)
    wrong[[4, 5, 9]] = True
    seen = act.landmarks.with_sides_exchanged(wrong)
    assert torch.equal(exchanged_sides(seen, act.times), wrong)


def test_a_clip_without_jumps_is_left_alone():
    act = perform(MODEL, frames=12, yaw=math.pi)
    assert not exchanged_sides(act.landmarks, act.times).any()
    assert exchanged_sides(act.landmarks[:0], act.times[:0]).shape == (0,)
