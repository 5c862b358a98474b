"""Sweeps: one run a value, each a version; the session stays as it is, and cancel is quick."""

import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import NeuhmrError
from tests.workbench.bench import CLIP, Bench, edit
from tests.workbench.fake_engine import FakeAnchors
from tests.workbench.patience import assert_soon
from workbench.core.sweep import SweepRequest, axis_of
from workbench.errors import WorkbenchError


def request(*axes, num_frames=5):
    return SweepRequest(axes=axes, num_frames=num_frames)


def test_every_value_is_a_run_and_a_version_and_the_session_stays(bench):
    editing = edit(bench)
    before = bench.state.config
    editing.sweeps.start(request(axis_of("weights.rgb", 0.1, 0.5, 3)))
    state = bench.wait(lambda state: state.sweep is not None and not state.sweep.is_running)
    sweep = state.sweep
    assert [point.values for point in sweep.points] == [(0.1,), (0.3,), (0.5,)]
    assert [v.kind for v in state.versions] == ["sweep"] * 3
    assert [v.settings["weights.rgb"] for v in state.versions] == [0.1, 0.3, 0.5]
    assert [p.version for p in sweep.points] == [v.id for v in state.versions]
    assert sweep.meaning.endswith("(mm)") and sweep.best.score == min(p.score for p in sweep.points)
    assert sweep.frames == (0, 12, 24, 35, 47)
    assert state.config is before and state.refined is None and state.report is None
    assert state.avatar is None and len(state.history.names) == 1
    editing.versions.take_up(sweep.points[1].version)
    state = bench.wait(lambda state: state.refined is not None)
    assert state.config.weights.rgb == 0.3


def test_only_the_chosen_frames_may_change(bench, monkeypatch):
    editing = edit(bench)
    bench.tasks.change_scope(first=10, last=20, locked_joints=frozenset({3}))
    scopes, made = [], FakeAnchors.make_optimizer

    def remember(anchors, config, scope, start=None):
        scopes.append(scope)
        return made(anchors, config, scope, start)

    monkeypatch.setattr(FakeAnchors, "make_optimizer", remember)
    editing.sweeps.start(request(axis_of("weights.rgb", 0.1, 0.5, 2), num_frames=3))
    state = bench.wait(lambda state: state.sweep is not None and not state.sweep.is_running)
    assert state.sweep.frames == (10, 15, 20)
    free = [frame for frame in range(48) if scopes[0].holds(frame)]
    assert free == [10, 15, 20] and scopes[0].locked_joints == {3}


def test_two_settings_go_through_all_combinations(bench):
    editing = edit(bench)
    editing.sweeps.start(
        request(axis_of("weights.rgb", 0.1, 0.5, 2), axis_of("guard.enabled", 0, 0, 1))
    )
    state = bench.wait(lambda state: state.sweep is not None and not state.sweep.is_running)
    assert [p.values for p in state.sweep.points] == [
        (0.1, False), (0.1, True), (0.5, False), (0.5, True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "low", "high", "expected"),
    [
        ("draft.steps", 10, 20, (2, 2)),
        ("matching.epsilon", 0.1, 0.2, (0, 2)),
        ("weights.rgb", 0.1, 0.2, (0, 0)),
    ],
)
def test_stages_are_done_anew_only_where_a_setting_asks_for_it(bench, setting, low, high, expected):
    editing = edit(bench)
    bench.tasks.register()
    bench.wait(lambda state: state.anchors is not None)
    bench.engine.calls.clear()
    editing.sweeps.start(request(axis_of(setting, low, high, 2)))
    bench.wait(lambda state: state.sweep is not None and not state.sweep.is_running)
    found = tuple(bench.engine.calls.count(verb) for verb in ("build_avatar", "register"))
    assert found == expected


def test_without_truth_the_masks_judge(tmp_path):
    bench = Bench(tmp_path, has_truth=False, total_steps=3)
    editing = edit(bench)
    bench.tasks.open(OpenRequest(clip=CLIP))
    bench.wait(lambda state: state.footage is not None)
    editing.sweeps.start(request(axis_of("weights.rgb", 0.1, 0.5, 2)))
    state = bench.wait(lambda state: state.sweep is not None and not state.sweep.is_running)
    assert state.sweep.points[0].score == pytest.approx(10.0)
    bench.tasks.stop()


def test_a_sweep_is_cancelled_between_two_steps_and_keeps_what_it_has(slow_bench):
    bench = slow_bench
    editing = edit(bench)
    editing.sweeps.start(request(axis_of("weights.rgb", 0.1, 0.9, 20)))
    assert_soon(lambda: bench.state.sweep is not None and bench.state.sweep.points)
    taken = bench.engine.calls.count("step")
    bench.tasks.cancel()
    state = bench.wait()
    # Not by the clock: a machine that is busy with other things says nothing of this.
    assert bench.engine.calls.count("step") <= taken + 2
    assert not state.sweep.is_running and 0 < len(state.sweep.points) < 20
    assert len(state.versions) == len(state.sweep.points)


def test_values_are_spread_as_the_slider_is_graded():
    assert axis_of("weights.rgb", 1.0, 0.0, 3).values == (0.0, 0.5, 1.0)
    rates = axis_of("schedule.learning_rate", 1e-4, 1e-2, 3).values
    assert rates == pytest.approx((1e-4, 1e-3, 1e-2))
    assert axis_of("schedule.epochs", 1, 3, 9).values == (1, 2, 3)
    assert axis_of("motion_field.kernel", 0, 0, 1).values == ("gaussian_local", "nemo_quadratic")


def test_a_sweep_that_makes_no_sense_is_refused(bench):
    editing = edit(bench)
    axis = axis_of("weights.rgb", 0.1, 0.5, 9)
    for wrong in (
        request(),
        request(axis, axis),
        request(axis, axis_of("weights.geo", 0.1, 0.5, 9)),
        request(axis, num_frames=0),
    ):
        with pytest.raises(NeuhmrError):
            editing.sweeps.start(wrong)
    with pytest.raises(WorkbenchError, match="one value only"):
        axis_of("weights.rgb", 0.5, 0.5, 4)
    with pytest.raises(NeuhmrError, match="at least 0"):
        axis_of("weights.rgb", -1.0, 0.5, 4)
    with pytest.raises(NeuhmrError, match="no setting"):
        axis_of("weights.rgp", 0.0, 0.5, 4)
    assert bench.state.sweep is None


def test_a_run_that_fails_ends_the_sweep_and_keeps_what_it_has(bench):
    editing = edit(bench)
    bench.engine.failures["judge"] = RuntimeError("no")
    editing.sweeps.start(request(axis_of("weights.rgb", 0.1, 0.5, 3)))
    state = bench.wait(lambda state: state.sweep is not None and not state.sweep.is_running)
    assert state.sweep.points == () and "This did not work" in bench.titles()
