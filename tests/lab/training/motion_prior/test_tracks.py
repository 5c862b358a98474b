import numpy as np
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.training.motion_prior.tracks import (
    TRACK_FPS,
    Track,
    draw_windows,
    recorded_tracks,
)
from tests.lab.people.motion.test_bvh import bvh_text
from tests.lab.training.motion_prior.scenes import tracks


def test_windows_are_rotations_of_the_length_that_was_asked_for():
    windows = draw_windows([tracks()], 5, 30, np.random.default_rng(1))
    assert windows.pelvis.shape == (5, 30, 3)
    square = windows.rotmat @ windows.rotmat.mT
    torch.testing.assert_close(square, torch.eye(3).expand_as(square), atol=1e-5, rtol=0)
    again = draw_windows([tracks()], 5, 30, np.random.default_rng(1))
    assert torch.equal(again.rotmat, windows.rotmat)
    other = draw_windows([tracks()], 5, 30, np.random.default_rng(2))
    assert not torch.equal(other.rotmat, windows.rotmat)


def test_a_track_that_is_too_short_goes_back_and_forth():
    pelvis = torch.arange(10.0)[:, None].expand(10, 3).clone()
    track = Track(torch.eye(3).expand(10, 24, 3, 3).clone(), pelvis)
    windows = draw_windows([[track]], 3, 40, np.random.default_rng(0), is_changed=False)
    steps = windows.pelvis[..., 1].diff(dim=1).abs()
    assert float(windows.pelvis.abs().max()) <= 9.0
    # At its slowest it is played at 0.6, at its fastest at 1.7 of the recorded speed.
    assert 0.6 * TRACK_FPS / 30.0 - 1e-3 <= float(steps.median(dim=1).values.min())
    assert float(steps.max()) <= 1.7 * TRACK_FPS / 30.0 + 1e-3


def test_only_the_recordings_of_a_split_become_tracks(tmp_path):
    frames = [{"position": (0, 10, 0.1 * i)} for i in range(60)]
    for name in ("05_01", "02_01", "07_01"):
        (tmp_path / f"{name}.bvh").write_text(bvh_text(frames))
    model = load_body_model()
    shaped = model.with_shape(torch.zeros(model.num_betas))
    for split in ("train", "val", "test"):
        (track,) = recorded_tracks(tmp_path, split, shaped, 0.1)
        # 60 poses at 120 a second are 30 at 60.
        assert len(track) == 30


def test_windows_can_be_left_as_they_were():
    track = tracks()[0]
    windows = draw_windows([[track]], 20, 4, np.random.default_rng(0), is_changed=False)
    upright = torch.linalg.vecdot(windows.rotmat[:, :, 0, 1, :], track.rotmat[:1, 0, 1, :])
    assert float(upright.min()) > 0.9
    changed = draw_windows([[track]], 20, 4, np.random.default_rng(0))
    upright = torch.linalg.vecdot(changed.rotmat[:, :, 0, 1, :], track.rotmat[:1, 0, 1, :])
    assert float(upright.min()) < 0.9
