import numpy as np
import pytest
import torch

from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.people.motion.motions import generate_motion
from neuhmr.lab.people.stage.camera_paths import CAMERA_PATHS, take_with

FPS = 30.0


@pytest.fixture(scope="module")
def joints(shaped):
    motion = generate_motion("walk", 48, shaped, np.random.default_rng(2))
    return motion.centered(shaped.joints_rest[0]).pose(shaped).joints.numpy().astype(np.float64)


def takes(path, joints, count=12):
    return [
        take_with(path, joints, (448, 448), FPS, 4.6, np.random.default_rng(seed))
        for seed in range(count)
    ]


def places(take):
    R, t = take.T_camera_stage[:, :3, :3], take.T_camera_stage[:, :3, 3]
    return -np.einsum("fji,fj->fi", R, t)


@pytest.mark.parametrize("path", CAMERA_PATHS)
def test_the_person_is_in_the_picture(joints, path):
    for take in takes(path, joints):
        T = Rigid.from_matrix(torch.from_numpy(take.T_camera_stage))
        seen = T[:, None].apply(torch.from_numpy(joints))
        pixels = take.camera.to(torch.float64).project(seen)
        assert float(seen[..., 2].min()) > 0.5
        assert 0 < float(pixels.min()) and float(pixels.max()) < 448


def test_cameras_stand_low_and_high_and_tilt(joints):
    found = [take for path in CAMERA_PATHS for take in takes(path, joints)]
    heights = [places(take)[0, 1] for take in found]
    assert min(heights) < 0.7 and max(heights) > 2.5
    assert min(heights) > 0.2 and max(heights) < 3.1
    # The picture's x axis leaves the horizontal by the tilt.
    tilts = [np.degrees(np.arcsin(take.T_camera_stage[:, 0, 1])) for take in found]
    assert max(np.abs(tilt).max() for tilt in tilts) < 11
    assert np.std([tilt.mean() for tilt in tilts]) > 2


def test_a_standing_camera_stands(joints):
    for take in takes("standing", joints, 3):
        assert np.ptp(take.T_camera_stage, axis=0).max() == 0.0


def test_a_panning_camera_turns_where_it_is(joints):
    turned = []
    for take in takes("panning", joints, 6):
        assert np.ptp(places(take), axis=0).max() < 0.12, "it sways in the hand"
        turned.append(np.ptp(take.T_camera_stage[:, 2, :3], axis=0).max())
    assert max(turned) > 0.1, "the person walks across at least one picture"


def test_a_walking_camera_walks_and_shakes(joints):
    for take in takes("walking", joints, 6):
        path = places(take)
        speed = np.linalg.norm((path[-1] - path[0])[[0, 2]]) / (len(path) / FPS)
        assert 0.4 < speed < 1.1
        second = np.diff(path, 2, axis=0)
        assert np.linalg.norm(second, axis=1).max() > 1e-4


def test_the_same_draws_give_the_same_take(joints):
    first, again = (takes("walking", joints, 1)[0] for _ in range(2))
    assert np.array_equal(first.T_camera_stage, again.T_camera_stage)
