"""Matches as rows: worked out by hand for three joints."""

import itertools
import math
from dataclasses import replace

import numpy as np

from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.fake_optimizer import FakeOptimizer
from workbench.core.match_rows import NO_PART, count_by_kind, joint_name, match_rows, sorted_rows

WRIST, KNEE, HAND = 21, 4, 23


def a_report():
    """The right wrist is found 5 px off, the left knee is hidden; hands take no part."""
    optimizer = FakeOptimizer(FakeEngine(), None, RefineConfig(), Scope())
    report = optimizer.inspect(3, RefineConfig())
    verdicts = list(report.verdicts)
    verdicts[WRIST], verdicts[KNEE] = "accepted", "occluded"
    projected, winners = report.projected.copy(), report.winners.copy()
    projected[WRIST], winners[WRIST] = (50.0, 60.0), (53.0, 64.0)
    similarity = report.similarity.copy()
    similarity[WRIST] = 0.9
    candidates = {**report.candidate_similarity, WRIST: np.float32([0.7, 0.9, 0.2])}
    matched = report.matched.copy()
    matched[WRIST], matched[KNEE] = True, False
    return replace(
        report, verdicts=tuple(verdicts), projected=projected, winners=winners, matched=matched,
        similarity=similarity, candidate_similarity=candidates,
    )  # fmt: skip


def test_a_row_tells_how_far_how_similar_and_what_was_gained():
    rows = match_rows(a_report(), np.arange(24))
    wrist = rows[WRIST]
    np.testing.assert_allclose(
        (wrist.distance, wrist.similarity, wrist.gain), (5.0, 0.9, 0.2), rtol=1e-5
    )
    assert wrist.accepted and wrist.anchors == 21 and wrist.reason == "accepted"
    assert rows[KNEE].reason == "occluded" and not rows[KNEE].accepted
    assert rows[HAND].reason == NO_PART and math.isnan(rows[HAND].gain)


def test_sorting_turns_over_but_joints_without_a_value_stay_last():
    rows = match_rows(a_report(), np.arange(24))
    up = sorted_rows(rows, "distance", is_descending=False)
    down = sorted_rows(rows, "distance", is_descending=True)
    assert [row.joint for row in up[:16]] == [row.joint for row in down[:16]][::-1]
    assert all(a.distance <= b.distance for a, b in itertools.pairwise(up[:16]))
    assert {row.reason for row in up[16:]} == {row.reason for row in down[16:]} == {NO_PART}
    assert [row.joint for row in sorted_rows(rows, "joint", is_descending=True)][:2] == [23, 22]


def test_failures_are_counted_by_kind_and_bystanders_are_not():
    counts = dict(count_by_kind(match_rows(a_report(), np.zeros(24, int))))
    assert sum(counts.values()) == 16 and NO_PART not in counts
    assert counts["occluded"] >= 1 and counts["no descriptor"] == 0


def test_joints_have_short_names():
    assert joint_name(WRIST) == "r wrist" and joint_name(0) == "pelvis"
