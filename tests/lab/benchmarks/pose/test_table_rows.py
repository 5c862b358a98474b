"""Rows over clips: the keys that others rely on, and their values."""

from dataclasses import replace

import pytest

from neuhmr.lab.benchmarks.pose.table_rows import PARTS, make_row
from tests.lab.benchmarks.made_results import result_of

BEFORE = {"a": result_of([100.0, 100.0]), "b": result_of([60.0, 60.0, 60.0, 60.0])}
AFTER = {"a": result_of([50.0, 110.0], 4.0), "b": result_of([40.0, 40.0, 40.0, 40.0], 4.0)}


def test_a_row_has_the_keys_of_the_benchmark() -> None:
    row = make_row("fast", "ray", BEFORE, AFTER, seed=0).as_dict()
    keys = {
        "method", "initial", "mpjpe_mm", "mpjpe_drop", "pve_mm", "pve_drop", "frames_worse",
        "seconds_per_frame", "pa_mpjpe_mm", "abs_mpjpe_mm", "along_ray_mm", "across_ray_mm",
        "accel_error_mm_per_frame2", "jitter", "joints_worse", "mpjpe_mm_ci", "mpjpe_drop_ci",
    }  # fmt: skip
    assert set(row) >= keys
    assert (row["method"], row["initial"], row["clips"], row["frames"]) == ("fast", "ray", 2, 6)


def test_clips_count_alike_whatever_their_length() -> None:
    row = make_row("fast", "ray", BEFORE, AFTER, seed=0)
    assert row.value("mpjpe_mm") == pytest.approx((80.0 + 40.0) / 2)
    assert row.value("mpjpe_drop") == pytest.approx(1 - 120.0 / 160.0)
    assert row.value("frames_worse") == pytest.approx((0.5 + 0.0) / 2)
    assert row.value("seconds_per_frame") == pytest.approx((4 / 2 + 4 / 4) / 2)


def test_a_method_that_has_fewer_clips_is_compared_on_those() -> None:
    row = make_row("fast", "ray", BEFORE, {"b": AFTER["b"]}, seed=0)
    assert row.clips == 1 and row.value("mpjpe_drop") == pytest.approx(1 / 3)
    assert row.as_dict()["mpjpe_drop_ci"] is None


def test_a_figure_that_a_clip_lacks_is_the_mean_of_the_others() -> None:
    short = replace(AFTER["a"], scores=AFTER["a"].scores | {"jitter": None})
    row = make_row("fast", "ray", BEFORE, {"a": short, "b": AFTER["b"]}, seed=0)
    assert row.value("jitter") == 40.0
    alone = make_row("fast", "ray", BEFORE, {"a": short}, seed=0)
    assert alone.value("jitter") is None and "jitter" not in alone.as_dict()


def test_arms_legs_and_trunk_are_averaged_apart() -> None:
    joints = [10.0] * 24
    for elbow in (18, 19):
        joints[elbow] = 50.0
    joints[15] = 90.0
    wrong = {"a": replace(AFTER["a"], joint_errors_mm=[joints, joints])}
    row = make_row("fast", "ray", {"a": BEFORE["a"]}, wrong, seed=0)
    assert row.value("arms_mm") == pytest.approx((6 * 10 + 2 * 50) / 8)
    assert row.value("legs_mm") == pytest.approx(10.0)
    assert row.value("trunk_mm") == pytest.approx((7 * 10 + 90) / 8)


def test_every_joint_belongs_to_one_part() -> None:
    assert sorted(joint for joints in PARTS.values() for joint in joints) == list(range(24))
