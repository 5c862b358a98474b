import math
from pathlib import Path

import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.lab.benchmarks.prior.benchmark import (
    LEVELS,
    PriorBenchmarkConfig,
    PriorRow,
    benchmark_prior,
    expected_within,
)
from neuhmr.motion_prior.network import MotionPrior
from tests.lab.people.motion.test_bvh import bvh_text
from tests.motion_prior.scene import SMALL, random_network


def recordings(folder: Path) -> Path:
    frames = [{"position": (0, 16, 0.1 * i), "LeftArm": (-60, 0, i % 50)} for i in range(140)]
    for name in ("05_01", "07_01"):
        (folder / f"{name}.bvh").write_text(bvh_text(frames))
    return folder


def measure(folder: Path, prior: MotionPrior) -> list[PriorRow]:
    config = PriorBenchmarkConfig(mocap=recordings(folder), windows=6, frames=12)
    return benchmark_prior(prior, config)


def test_a_prior_that_has_learnt_nothing_leaves_initial_poses_as_they_are(tmp_path):
    initial, *rows = measure(tmp_path, MotionPrior(SMALL))
    assert initial.frames_worse is None and initial.within is None
    assert len({row.shown for row in rows}) == len(rows) == 6
    for row in rows[:4]:
        assert row.mpjpe_mm == pytest.approx(initial.mpjpe_mm, abs=0.01)
        assert row.frames_worse == 0.0
    # Who stands still has another pose, the same with either kind of joints.
    assert rows[4].mpjpe_mm != pytest.approx(initial.mpjpe_mm, abs=1.0)
    assert rows[4].mpjpe_mm == pytest.approx(rows[5].mpjpe_mm, abs=0.01)


def test_what_is_seen_matters_to_a_network_that_says_something(tmp_path):
    rows = measure(tmp_path, random_network())
    assert len({round(row.mpjpe_mm, 3) for row in rows}) == len(rows)
    again = measure(tmp_path, random_network())
    assert rows == again


def test_shares_within_expected_errors_rise_with_the_level(tmp_path):
    for row in measure(tmp_path, random_network())[1:]:
        assert row.within is not None
        shares = list(row.within.values())
        assert len(shares) == len(LEVELS) and shares == sorted(shares) and shares[0] < shares[-1]


def test_errors_that_follow_laplace_are_as_often_within_as_expected():
    torch.manual_seed(0)
    errors = torch.distributions.Laplace(0.0, 0.03).sample((100_000,)).abs()
    for level in LEVELS:
        share = float((errors < level * errors.mean()).float().mean())
        assert share == pytest.approx(expected_within(level), abs=0.01)
    assert expected_within(1.0) == pytest.approx(1.0 - math.exp(-1.0))


def test_a_folder_without_the_performers_is_refused(tmp_path):
    folder = recordings(tmp_path)
    (folder / "05_01.bvh").unlink()
    with pytest.raises(DatasetError, match="performers"):
        benchmark_prior(MotionPrior(SMALL), PriorBenchmarkConfig(mocap=folder))
