from dataclasses import replace

import numpy as np
import torch

from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.lab.training.motion_prior.filmed import variation
from neuhmr.lab.training.motion_prior.filmed.variation import true_scenes, vary
from neuhmr.tensor_struct import concatenate
from tests.lab.training.motion_prior.filmed.made_fits import made_fit
from tests.lab.training.motion_prior.scenes import bodies


def windows(count: int = 24, frames: int = 8):
    return concatenate([made_fit(frames, seed).cut(np.arange(frames)) for seed in range(count)])


def test_the_same_seed_varies_alike():
    plain = windows(3)
    first, again, other = (vary(plain, bodies(), seed) for seed in (1, 1, 2))
    assert torch.equal(first.true_rotmat, again.true_rotmat)
    assert not torch.allclose(first.true_rotmat, other.true_rotmat, atol=1e-3)


def test_a_fit_is_as_wrong_as_before(monkeypatch):
    monkeypatch.setattr(variation, "SHAKE", 0.0)
    plain = windows()
    varied = vary(plain, bodies(), 1)
    assert float((varied.true_rotmat - plain.true_rotmat).abs().amax(dim=(1, 2, 3, 4)).min()) > 0.0
    # The root leans by 0.2 rad in every fit and no other joint errs; bends keep both.
    turns = varied.fitted_rotmat @ varied.true_rotmat.mT
    cosines = (turns.diagonal(dim1=-2, dim2=-1).sum(dim=-1) - 1.0) / 2.0
    expected = torch.tensor(0.2).cos().expand_as(cosines[..., 0])
    torch.testing.assert_close(cosines[..., 0], expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(
        cosines[..., 1:], torch.ones_like(cosines[..., 1:]), atol=1e-4, rtol=0
    )


def test_knees_of_some_are_stretched_in_fit_and_truth(monkeypatch):
    monkeypatch.setattr(variation, "SHAKE", 0.0)
    bent = windows()
    bent.true_rotmat[:, :, 4] = bent.fitted_rotmat[:, :, 4] = axisangle_to_rotmat(
        torch.tensor([0.3, 0.0, 0.0])
    )
    bends = []
    for share in (0.0, 0.35, 1.0):
        monkeypatch.setattr(variation, "STRETCHED", share)
        varied = vary(bent, bodies(), 1)
        bends.append(rotmat_to_axisangle(varied.true_rotmat[:, :, 4])[..., 0].mean(dim=1))
        knees = varied.fitted_rotmat[:, :, 4]
        torch.testing.assert_close(knees, varied.true_rotmat[:, :, 4], atol=1e-5, rtol=0)
    stretched = bends[1] < bends[0] - 1e-3
    assert 0.15 < float(stretched.float().mean()) < 0.6
    torch.testing.assert_close(bends[1][~stretched], bends[0][~stretched], atol=1e-3, rtol=0)
    assert float((bends[0] - bends[2]).min()) > 0.02


def test_landmarks_move_along_with_the_truth():
    plain = windows()
    # Beside the truth by a hundredth of the depth, to the right.
    beside = torch.tensor([0.01, 0.0, 0.0])
    varied = vary(plain, bodies(), 3)
    moved = vary(replace(plain, directions=plain.directions + beside), bodies(), 3)
    true = true_scenes(varied, bodies())
    places = (true.joints() + true.pelvis[:, :, None])[:, :, list(MATCHING_JOINTS)]
    tangents = places[..., :2] / places[..., 2:].clamp_min(0.2)
    torch.testing.assert_close(varied.directions[..., :2], tangents, atol=1e-4, rtol=0)
    torch.testing.assert_close(
        moved.directions - varied.directions, beside.expand_as(varied.directions), atol=1e-5, rtol=0
    )


def test_another_shape_looks_as_tall():
    plain = windows(40)
    varied = vary(plain, bodies(), 5)
    changed = (varied.true_betas != plain.true_betas).any(dim=1)
    assert 4 <= int(changed.sum()) <= 20
    sizes = []
    for scenes in (true_scenes(plain, bodies()), true_scenes(varied, bodies())):
        spine = scenes.joints_rest[:, 15, 1] - scenes.joints_rest[:, 7, 1]
        sizes.append(spine[:, None] / scenes.pelvis.norm(dim=-1))
    torch.testing.assert_close(sizes[0], sizes[1], atol=1e-5, rtol=1e-4)


def test_some_landmarks_are_hidden_and_none_appears():
    plain = windows()
    hidden = plain.is_seen.clone()
    hidden[:, :, 3] = False
    varied = vary(replace(plain, is_seen=hidden), bodies(), 3)
    assert not bool(varied.is_seen[:, :, 3].any())
    share = float((hidden & ~varied.is_seen).float().sum() / hidden.float().sum())
    assert 0.02 < share < 0.09
