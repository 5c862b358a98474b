"""Pictures of sweeps and distributions."""

import re

import numpy as np

from workbench.core.error_plot import distribution
from workbench.core.sweep import Sweep, SweepPoint, SweepRequest, axis_of
from workbench.core.sweep_plot import draw_sweep


def sweep(axes, scores):
    request = SweepRequest(axes=axes, num_frames=3)
    points = [
        SweepPoint(values=values, score=score, version=str(score))
        for values, score in zip(request.combinations(), scores, strict=False)
    ]
    return Sweep(request=request, meaning="<b>mm</b>", frames=(1, 2, 3), points=tuple(points))


def test_better_scores_are_lower_and_the_best_is_green():
    drawn = draw_sweep(sweep((axis_of("weights.rgb", 0, 1, 3),), [30.0, 10.0, 20.0]), str)
    heights = [
        float(y) for y in re.findall(r'<circle class="run" cx="[\d.]+" cy="([\d.]+)"', drawn)
    ]
    assert heights[1] > heights[2] > heights[0]
    colors = re.findall(r'r="5" fill="(#\w+)"', drawn)
    assert colors[1] != colors[0] == colors[2]
    assert "<b>" not in drawn and "3 of 3 runs, running" in drawn


def test_two_settings_make_a_table_and_clicks_name_the_run():
    axes = axis_of("weights.rgb", 0, 1, 2), axis_of("weights.geo", 0, 1, 3)
    drawn = draw_sweep(sweep(axes, [1.0, 2.0, float("nan"), 4.0]), lambda n: f"go({n})")
    assert drawn.count('class="run"') == 3
    assert [int(n) for n in re.findall(r"go\((\d)\)", drawn)] == [0, 1, 3]


def test_a_sweep_without_runs_says_so():
    assert "0 of 3 runs" in draw_sweep(sweep((axis_of("weights.rgb", 0, 1, 3),), []), str)


def test_a_distribution_leaves_out_what_is_not_known():
    values = np.full((4, 24), 5.0)
    values[0] = np.nan
    drawn = distribution([("one <i>", "#fff", values), ("two", "#000", 2.0 * values)], "mm")
    assert drawn.count("<polygon") == 2 and "<i>" not in drawn
    assert distribution([("none", "#fff", np.full((2, 24), np.nan))], "mm") == ""
