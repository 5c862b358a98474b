import numpy as np
import pytest
import torch

from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS, MATCHING_JOINTS
from neuhmr.errors import DatasetError
from neuhmr.lab.training.motion_prior.filmed import drawing
from neuhmr.lab.training.motion_prior.filmed.drawing import (
    all_filmed,
    draw_filmed,
    mirror_batch,
    read_filmed_fits,
)
from neuhmr.motion_prior.beliefs import hip_aligned
from tests.lab.training.motion_prior.filmed.made_fits import made_fit, write_fits
from tests.lab.training.motion_prior.scenes import bodies


def test_a_fit_is_shown_as_the_fit_and_taught_as_the_truth():
    fit = made_fit()
    batch = all_filmed([fit], bodies(), 14)
    # In the camera's axes again, joints are those of the fit, and of the truth.
    rest = bodies().joints_rest(fit.fitted_betas[None])[0]
    torch.testing.assert_close(batch.view.pelvis[0], fit.fitted_transl + rest[0])
    back = batch.view.axes[0].mT
    root = back @ batch.view.rotmat[0, :, 0]
    torch.testing.assert_close(root, fit.fitted_rotmat[:, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(
        back @ batch.rotmat[0, :, 0], fit.true_rotmat[:, 0], atol=1e-5, rtol=0
    )
    torch.testing.assert_close(batch.rotmat[0, :, 1:], fit.true_rotmat[:, 1:])
    # Sightings are exact here: they lie where the true joints are, seen at the fitted distance.
    true_rest = bodies().joints_rest(fit.true_betas[None])[0]
    pelvis = fit.true_transl + true_rest[0]
    places = (back[:, None] @ batch.joints[0, ..., None]).squeeze(-1) + pelvis[:, None]
    seen = (batch.view.axes[0, :, None] @ places[:, list(MATCHING_JOINTS), :, None]).squeeze(-1)
    shown = seen[..., :2] / seen[..., 2:] * batch.view.distance[0, :, None, None]
    torch.testing.assert_close(batch.view.places[0], shown, atol=1e-4, rtol=0)


def test_times_are_thirtieths_of_a_second_and_begin_at_nothing():
    fit = made_fit(frames=20)
    batch = draw_filmed([fit], bodies(), 8, 6, np.random.default_rng(0))
    expected = torch.arange(6.0).expand(8, 6)
    torch.testing.assert_close(batch.times, expected, atol=1e-3, rtol=0)


def test_windows_run_forward_and_backward_and_are_seen_in_a_mirror(monkeypatch):
    monkeypatch.setattr(drawing, "vary", lambda windows, *_: windows)
    fit = made_fit(frames=6)
    batch = draw_filmed([fit], bodies(), 64, 6, np.random.default_rng(0))
    plain = all_filmed([fit], bodies(), 6).joints
    mirrored = mirror_batch(all_filmed([fit], bodies(), 6)).joints
    kinds = torch.stack(
        [
            (batch.joints - joints).abs().amax(dim=(1, 2, 3)) < 1e-5
            for joints in (plain, plain.flip(1), mirrored, mirrored.flip(1))
        ]
    )
    assert bool((kinds.sum(dim=0) == 1).all())
    assert bool((kinds.sum(dim=1) > 6).all())


def test_a_mirror_changes_left_for_right_and_no_error():
    plain = all_filmed([made_fit()], bodies(), 14)
    mirrored = mirror_batch(plain)
    left, right = LEFT_RIGHT_JOINTS[0]
    flip = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(mirrored.joints[:, :, left], plain.joints[:, :, right] * flip)

    def errors(batch):
        off = hip_aligned(batch.view.joints()) - hip_aligned(batch.joints)
        return off.norm(dim=-1).mean()

    torch.testing.assert_close(errors(mirrored), errors(plain))
    torch.testing.assert_close(mirrored.shift, plain.shift * flip)


def test_only_the_split_is_read_and_only_long_fits(tmp_path):
    write_fits(tmp_path, "train", 2, frames=14)
    write_fits(tmp_path, "val", 3, frames=9)
    assert len(read_filmed_fits(tmp_path, "train", 12)) == 2
    assert len(read_filmed_fits(tmp_path, "val", 9)) == 3
    with pytest.raises(DatasetError, match="no filmed fits of the val split with 12 frames"):
        read_filmed_fits(tmp_path, "val", 12)
