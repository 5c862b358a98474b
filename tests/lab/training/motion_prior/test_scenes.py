import numpy as np
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.training.motion_prior.scenes import film
from neuhmr.lab.training.motion_prior.tracks import draw_windows
from tests.lab.training.motion_prior.scenes import bodies, tracks


def test_joints_at_rest_are_those_of_the_shaped_body():
    model = load_body_model()
    betas = torch.linspace(-2.0, 1.0, 10)
    expected = model.with_shape(betas).joints_rest
    torch.testing.assert_close(bodies().joints_rest(betas[None])[0], expected, atol=1e-5, rtol=0)


def test_people_are_before_the_camera_and_mostly_upright(generator):
    windows = draw_windows([tracks()], 400, 4, np.random.default_rng(0))
    scenes = film(windows, bodies(), generator)
    joints = scenes.joints() + scenes.pelvis[:, :, None]
    assert float(joints[..., 2].min()) > 0.2
    # The camera's y points down.
    is_upright = scenes.joints()[:, :, 15, 1] < scenes.joints()[:, :, 0, 1]
    # One of seven was laid down.
    assert 0.8 < float(is_upright.float().mean()) < 0.97
    assert 2.0 < float(scenes.pelvis.norm(dim=-1).mean()) < 7.0


def test_cameras_hang_at_all_heights(generator):
    windows = draw_windows([tracks()], 200, 4, np.random.default_rng(0))
    scenes = film(windows, bodies(), generator)
    # Gravity in the camera's axes: the stage's up, seen through the root's rotation.
    up = scenes.rotmat[:, :, 0] @ windows.rotmat[:, :, 0].mT @ torch.tensor([0.0, 1.0, 0.0])
    heights = -(up * scenes.pelvis).sum(dim=-1) + windows.pelvis[..., 1]
    assert float(heights.min()) < 0.6
    assert float(heights.max()) > 2.4
