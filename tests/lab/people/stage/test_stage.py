import numpy as np
import pytest

from neuhmr.lab.people.stage.camera_ring import drifting_cameras, intrinsics, look_at, ring_position
from neuhmr.lab.people.stage.room_textures import SIZE, random_room_texture
from neuhmr.lab.people.stage.rooms import ROOM_HALF
from neuhmr.lab.people.stage.stage_kinds import sample_stage


@pytest.fixture(scope="module")
def stage():
    return sample_stage(np.random.default_rng(0))


def test_the_same_seed_builds_the_same_room(stage):
    again = sample_stage(np.random.default_rng(0))
    assert len(again.panels) == len(stage.panels)
    for first, second in zip(stage.textures, again.textures, strict=True):
        np.testing.assert_array_equal(first, second)
    assert again.key.intensity == stage.key.intensity


def test_walls_floor_and_ceiling_face_the_middle(stage):
    for panel in stage.panels[:6]:
        corners = panel.corners
        normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
        assert normal @ (np.array([0.0, 1.5, 0.0]) - corners.mean(axis=0)) > 0


def test_nothing_stands_in_the_middle(stage):
    for panel in stage.panels[2:]:
        assert np.abs(panel.corners[:, [0, 2]]).max(axis=1).min() > ROOM_HALF - 0.8


def test_light_comes_from_above_and_has_float_colors(stage):
    for lamp in (stage.key, *stage.fills):
        assert lamp.direction[1] < 0
        assert lamp.color.dtype == np.float64
        assert np.linalg.norm(lamp.direction) == pytest.approx(1.0)


@pytest.mark.parametrize("use", ["floor", "wall", "thing"])
def test_textures_are_pictures_with_something_on_them(use):
    rng = np.random.default_rng(1)
    for _ in range(4):
        texture = random_room_texture(rng, use)
        assert texture.shape == (SIZE, SIZE, 3)
        assert texture.dtype == np.uint8
        assert texture.std() > 0.5


def test_a_camera_looks_at_its_target_from_where_it_stands():
    position, target = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0])
    T = look_at(position, target)
    np.testing.assert_allclose(T[:3, :3] @ position + T[:3, 3], 0.0, atol=1e-12)
    np.testing.assert_allclose(T[:3, :3] @ target + T[:3, 3], [0, 0, np.sqrt(11)], atol=1e-12)
    np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1.0)
    # Up in the stage is up in the picture, which is -y in OpenCV axes.
    assert (T[:3, :3] @ [0.0, 1.0, 0.0])[1] < 0


def test_azimuth_zero_is_in_front():
    np.testing.assert_allclose(ring_position(0.0, 2.0, 1.0), [0, 1, 2], atol=1e-12)
    np.testing.assert_allclose(ring_position(np.pi / 2, 2.0, 1.0), [2, 1, 0], atol=1e-12)


def test_a_camera_without_drift_stands_still_and_one_with_drift_goes_around():
    target = np.array([0.0, 0.9, 0.0])
    still = drifting_cameras(np.random.default_rng(0), 10, 0.0, 3.0, 1.2, target, 0.0)
    assert np.abs(still - still[0]).max() == 0
    moving = drifting_cameras(np.random.default_rng(0), 60, 0.0, 3.0, 1.2, target, 0.5)
    turn = moving[-1, :3, :3] @ moving[0, :3, :3].T
    assert np.arccos((np.trace(turn) - 1) / 2) == pytest.approx(0.5, abs=0.05)


def test_intrinsics_look_through_the_center():
    np.testing.assert_allclose(intrinsics(500.0, 480, 640)[:2, 2], [320, 240])
