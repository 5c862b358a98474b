"""What a report says about a change."""

import math
from dataclasses import replace

import pytest
import torch

from neuhmr.export.run_report import mean_change_deg
from neuhmr.geometry.rotations import rotation_about
from tests.painted_clip import turning_motion


def test_the_mean_change_counts_valid_frames_and_all_24_rotations() -> None:
    initial = turning_motion(3)
    turn = rotation_about("x", torch.tensor(math.radians(48.0)))
    body_pose = initial.body_pose.clone()
    body_pose[:, 4] = body_pose[:, 4] @ turn
    # One rotation of 24 turned by 48 degrees: 2 degrees on average; invalid frames do not count.
    initial.valid[2] = False
    body_pose[2] = body_pose[2] @ turn
    assert mean_change_deg(initial, replace(initial, body_pose=body_pose)) == pytest.approx(
        2.0, abs=1e-3
    )


def test_no_change_is_zero() -> None:
    assert mean_change_deg(turning_motion(2), turning_motion(2)) == pytest.approx(0.0, abs=1e-3)
