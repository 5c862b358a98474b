from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.lab.people.errors.believed_body import believed_betas, placed_as_seen
from neuhmr.lab.people.errors.error_models import error_config
from neuhmr.lab.people.errors.pose_errors import measure_errors
from neuhmr.lab.people.errors.wrong_poses import make_wrong_poses
from tests.lab.people.errors.filmed_truth import CAMERA, film


def truth_of(open_body, first_beta):
    betas = torch.zeros(10)
    betas[0] = first_beta
    return replace(film("arms", open_body.with_shape(betas), 1), betas=betas)


def seen_height(shaped, motion):
    pixels = CAMERA.project(frame_joints(shaped, motion))
    return pixels[:, [7, 8], 1].mean(dim=1) - pixels[:, 15, 1]


def test_betas_are_true_zero_or_near_the_truth():
    betas = torch.linspace(-2, 2, 10)
    assert torch.equal(believed_betas("true", betas, 1), betas)
    assert not believed_betas("zero", betas, 1).any()
    noise = torch.stack([believed_betas("noisy", betas, seed) for seed in range(60)]) - betas
    assert float(noise.std()) == pytest.approx(0.7, abs=0.08)
    assert torch.equal(believed_betas("noisy", betas, 3), believed_betas("noisy", betas, 3))


@pytest.mark.parametrize("first_beta", [-2.5, 2.5])
def test_another_body_is_seen_as_tall_and_nearer_if_it_is_shorter(open_body, first_beta):
    truth = truth_of(open_body, first_beta)
    shaped, mean = open_body.with_shape(truth.betas), open_body.with_shape(torch.zeros(10))
    placed = placed_as_seen(replace(truth, betas=torch.zeros(10)), mean, truth, shaped)
    ratio = seen_height(mean, placed) / seen_height(shaped, truth)
    assert float((ratio - 1).abs().max()) < 0.03
    statures = [body.v_shaped[:, 1].max() - body.v_shaped[:, 1].min() for body in (mean, shaped)]
    depths = [frame_joints(b, m)[:, 0, 2] for b, m in ((mean, placed), (shaped, truth))]
    assert bool(((depths[0] < depths[1]) == (statures[0] < statures[1])).all())
    expected = float(statures[0] / statures[1])
    assert float((depths[0] / depths[1]).mean()) == pytest.approx(expected, abs=0.03)


def test_the_own_body_stays_where_it_is(open_body):
    truth = truth_of(open_body, 1.0)
    shaped = open_body.with_shape(truth.betas)
    moved = replace(truth, transl=truth.transl + 5.0)
    placed = placed_as_seen(moved, shaped, truth, shaped)
    torch.testing.assert_close(placed.transl, truth.transl, atol=1e-3, rtol=0)


def test_wrong_poses_carry_the_body_that_was_believed(open_body):
    truth = truth_of(open_body, 2.0)[:12]
    shaped = open_body.with_shape(truth.betas)
    wrong = make_wrong_poses(truth, shaped, CAMERA, error_config("ray", 1, "zero"))
    assert not wrong.motion.betas.any()
    assert float(truth.betas[0]) == 2.0
    mean = open_body.with_shape(torch.zeros(10))
    again = measure_errors(wrong.motion, truth, shaped, CAMERA, mean)
    assert again == wrong.errors
    assert wrong.errors.mpjpe_mm == pytest.approx(95, abs=8)
    assert wrong.errors.joints_2d_px < 5.0, "looks right in the picture"
