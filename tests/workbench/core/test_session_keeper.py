"""What the next launch finds of this one."""

import json
from pathlib import Path

import numpy as np
import pytest

from neuhmr.errors import OutputError
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import SETTINGS, with_values
from neuhmr.refine.settings.table import values_of
from tests.workbench.bench import launch_again
from workbench.core import session_keeper

FIRST_VERSION = {
    "version": 1,
    "step": 3,
    "total_steps": 40,
    "settings": {
        "lambda_rgb": 1.5,
        "lambda_geo": 0.25,
        "lambda_joint": 0.75,
        "lambda_keypoint": 0.5,
        "sigma_px": 6.0,
        "num_candidates": 96,
        "epsilon_m": 0.3,
        "learning_rate": 0.002,
    },
    "includes": [5],
    "excludes": [8],
    "view": {"frame": 7, "shown": "refined", "joint": 4},
    "losses": [[1, {"rgb": 0.5}], [3, {"rgb": 0.25}]],
}
"""As workbenches wrote it that knew eight sliders."""


def session_file(bench):
    return bench.folder / "turn" / "session.json"


def moved(row):
    """Choose a value that a setting does not have by default, here or in the toy engine."""
    if row.kind is bool:
        return not row.default
    if row.choices:
        return next(choice for choice in row.choices if choice != row.default)
    share = 0.37 * row.declared.high + 0.63 * row.declared.low
    return round(share) if row.kind is int else share


def assert_left_alone(bench):
    again = launch_again(bench)
    assert again.state.restored is None and again.state.initial is not None
    assert again.state.config == again.engine.default_config()
    assert again.titles() == ["The saved session cannot be used"]
    said = again.notices.recent[0].body
    aside = session_file(bench).parent / "damaged-1"
    assert f"it is kept in {aside}" in said and "Error" not in said and "object" not in said
    assert (aside / "session.json").is_file() and (aside / "refined.npz").is_file()
    assert not session_file(bench).exists()
    again.tasks.step()
    again.wait(lambda state: state.report is not None)
    assert json.loads(session_file(bench).read_text())["step"] == 1
    again.tasks.stop()
    return said


def test_the_next_launch_shows_the_refined_poses_and_goes_on(bench):
    bench.tasks.choose_anchor(5, True)
    bench.tasks.change_setting("weights.rgb", 1.5)
    bench.tasks.step(3)
    refined = bench.wait(lambda state: state.report is not None).refined
    again = launch_again(bench)
    state = again.state
    assert (state.restored.step, state.phase, state.includes) == (3, "paused", {5})
    assert state.config.weights.rgb == 1.5 and len(state.losses) == 3
    np.testing.assert_allclose(state.best.transl, refined.transl, atol=1e-6)
    assert again.engine.calls == ["open"] and again.titles() == ["Restored"]
    again.tasks.step()
    state = again.wait(lambda state: state.report is not None)
    assert state.report.step == 4 and len(state.losses) == 4
    again.tasks.stop()


def test_reset_also_forgets_what_was_saved(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.reset()
    bench.wait(lambda state: state.report is None)
    again = launch_again(bench)
    assert again.state.restored is None and again.titles() == []
    again.tasks.stop()


def test_an_optimizer_that_does_not_fit_starts_afresh_and_says_so(bench):
    bench.tasks.step(3)
    bench.wait(lambda state: state.report is not None)
    again = launch_again(bench)
    again.engine.failures["load"] = OutputError("belongs to another run")
    again.tasks.step()
    assert again.wait(lambda state: state.report is not None).report.step == 1
    said = {notice.title: notice.body for notice in again.notices.recent}
    assert "belongs to another run; it is kept in" in said["Starting from the beginning"]
    aside = session_file(bench).parent / "damaged-1"
    assert json.loads((aside / "session.json").read_text())["step"] == 3
    assert (aside / "optimizer.safetensors").read_text() == "3"
    again.tasks.stop()


def test_all_settings_and_the_scope_come_back(bench):
    scope = Scope(
        first=2, last=40, locked_frames=frozenset({8, 0, 16}), locked_joints=frozenset({15, 12}),
        lock_translation=True,
    )  # fmt: skip
    begun_with = with_values(bench.state.config, {r.name: moved(r) for r in SETTINGS.values()})
    assert not values_of(begun_with).items() & values_of(bench.state.config).items()
    bench.session.set(config=begun_with)
    bench.tasks.change_scope(**{name: getattr(scope, name) for name in scope.plain()})
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.change_setting("weights.rgb", 0.625)
    bench.tasks.step()
    present = bench.wait(lambda state: state.report.step == 2).config
    assert json.loads(session_file(bench).read_text())["version"] == 3
    again = launch_again(bench)
    assert again.state.config == present != begun_with
    assert again.state.restored.config == begun_with and again.state.scope == scope
    again.tasks.step()
    again.wait(lambda state: state.report is not None)
    optimizer = again.tasks.stages._optimizer
    assert (optimizer.config, optimizer.scope) == (begun_with, scope)
    assert optimizer.configs == [present]
    again.tasks.stop()


def test_a_session_of_version_1_is_still_read(bench):
    bench.tasks.step(3)
    bench.wait(lambda state: state.report is not None)
    session_file(bench).write_text(json.dumps(FIRST_VERSION))
    again = launch_again(bench)
    state = again.state
    expected = {
        "weights.rgb": 1.5, "weights.geo": 0.25, "weights.joint": 0.75, "weights.keypoint": 0.5,
        "matching.sigma_px": 6.0, "matching.num_samples": 96, "matching.epsilon": 0.3,
        "schedule.learning_rate": 0.002,
    }  # fmt: skip
    assert state.config == with_values(again.engine.default_config(), expected)
    assert state.restored.config == again.engine.default_config() and state.scope == Scope()
    assert (state.includes, state.excludes) == ({5}, {8})
    assert (state.view.frame, state.view.shown, state.view.joint) == (7, "refined", 4)
    assert [point.step for point in state.losses] == [1, 3] and again.titles() == ["Restored"]
    again.tasks.step()
    assert again.wait(lambda state: state.report is not None).report.step == 4
    again.tasks.stop()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"version": 99}', '{"version": 1, "settings": {"lambda_rgb": NaN}}'],
)
def test_a_damaged_session_is_left_alone(bench, content):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    session_file(bench).write_text(content)
    assert_left_alone(bench)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), "2"),
        (("step",), None),
        (("step",), -7),
        (("step",), 0),
        (("step",), 41),
        (("step",), True),
        (("step",), 2.5),
        (("total_steps",), 0),
        (("slot",), "../x"),
        (("preset",), 3),
        (("settings", "weights.geo"), 1e9),
        (("settings", "schedule.epochs"), 10**6),
        (("scope", "locked_joints"), [24]),
        (("scope", "lock_translation"), 1),
        (("view", "joint"), -1),
        (("view",), None),
        (("losses",), [[-1, {"rgb": 0.5}]]),
        (("losses",), [[1]]),
        (("losses",), [5]),
        (("includes",), [1.5]),
        (("total_steps",), float("inf")),
        (("settings",), [1.0]),
        (("settings", "weights.rgb"), float("nan")),
        (("settings", "weights.rgb"), 10**400),
        (("settings", "weights.rgb"), -1.0),
        (("settings", "matching.search"), "everywhere"),
        (("settings", "matching.num_samples"), 7.5),
        (("settings", "no.such"), 1.0),
        (("begun_with",), None),
        (("begun_with", "draft.enabled"), "perhaps"),
        (("scope",), []),
        (("scope", "first"), "soon"),
        (("scope", "locked_frames"), 3),
        (("scope", "locked_joints"), ["elbow"]),
        (("view", "shown"), "nobody"),
        (("view", "frame"), float("inf")),
        (("losses",), [[1, [0.5]]]),
        (("losses",), [[1, {"rgb": float("nan")}]]),
        (("includes",), {"5": None, "x": 1}),
    ],
)
def test_a_session_with_one_wrong_entry_is_left_alone(bench, place, value):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    data = json.loads(session_file(bench).read_text())
    *outer, last = place
    part = data
    for name in outer:
        part = part[name]
    part[last] = value
    session_file(bench).write_text(json.dumps(data))
    assert_left_alone(bench)


def test_a_session_folder_that_cannot_be_written_is_told_once(bench):
    bench.folder = Path("/proc/no/such")
    for count in range(1, 4):
        bench.tasks.step()
        bench.wait(lambda state, count=count: len(state.losses) == count)
    assert bench.titles().count("The session cannot be saved") == 1


def test_the_reason_is_told_in_plain_words(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    data = json.loads(session_file(bench).read_text())
    session_file(bench).write_text(json.dumps(data | {"step": -7}))
    said = assert_left_alone(bench)
    assert "session.json: step is -7, a whole number from 1 to 40 was expected; it is" in said


def test_each_save_leaves_the_one_before_until_it_is_whole(bench, monkeypatch):
    folder = session_file(bench).parent
    slots = []
    for step in range(1, 4):
        bench.tasks.step()
        bench.wait(lambda state, step=step: state.report and state.report.step == step)
        slots.append(json.loads(session_file(bench).read_text())["slot"])
    assert slots == ["", "-2", ""]
    assert (folder / "optimizer.safetensors").read_text() == "3"
    assert (folder / "optimizer-2.safetensors").read_text() == "2"

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "dumps", killed)
    state = bench.state
    with pytest.raises(KeyboardInterrupt):
        bench.tasks.stages._keeper.save(state, bench.tasks.stages._optimizer)
    monkeypatch.undo()
    assert json.loads(session_file(bench).read_text())["slot"] == ""
    assert (folder / "optimizer.safetensors").read_text() == "3"


def test_saving_waits_where_it_takes_long(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(session_keeper.time, "monotonic", lambda: now[0])
    clock = session_keeper.SaveClock()
    assert not clock.is_due(0.1) and clock.is_due(1.0)
    now[0] = 104.0
    clock.saved(103.9)
    now[0] = 104.5
    assert not clock.is_due(1.0), "a fifth of the time would go into saving"
    now[0] = 106.0
    assert clock.is_due(1.0) and not clock.is_due(0.2)
    now[0] = 109.0
    assert clock.is_due(0.2)
