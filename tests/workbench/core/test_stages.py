"""Which stages are done anew when settings or the scope have changed since."""

import time

import pytest

from neuhmr.errors import OutputError
from tests.workbench.bench import launch_again
from workbench.errors import WorkbenchError


def counts(bench):
    return tuple(bench.engine.calls.count(verb) for verb in ("build_avatar", "register"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("draft.steps", 50, (2, 2)),
        ("draft.enabled", False, (2, 2)),
        ("anchors.least_inside", 0.75, (1, 2)),
        ("matching.epsilon", 0.3, (1, 2)),
        ("matching.sigma_px", 9.0, (1, 1)),
        ("weights.rgb", 3.0, (1, 1)),
        ("schedule.epochs", 2, (1, 1)),
        ("guard.bias", 2.0, (1, 1)),
    ],
)
def test_a_run_does_anew_what_was_made_with_other_settings(bench, name, value, expected):
    bench.tasks.register()
    bench.wait(lambda state: state.anchors is not None)
    assert counts(bench) == (1, 1)
    bench.tasks.change_setting(name, value)
    bench.tasks.step()
    state = bench.wait(lambda state: state.report is not None)
    assert counts(bench) == expected
    assert state.avatar.config.draft == state.config.draft
    # Also what counts from the start only, though an optimizer was there since Register.
    assert bench.tasks.stages._optimizer.config == state.config
    bench.tasks.step()
    bench.wait(lambda state: state.report.step == 2)
    assert counts(bench) == expected and bench.engine.calls.count("make_optimizer") == 2


def test_nothing_is_done_anew_while_an_optimizer_is_under_way(bench):
    bench.tasks.step()
    begun_with = bench.wait(lambda state: state.report is not None).config
    for name, value in (("draft.steps", 50), ("matching.epsilon", 0.3), ("schedule.epochs", 2)):
        bench.tasks.change_setting(name, value)
    bench.tasks.step()
    bench.wait(lambda state: state.report.step == 2)
    bench.tasks.judge()
    bench.wait(lambda state: state.judged is not None)
    assert counts(bench) == (1, 1)
    assert bench.tasks.stages._optimizer.config == begun_with
    bench.tasks.reset()
    bench.tasks.step()
    assert bench.wait(lambda state: state.report is not None).report.step == 1
    assert counts(bench) == (2, 2)


def test_register_drafts_anew_first_if_that_has_changed(bench):
    bench.tasks.build_avatar()
    bench.wait(lambda state: state.avatar is not None)
    bench.tasks.change_setting("draft.steps", 50)
    bench.tasks.register()
    bench.wait(lambda state: state.anchors is not None)
    assert counts(bench) == (2, 1) and bench.state.avatar.config.draft.steps == 50


def test_an_untouched_optimizer_is_not_made_twice(bench):
    bench.tasks.register()
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    assert bench.engine.calls.count("make_optimizer") == 1


def test_the_scope_reaches_the_optimizer_also_if_it_changed_after_register(bench):
    bench.tasks.change_scope(first=4, locked_joints=frozenset({15}))
    bench.tasks.register()
    bench.wait(lambda state: state.anchors is not None)
    bench.tasks.change_scope(last=20, lock_translation=True)
    bench.tasks.step()
    scope = bench.wait(lambda state: state.report is not None).scope
    assert bench.tasks.stages._optimizer.scope == scope
    assert (scope.first, scope.last, scope.locked_joints) == (4, 20, {15})
    assert scope.lock_translation


def test_the_scope_is_fixed_once_something_was_refined_until_reset(bench):
    bench.tasks.step()
    before = bench.wait(lambda state: state.report is not None).scope
    with pytest.raises(WorkbenchError, match="press Reset"):
        bench.tasks.change_scope(first=4)
    assert bench.state.scope == before
    bench.tasks.reset()
    bench.wait(lambda state: state.refined is None)
    bench.tasks.change_scope(first=4)
    assert bench.state.scope.first == 4


def test_the_scope_is_fixed_as_soon_as_a_run_begins(slow_bench):
    bench = slow_bench
    bench.tasks.run()
    while "build_avatar" not in bench.engine.calls:
        time.sleep(0.002)
    with pytest.raises(WorkbenchError):
        bench.tasks.change_scope(first=4)
    bench.tasks.cancel()
    bench.wait(lambda state: state.phase != "running")


def test_an_optimizer_that_cannot_be_loaded_begins_with_what_is_set_now(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.change_setting("draft.steps", 50)
    bench.tasks.step()
    bench.wait(lambda state: state.report.step == 2)
    again = launch_again(bench)
    again.engine.failures["load"] = OutputError("belongs to another run")
    again.tasks.step()
    state = again.wait(lambda state: state.report is not None)
    assert state.report.step == 1 and state.config.draft.steps == 50
    assert again.tasks.stages._optimizer.config == state.config
    assert state.avatar.config.draft.steps == 50
    again.tasks.stop()
