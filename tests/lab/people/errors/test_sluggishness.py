from dataclasses import replace

import numpy as np
import torch

from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_angle
from neuhmr.lab.people.errors.sluggishness import sluggish, smooth_rotations
from tests.lab.people.errors.filmed_truth import film


def test_a_delay_shows_what_was_true_some_frames_ago(shaped):
    truth = film("walk", shaped, 0)
    late = sluggish(truth, (2, 2), 0.0, np.random.default_rng(0))
    torch.testing.assert_close(late.body_pose[2:], truth.body_pose[:-2], atol=1e-5, rtol=0)
    torch.testing.assert_close(late.global_orient[:2], truth.global_orient[[0, 0]])
    assert torch.equal(late.transl, truth.transl), "a box is followed at once"


def test_delays_are_drawn_between_their_limits(shaped):
    truth = film("walk", shaped, 0)

    def delay(seed):
        late = sluggish(truth, (1, 3), 0.0, np.random.default_rng(seed))
        gaps = [
            rotation_angle(late.body_pose[20].mT @ truth.body_pose[20 - s]).sum() for s in range(5)
        ]
        return int(np.argmin(gaps))

    assert {delay(seed) for seed in range(12)} == {1, 2, 3}


def test_limbs_are_damped_more_than_the_trunk(shaped):
    truth = film("arms", shaped, 3)
    swing = 0.6 * torch.sin(torch.arange(len(truth)) * 2 * np.pi / 12)
    turns = torch.zeros(len(truth), 23, 3)
    turns[..., 0] = swing[:, None]
    slow = sluggish(replace(truth, body_pose=axisangle_to_rotmat(turns)), (0, 0), 3.0,
                    np.random.default_rng(0))  # fmt: skip
    left = rotation_angle(slow.body_pose)[10:-10].amax(dim=0)
    assert float(left[17]) < 0.35 * 0.6, "the elbow"
    assert 0.6 * 0.6 < float(left[2]) < 0.6, "the spine"


def test_a_rotation_that_stands_still_is_kept():
    rotmats = axisangle_to_rotmat(torch.tensor([[[0.3, 2.0, -0.5]]])).expand(9, 1, 3, 3)
    torch.testing.assert_close(smooth_rotations(rotmats, 2.0), rotmats, atol=1e-5, rtol=0)
