import numpy as np
import pytest
import torch

from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.geometry.rotations import rotation_angle
from neuhmr.lab.training.motion_prior.batches import look, make_batch
from neuhmr.lab.training.motion_prior.estimates import (
    LONGEST_LAG,
    Estimates,
    _lose_frames,
    _mirror_limbs,
    estimate,
)
from neuhmr.lab.training.motion_prior.loss import laplace, prior_losses
from neuhmr.lab.training.motion_prior.scenes import Scenes, film
from neuhmr.lab.training.motion_prior.tracks import draw_windows
from neuhmr.lab.training.motion_prior.validation import validate_prior
from neuhmr.motion_prior.beliefs import hip_aligned
from neuhmr.motion_prior.network import Belief, MotionPrior
from neuhmr.motion_prior.view import posed_joints
from tests.lab.training.motion_prior.scenes import batch, bodies, tracks
from tests.motion_prior.scene import SMALL


def scenes(windows: int = 24, frames: int = 16 + LONGEST_LAG) -> Scenes:
    drawn = draw_windows([tracks()], windows, frames, np.random.default_rng(0))
    return film(drawn, bodies(), torch.Generator().manual_seed(0))


def kept(true: Scenes) -> Scenes:
    rotmat, pelvis = true.rotmat[:, LONGEST_LAG:], true.pelvis[:, LONGEST_LAG:]
    return Scenes(true.betas, true.joints_rest, rotmat, pelvis)


def test_estimates_are_as_wrong_as_estimators_are():
    true = scenes()
    found = estimate(true, bodies(), torch.Generator().manual_seed(1))
    now = kept(true)
    error = hip_aligned(posed_joints(found.joints_rest[:, None], found.rotmat))
    error = error - hip_aligned(now.joints())
    ray = torch.nn.functional.normalize(now.pelvis, dim=-1)[:, :, None]
    along = (error * ray).sum(dim=-1).abs().mean()
    across = (error - (error * ray).sum(dim=-1, keepdim=True) * ray).norm(dim=-1).mean()
    assert 0.06 < float(error.norm(dim=-1).mean()) < 0.16
    # Two axes lie across the ray and one along it: even errors would have across > along.
    assert float(along) > float(across)
    square = found.rotmat @ found.rotmat.mT
    torch.testing.assert_close(square, torch.eye(3).expand_as(square), atol=1e-4, rtol=0)


def test_some_estimators_know_the_shape_and_some_take_the_mean():
    true = scenes(200, LONGEST_LAG + 3)
    found = estimate(true, bodies(), torch.Generator().manual_seed(1)).betas
    is_mean = (found == 0.0).all(dim=1).float().mean()
    is_true = (found == true.betas).all(dim=1).float().mean()
    assert 0.3 < float(is_mean) < 0.5
    assert 0.08 < float(is_true) < 0.25


def test_a_mirrored_forearm_looks_the_same_from_the_camera(generator):
    true = kept(scenes(120))
    rest = true.joints_rest
    found = _mirror_limbs(true.rotmat, true.pelvis, rest, generator)
    before = true.joints()
    after = posed_joints(rest[:, None], found)
    ray = torch.nn.functional.normalize(true.pelvis, dim=-1)
    for elbow, wrist in ((18, 20), (19, 21)):
        old, new = (
            before[:, :, wrist] - before[:, :, elbow],
            after[:, :, wrist] - after[:, :, elbow],
        )
        length = old.norm(dim=-1)
        torch.testing.assert_close(new.norm(dim=-1), length, atol=1e-4, rtol=0)
    others = [joint for joint in range(24) if joint not in (4, 5, 7, 8, 10, 11, *range(18, 24))]
    torch.testing.assert_close(after[:, :, others], before[:, :, others], atol=1e-4, rtol=0)
    # Where a forearm alone is fully mirrored, depth changes its sign and nothing else.
    old, new = before[:, :, 20] - before[:, :, 18], after[:, :, 20] - after[:, :, 18]
    depth_old, depth_new = (old * ray).sum(dim=-1), (new * ray).sum(dim=-1)
    flipped = ((depth_new + depth_old).abs() < 1e-3) & (depth_old.abs() > 0.05)
    flipped &= (after[:, :, 18] - before[:, :, 18]).norm(dim=-1) < 1e-4
    assert bool(flipped.any())
    off = (new - old + 2 * depth_old[..., None] * ray)[flipped]
    assert float(off.abs().max()) < 5e-3


def test_lost_frames_lie_between_their_neighbors(generator):
    true = kept(scenes(120))
    found = _lose_frames(true.rotmat, generator)
    changed = (found - true.rotmat).abs().amax(dim=(-1, -2, -3)) > 1e-4
    assert 0.03 < float(changed.any(dim=1).float().mean()) < 0.3
    row = int(changed.sum(dim=1).argmax())
    lost = changed[row].nonzero()[:, 0]
    first, last = int(lost[0]) - 1, int(lost[-1]) + 1
    angle = rotation_angle(found[row, first, 1].mT @ found[row, first : last + 1, 1])
    assert bool((angle.diff() > -1e-3).all())
    assert not bool(changed[:, 0].any())
    assert not bool(changed[:, -1].any())


def test_the_truth_is_stated_in_the_axes_of_the_initial_rays():
    true = kept(scenes())
    exact = Estimates(true.betas, true.joints_rest, true.rotmat, true.pelvis)
    made = make_batch(true, exact, None)
    torch.testing.assert_close(made.view.joints(), made.joints, atol=1e-5, rtol=0)
    torch.testing.assert_close(made.view.rotmat, made.rotmat, atol=1e-5, rtol=0)
    assert float(made.shift.abs().max()) < 1e-5
    moved = Estimates(true.betas, true.joints_rest, true.rotmat, true.pelvis * 1.1)
    shift = make_batch(true, moved, None).shift
    torch.testing.assert_close(shift[..., 2], -0.1 * true.pelvis.norm(dim=-1), atol=1e-4, rtol=0)
    assert float(shift[..., :2].abs().max()) < 1e-4


def test_joints_are_mostly_seen_within_a_few_centimeters():
    true = kept(scenes())
    exact = Estimates(true.betas, true.joints_rest, true.rotmat, true.pelvis)
    seen = look(true, exact, torch.Generator().manual_seed(0))
    joints = (true.joints() + true.pelvis[:, :, None])[:, :, list(MATCHING_JOINTS)]
    distance = true.pelvis.norm(dim=-1)[..., None, None]
    off = seen.directions[..., :2] - joints[..., :2] / joints[..., 2:]
    miss = (off * distance).norm(dim=-1)[seen.is_seen]
    assert 0.01 < float(miss.median()) < 0.035
    assert 0.05 < float((miss > 0.06).float().mean()) < 0.3
    assert 0.6 < float(seen.is_seen.float().mean()) < 0.97


def test_the_likelihood_is_least_where_the_expected_error_is_the_error():
    sigma = torch.linspace(0.01, 0.2, 400)
    best = sigma[laplace(torch.full((400,), 0.07), sigma).argmin()]
    assert float(best) == pytest.approx(0.07, abs=0.001)


def test_truth_costs_less_than_initial_poses():
    made = batch()
    sigma = torch.full(made.joints.shape[:3], 0.05)
    initial = Belief(
        made.view.rotmat, torch.zeros_like(made.shift), sigma, sigma, sigma[..., 0], sigma[..., 0]
    )
    true = Belief(made.rotmat, made.shift, sigma, sigma, sigma[..., 0], sigma[..., 0])
    before, after = prior_losses(initial, made), prior_losses(true, made)
    assert all(float(after[name]) < float(before[name]) for name in before), (before, after)


def test_validation_scores_what_the_network_says():
    made = batch()
    scores = validate_prior(MotionPrior(SMALL), made)
    assert scores["mpjpe"] == pytest.approx(scores["mpjpe_before"], abs=0.01)
    assert scores["worse"] == 0.0
    assert scores["pa"] < scores["mpjpe"]
    error = hip_aligned(made.view.joints()) - hip_aligned(made.joints)
    assert scores["mpjpe"] == pytest.approx(1e3 * float(error.norm(dim=-1).mean()), rel=1e-3)
    assert scores["sure"] == pytest.approx(
        float((error[..., 2].abs() < 0.05).float().mean()), abs=0.01
    )
