"""A refinement under way: it steps, stops, goes on, and is judged."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.errors import OutputError
from neuhmr.pipeline import (
    prepare,
)
from neuhmr.progress import Cancelled
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Run
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig, with_values
from refine.quick_way import (
    CONFIG,
    ROWS,
    assert_same,
    finished_run,
    is_same,
    problem,
    refined,
    stop_at,
    straight,
    subject,
    with_setting,
)
from refine.tiny_problem import tiny_clip
from refine.untrained_heatmaps import untrained_heatmaps


def test_settings_of_a_step_last_as_long_as_they_are_given():
    heavy, run, plain = with_setting("weights.rgb", 4.0), Run(problem(), CONFIG), None
    for live in (None, heavy, None):
        plain = run.step(live)
    assert plain is not None
    through = Run(problem(), CONFIG)
    *_, expected = (through.step() for _ in range(3))
    assert not torch.equal(plain.motion.transl, expected.motion.transl)
    # Both balances are equal, so what a term counts is again what it counted before.
    ratio = plain.weighted["rgb"] / plain.terms["rgb"]
    assert ratio == pytest.approx(expected.weighted["rgb"] / expected.terms["rgb"])


def test_a_slow_clip_is_refined_by_settings_of_its_own_rate():
    slow = replace(problem(), fps=10.0)
    run, usual = Run(slow, CONFIG), Run(problem(), CONFIG)
    assert run.refiner.config == CONFIG.at_rate(10.0) != CONFIG
    centers = [r.refiner.state_dict()["field.trunk.0.weight"].shape[1] for r in (run, usual)]
    # One center for 1.5 frames of 30 a second: for one frame at least at 10.
    assert centers == [6, 4]
    assert run.live_config(CONFIG) == CONFIG.at_rate(10.0)
    assert usual.live_config(CONFIG) == CONFIG
    assert not is_same(refined(slow, CONFIG).refined, refined(problem(), CONFIG).refined)


def test_settings_of_a_step_are_adapted_to_the_clips_rate_too():
    slow = replace(problem(), fps=10.0)
    given, plain = Run(slow, CONFIG), Run(slow, CONFIG)
    for _ in range(2):
        assert given.step(CONFIG).weighted == plain.step().weighted
    live = given.live_config(with_setting("weights.acceleration", 0.5))
    assert live.weights.acceleration == 0.5
    assert live.draft.sigma_acceleration == pytest.approx(9.0 * CONFIG.draft.sigma_acceleration)


def test_a_search_for_keypoints_says_how_it_gets_on():
    looking = replace(problem(), heatmaps=untrained_heatmaps())
    run = Run(looking, with_setting("weights.keypoint", 1.0))
    with pytest.raises(Cancelled):
        run.find_keypoints(stop_at("Finding keypoints"))
    with pytest.raises(ValueError, match="no heatmaps"):
        Run(replace(problem(), heatmaps=None), run.config).step()


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_saved_run_goes_on_as_if_it_had_never_stopped(steps: int, tmp_path: Path) -> None:
    stopped = Run(problem(), CONFIG)
    for _ in range(steps):
        stopped.step()
    stopped.save(tmp_path / "run")
    resumed = Run(problem(), CONFIG)
    resumed.load(tmp_path / "run")
    assert resumed.refiner.steps_done == steps and not resumed.finished
    rest = list(resumed.steps())
    assert len(rest) == resumed.refiner.total_steps - steps and resumed.finished
    assert_same(resumed.result().motion, straight("seed", 0).motion)


def other_anchors() -> RefineProblem:
    selection = problem().selection
    swapped = replace(selection, anchors=selection.anchors[::-1])
    return replace(problem(), selection=swapped)


@pytest.mark.parametrize(
    "other",
    [
        lambda: Run(other_anchors(), CONFIG),
        lambda: Run(replace(problem(), scope=Scope(locked_joints=frozenset({4}))), CONFIG),
        lambda: Run(problem(), with_setting("weights.rgb", 2.0)),
        lambda: Run(problem(), with_setting("seed", 1)),
        lambda: Run(replace(problem(), fps=10.0), CONFIG),
        lambda: Run(replace(problem(), initial=tiny_clip(ROWS).truth), CONFIG),
    ],
    ids=["anchors", "scope", "settings", "seed", "rate", "poses"],
)
def test_a_saved_run_is_refused_by_another(other: Callable[[], Run], tmp_path: Path) -> None:
    run = Run(problem(), CONFIG)
    run.step()
    run.save(tmp_path / "run")
    refusing = other()
    with pytest.raises(OutputError, match="belongs to a run with other"):
        refusing.load(tmp_path / "run")
    assert refusing.refiner.steps_done == 0


def judged(problem: RefineProblem, steps: int = 99, **changes: float) -> tuple[Run, RefineConfig]:
    config = with_values(CONFIG, {f"guard.{name}": value for name, value in changes.items()})
    run = Run(problem, config)
    while run.refiner.steps_done < steps and not run.finished:
        run.step()
    return run, config


def test_the_guard_gives_back_initial_poses_and_its_absence_does_not():
    run, _ = judged(problem(), bias=-10.0)
    guarded = run.result()
    assert_same(guarded.motion, problem().initial)
    assert guarded.reverted_frames == tuple(range(ROWS))
    assert_same(guarded.refined, run.refiner.motion())
    for free in (
        run.result(keep_refined=True),
        run.result(config=with_values(run.config, {"guard.enabled": False})),
    ):
        assert_same(free.motion, guarded.refined)
        assert free.reverted_frames == ()
    assert not is_same(guarded.motion, guarded.refined)


def test_the_guard_of_the_run_is_asked_where_no_other_is_given():
    off = with_values(CONFIG, {"guard.enabled": False, "guard.bias": -10.0})
    run = Run(problem(), off)
    run.step()
    assert_same(run.result().motion, run.refiner.motion())
    on = with_values(off, {"guard.enabled": True})
    assert_same(run.result(config=on).motion, problem().initial)


def test_frames_that_keep_most_of_the_refined_pose_are_not_given_back():
    # Without anything to tell but the bias, every share is 0.5 + bias.
    silent = {"rgb": 0, "geo": 0, "similarity": 0, "implausibility": 0, "off_floor": 0}
    for bias, reverted in ((-0.1, tuple(range(ROWS))), (0.1, ()), (0.0, ())):
        result = judged(problem(), 2, bias=bias, **silent)[0].result()
        assert result.guarded.shares == pytest.approx([0.5 + bias] * ROWS)
        assert result.reverted_frames == reverted
        assert not is_same(result.motion, result.refined)


def test_a_result_says_how_far_the_run_came():
    run, _ = judged(problem(), 1)
    early = run.result()
    assert (early.steps, early.total_steps, early.is_complete) == (1, 4, False)
    late = finished_run().result()
    assert (late.steps, late.total_steps, late.is_complete) == (4, 4, True)
    report = late.report(12.0)
    assert (report.steps, report.seconds, report.config) == (4, 12.0, CONFIG)
    assert report.anchor_frames == tuple(late.problem.selection.anchors)
    assert report.mean_change_deg > 0.0


def test_reverted_frames_are_numbered_as_in_the_video():
    numbers = torch.arange(ROWS) * 2 + 10
    crops = replace(problem().crops, frame_index=numbers)
    later = replace(problem(), crops=crops, initial=replace(problem().initial, frame_index=numbers))
    run, _ = judged(later, 1, bias=-10.0)
    assert run.result().reverted_frames == (10, 12, 14, 16, 18, 20)


SCOPE = Scope(
    first=1,
    locked_frames=frozenset({3}),
    locked_joints=frozenset({0, 4, 16}),
    lock_translation=True,
)


@pytest.mark.parametrize("bias", [20.0, 0.0, -0.2, -10.0])
def test_what_is_locked_comes_out_bit_for_bit_also_where_the_guard_blends(bias: float) -> None:
    silent = {"rgb": 0, "geo": 0, "similarity": 0, "implausibility": 0, "off_floor": 0}
    locked = prepare(subject(), CONFIG, scope=SCOPE)
    result = judged(locked, bias=bias, **silent)[0].result()
    initial, motion = subject().initial, result.motion
    assert_same(motion[torch.tensor([0, 3])], initial[torch.tensor([0, 3])])
    assert torch.equal(motion.global_orient, initial.global_orient)
    assert torch.equal(motion.transl, initial.transl)
    assert torch.equal(motion.body_pose[:, [3, 15]], initial.body_pose[:, [3, 15]])
    assert result.guarded.rows == (1, 2, 4, 5)
    free = motion.body_pose[:, 5] != initial.body_pose[:, 5]
    assert bool(free.any()) == (bias > -1.0)
