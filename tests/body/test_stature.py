from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.stature import check_height, stature, with_height
from neuhmr.errors import NeuhmrError
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.geometry.rotations import axisangle_to_rotmat

MODEL = load_body_model()


def somebody(betas: torch.Tensor) -> Motion:
    torch.manual_seed(0)
    pose = axisangle_to_rotmat(0.3 * torch.randn(4, 23, 3))
    upright = axisangle_to_rotmat(torch.tensor([torch.pi, 0.2, 0.1])).expand(4, 3, 3)
    return Motion(
        global_orient=upright,
        body_pose=pose,
        transl=torch.tensor([[0.5, 0.1, 4.0]]).expand(4, 3).clone(),
        betas=betas,
        frame_index=torch.arange(4),
        valid=torch.ones(4, dtype=torch.bool),
    )


@pytest.mark.parametrize("meters", [1.45, 1.7, 2.0])
@pytest.mark.parametrize("count", [0, 3, 10])
def test_the_body_is_as_tall_as_was_said(meters: float, count: int):
    motion = with_height(somebody(0.5 * torch.ones(count)), MODEL, meters)
    assert stature(MODEL, motion.betas) == pytest.approx(meters, abs=1e-3)
    heights = MODEL.with_shape(motion.betas).v_shaped[:, 1]
    assert float(heights.max() - heights.min()) == pytest.approx(meters, abs=1e-3)


def test_the_person_looks_as_large_as_before():
    before = somebody(torch.zeros(10))
    after = with_height(before, MODEL, 1.9)
    camera = camera_from_focal(800.0, 720, 1280)
    pixels = [camera.project(motion.pose(MODEL).joints) for motion in (before, after)]
    torch.testing.assert_close(pixels[1][:, 0], pixels[0][:, 0], atol=0.01, rtol=0)
    extent = [(p.amax(dim=1) - p.amin(dim=1)).norm(dim=-1) for p in pixels]
    torch.testing.assert_close(extent[1], extent[0], rtol=0.06, atol=0)
    grown = stature(MODEL, after.betas) / stature(MODEL, before.betas)
    depth = after.pose(MODEL).joints[:, 0, 2] / before.pose(MODEL).joints[:, 0, 2]
    torch.testing.assert_close(depth, torch.full((4,), grown), atol=1e-4, rtol=0)
    assert torch.equal(after.body_pose, before.body_pose)


def test_a_body_that_has_the_height_stays_as_it_is():
    before = somebody(torch.linspace(-1.0, 1.0, 10))
    after = with_height(before, MODEL, stature(MODEL, before.betas))
    torch.testing.assert_close(after.betas, before.betas, atol=1e-4, rtol=0)
    torch.testing.assert_close(after.transl, before.transl, atol=1e-3, rtol=0)


@pytest.mark.parametrize("meters", [0.0, -1.7, 175.0, float("nan"), float("inf")])
def test_what_is_no_height_is_refused(meters: float):
    with pytest.raises(NeuhmrError, match=r"--height is .* in meters"):
        check_height(meters)


def test_a_height_that_no_body_has_is_refused():
    with pytest.raises(NeuhmrError, match="no likely body"):
        with_height(somebody(torch.zeros(10)), MODEL, 0.6)


def test_the_shape_changes_along_one_direction_only():
    before = somebody(torch.zeros(10))
    tall, small = (with_height(before, MODEL, meters).betas for meters in (1.8, 1.6))
    cosine = torch.nn.functional.cosine_similarity(tall, small, dim=0)
    assert abs(float(cosine)) > 0.9
    assert float(replace(before, betas=tall).betas.norm()) < 6.0
