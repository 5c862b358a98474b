"""What is said about a motion over a clip."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.clip.clip import Clip, open_clip
from neuhmr.formats.motion_content import motion_content
from neuhmr.geometry.rigid import Rigid
from tests.painted_clip import FPS, FRAMES, HEIGHT, WIDTH, make_painted_clip
from tests.synthetic_body import make_synthetic_body

ROWS = [1, 2, 4]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(make_painted_clip(tmp_path_factory.mktemp("content")))


def test_cameras_per_frame_are_looked_up_for_the_rows_of_the_motion(clip):
    focal = 100.0 + torch.arange(FRAMES)
    K = torch.eye(3).repeat(FRAMES, 1, 1)
    K[:, 0, 0], K[:, 1, 1] = focal, focal
    transl = torch.zeros(FRAMES, 3)
    transl[:, 2] = torch.arange(FRAMES)
    clip = replace(
        clip,
        camera=replace(clip.camera, K=K),
        T_camera_world=Rigid(torch.eye(3).repeat(FRAMES, 1, 1), transl),
    )
    assert clip.truth is not None
    motion = clip.truth[torch.tensor(ROWS)]
    content = motion_content(clip, motion, make_synthetic_body(), "by hand")
    assert content.K is not None and content.T_camera_world is not None
    assert content.K[:, 0, 0].tolist() == [101.0, 102.0, 104.0]
    assert content.T_camera_world[:, 2, 3].tolist() == [1.0, 2.0, 4.0]
    assert content.frame_index.tolist() == ROWS


def test_one_camera_stays_one_and_the_rest_is_said_as_it_is(clip):
    assert clip.truth is not None
    T_camera_world = Rigid(torch.eye(3), torch.tensor([1.0, 2.0, 3.0]))
    clip = replace(clip, T_camera_world=T_camera_world)
    motion = clip.truth[torch.tensor(ROWS)]
    motion.valid[1] = False
    for is_guessed in (True, False):
        content = motion_content(
            replace(clip, camera_is_guessed=is_guessed), motion, make_synthetic_body(), "by hand"
        )
        assert content.camera_is_guessed is is_guessed
    assert content.K is not None and content.T_camera_world is not None
    np.testing.assert_array_equal(content.K, clip.camera.K.numpy())
    assert content.image_size == (HEIGHT, WIDTH)
    assert content.T_camera_world.tolist() == T_camera_world.as_matrix().tolist()
    assert content.valid.tolist() == [True, False, True]
    assert content.fps == FPS
    assert content.source == "by hand"
    assert content.body_model == f"synthetic {'0' * 16}"
    np.testing.assert_array_equal(content.transl, motion.transl.numpy())
    np.testing.assert_array_equal(content.betas, motion.betas[None].numpy())
    np.testing.assert_array_equal(content.body_pose, motion.body_pose_axisangle().numpy())
    np.testing.assert_array_equal(content.global_orient, motion.global_orient_axisangle().numpy())
