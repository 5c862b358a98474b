import math
from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.clip.crops import PersonCrops
from neuhmr.errors import ClipError, NonFiniteError
from neuhmr.progress import Cancelled
from neuhmr.refine.field.rate import learning_rate
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Run
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings.terms import LossWeights, MatchingConfig
from refine.splat_clip import hip_aligned_error_mm, wrong_by_rotations
from refine.tiny_problem import (
    TINY_CONFIG,
    drafted_problem,
    problem_of,
    tiny_clip,
    tiny_problem,
    with_schedule,
)


def assert_same(first: Motion, second: Motion) -> None:
    assert torch.equal(first.global_orient, second.global_orient)
    assert torch.equal(first.body_pose, second.body_pose)
    assert torch.equal(first.transl, second.transl)


def test_a_new_refiner_starts_at_the_initial_poses_and_renders_the_same_pixels():
    problem = tiny_problem()
    motion = Refiner(problem, TINY_CONFIG).motion()
    # Head weights of gain 1e-5 and 256 inputs of order 1 give residuals of about 1e-5.
    assert torch.allclose(motion.body_pose, problem.initial.body_pose, atol=1e-4)
    assert torch.allclose(motion.transl, problem.initial.transl, atol=1e-4)
    camera = problem.crops.cameras[2]
    before = problem.avatar.render(pose_frame(problem.body, problem.initial, 2), camera, None)
    after = problem.avatar.render(pose_frame(problem.body, motion, 2), camera, None)
    assert torch.allclose(before.colors, after.colors, atol=5e-3)


def test_what_is_locked_keeps_its_pose_bit_for_bit_and_renders_the_same_image():
    problem = replace(
        tiny_problem(), scope=Scope(locked_frames=frozenset({2}), locked_joints=frozenset({0, 4}))
    )
    refiner = Refiner(problem, with_schedule(TINY_CONFIG, epochs=2, root_epochs=0))
    *_, last = refiner.steps()
    initial, refined = problem.initial, last.motion
    assert_same(initial[2:3], refined[2:3])
    assert torch.equal(initial.global_orient, refined.global_orient)
    assert torch.equal(initial.body_pose[:, 3], refined.body_pose[:, 3])
    assert not torch.equal(initial.body_pose[3], refined.body_pose[3])
    assert 2 not in refiner.active_rows
    camera = problem.crops.cameras[2]
    images = [
        problem.avatar.render(pose_frame(problem.body, motion, 2), camera, None).colors
        for motion in (initial, refined)
    ]
    assert torch.equal(*images)


def test_a_range_of_rows_leaves_the_others_alone():
    problem = replace(tiny_problem(), scope=Scope(first=1, last=2, lock_translation=True))
    *_, last = Run(problem, with_schedule(TINY_CONFIG, epochs=1, root_epochs=0)).steps()
    outside = torch.tensor([0, 3, 4, 5])
    assert_same(problem.initial[outside], last.motion[outside])
    assert torch.equal(problem.initial.transl, last.motion.transl)
    assert set(last.rows) == {1, 2}


def test_nothing_left_to_refine_is_an_error():
    problem = replace(tiny_problem(), scope=Scope(first=1, last=1, locked_frames=frozenset({1})))
    with pytest.raises(ClipError, match="Unlock a frame"):
        Refiner(problem, TINY_CONFIG)


def test_only_the_root_moves_in_the_first_epochs():
    problem = tiny_problem()
    refiner = Refiner(problem, with_schedule(TINY_CONFIG, epochs=2, root_epochs=1))
    for _ in range(refiner.steps_per_epoch):
        refiner.step()
    moved = (refiner.motion().body_pose - problem.initial.body_pose).abs().amax()
    turned = (refiner.motion().global_orient - problem.initial.global_orient).abs().amax()
    assert moved < 1e-4 < turned


def test_every_epoch_visits_every_valid_row_once():
    initial = tiny_problem().initial
    valid = torch.tensor([True, True, False, True, True, True])
    problem = replace(tiny_problem(), initial=replace(initial, valid=valid))
    refiner = Refiner(problem, with_schedule(TINY_CONFIG, epochs=2, frames_per_step=2))
    visited: dict[int, list[int]] = {0: [], 1: []}
    for snapshot in refiner.steps():
        visited[snapshot.epoch] += snapshot.rows
    assert sorted(visited[0]) == sorted(visited[1]) == [0, 1, 3, 4, 5]
    assert_same(initial[2:3], refiner.motion()[2:3])


def test_same_seed_gives_the_same_result_and_another_seed_another():
    config = with_schedule(TINY_CONFIG, epochs=1)
    results = [
        list(Run(tiny_problem(), replace(config, seed=seed)).steps())[-1].motion
        for seed in (3, 3, 4)
    ]
    assert_same(results[0], results[1])
    assert not torch.equal(results[0].transl, results[2].transl)


def test_the_seed_decides_the_order_of_the_frames_and_the_fields_first_weights():
    config = with_schedule(TINY_CONFIG, epochs=3, frames_per_step=2)
    first, again, other = (Refiner(tiny_problem(), replace(config, seed=n)) for n in (3, 3, 4))
    weights = [r.state_dict()["field.trunk.0.weight"] for r in (first, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    orders = [[snapshot.rows for snapshot in r.steps()] for r in (first, again, other)]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("steps_before", [0, 1, 3])
def test_stopping_and_resuming_equals_running_through(steps_before: int):
    config = with_schedule(TINY_CONFIG, epochs=2, gradient_norm_interval=2)
    through = Refiner(tiny_problem(), config)
    whole = list(through.steps())
    stopped = Refiner(tiny_problem(), config)
    for _ in range(steps_before):
        stopped.step()
    resumed = Refiner(tiny_problem(), replace(config))
    resumed.load_state_dict(stopped.state_dict())
    rest = list(resumed.steps())
    assert len(rest) == len(whole) - steps_before
    assert_same(through.motion(), resumed.motion())
    assert rest[-1].terms == whole[-1].terms
    assert rest[-1].gradient_norms == whole[-1].gradient_norms


@pytest.mark.parametrize("frames_before", [1, 2, 4])
def test_a_step_that_is_cancelled_amidst_its_frames_has_not_been(frames_before: int):
    config = with_schedule(TINY_CONFIG, epochs=2, frames_per_step=2)
    through, stopped = Refiner(tiny_problem(), config), Refiner(tiny_problem(), config)
    left = [frames_before]

    def on_frame() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        stopped.step(on_frame=on_frame)
    assert stopped.steps_done == 0
    assert_same(stopped.motion(), through.motion())
    assert [s.terms for s in stopped.steps()] == [s.terms for s in through.steps()]
    assert_same(stopped.motion(), through.motion())


def test_a_state_brings_its_draft_along():
    config = with_schedule(TINY_CONFIG, epochs=1)
    drafted = drafted_problem()
    assert drafted.draft is not None
    moved = replace(drafted.draft.pose, transl=drafted.draft.pose.transl + 0.01)
    stopped = Refiner(replace(drafted, draft=replace(drafted.draft, pose=moved)), config)
    stopped.step()
    resumed = Refiner(drafted, config)
    resumed.load_state_dict(stopped.state_dict())
    assert_same(stopped.motion(), resumed.motion())
    for refiner in (stopped, resumed):
        list(refiner.steps())
    assert_same(stopped.motion(), resumed.motion())


def test_refinement_starts_at_the_draft():
    drafted = drafted_problem()
    assert drafted.draft is not None
    moved = replace(drafted.draft.pose, transl=drafted.draft.pose.transl + 0.1)
    problem = replace(drafted, draft=replace(drafted.draft, pose=moved))
    start = Refiner(problem, TINY_CONFIG).motion().transl
    assert torch.allclose(start, problem.initial.transl + 0.1, atol=1e-4)


def test_inspecting_matches_does_not_change_the_run():
    config = with_schedule(TINY_CONFIG, epochs=1)
    plain, inspected = Refiner(tiny_problem(), config), Refiner(tiny_problem(), config)
    first = inspected.matches(1)
    assert torch.equal(first.candidates, inspected.matches(1).candidates)
    list(plain.steps())
    for _ in inspected.steps():
        inspected.matches(0)
    assert_same(plain.motion(), inspected.motion())


def test_matches_follow_live_settings():
    live = replace(TINY_CONFIG, matching=MatchingConfig(sigma_px=0.5, num_samples=7))
    found = Refiner(tiny_problem(), TINY_CONFIG).matches(0, live)
    assert found.candidates.shape == (16, 8, 2)


def test_snapshots_say_what_happened():
    refiner = Refiner(tiny_problem(), with_schedule(TINY_CONFIG, epochs=1))
    snapshot = refiner.step()
    assert (snapshot.step, snapshot.total_steps, snapshot.epoch) == (1, 2, 0)
    assert snapshot.terms.keys() == snapshot.weighted.keys() == snapshot.gradient_norms.keys()
    assert {"rgb", "geo", "joint"} <= snapshot.terms.keys()
    assert snapshot.gradient_norms["geo"] > 0 and 0 <= snapshot.accepted_matches <= 1
    assert snapshot.residual_angle_deg > 0
    assert not snapshot.motion.transl.requires_grad
    assert_same(snapshot.motion, refiner.motion())


def test_live_settings_act_on_the_next_step():
    refiner = Refiner(tiny_problem(), TINY_CONFIG)
    nothing = LossWeights(
        rgb=0.0, geo=0.0, joint=0.0, regularizer=0.0, acceleration=0.0, prior=0.0, root_depth=0.0
    )
    schedule = replace(TINY_CONFIG.schedule, learning_rate=1e-2, epochs=99)
    still = refiner.step(replace(TINY_CONFIG, weights=nothing, schedule=schedule))
    assert still.total_steps == refiner.total_steps, "the number of epochs may not change"
    assert sum(still.weighted.values()) == 0.0
    assert still.learning_rate == pytest.approx(1e-2)
    assert sum(refiner.step().weighted.values()) > 0.0


def test_the_balance_is_the_same_however_many_equal_frames_it_is_measured_on():
    rows, found = torch.full((6,), 2), {}
    problem = tiny_problem()
    same = replace(
        problem,
        crops=replace(problem.crops[rows], frame_index=problem.crops.frame_index),
        initial=replace(problem.initial[rows], frame_index=problem.initial.frame_index),
        features=problem.features[rows],
    )
    for number in (1, 3):
        # Every pixel is looked at, so that no random number has a say.
        config = with_schedule(TINY_CONFIG, epochs=1, stride=1)
        balance = replace(config.balance, num_frames=number, limit=100.0)
        refiner = Refiner(same, replace(config, balance=balance))
        refiner.step()
        state = refiner.state_dict()
        found[number] = {name: float(state[f"factor.{name}"]) for name in ("rgb", "geo")}
    assert found[3] == pytest.approx(found[1], rel=0.05)


def test_learning_rate_falls_along_a_cosine():
    # Ends at the configured rates; half way the mean of both: (1e-3 + 1e-4) / 2 = 5.5e-4.
    schedule = replace(TINY_CONFIG.schedule, learning_rate=1e-3, final_share=0.1)
    assert learning_rate(0, 11, schedule) == pytest.approx(1e-3)
    assert learning_rate(5, 11, schedule) == pytest.approx(5.5e-4)
    assert learning_rate(10, 11, schedule) == pytest.approx(1e-4)
    assert learning_rate(0, 1, schedule) == pytest.approx(1e-3)


def test_a_rate_meant_for_long_clips_makes_up_for_the_steps_of_short_ones():
    schedule = replace(TINY_CONFIG.schedule, learning_rate=1e-6, final_share=0.1, rate_steps=700)
    assert learning_rate(0, 7, schedule) == pytest.approx(1e-4)
    assert learning_rate(6, 7, schedule) == pytest.approx(1e-5)
    assert learning_rate(0, 700, schedule) == pytest.approx(1e-6)
    assert learning_rate(0, 9000, schedule) == pytest.approx(1e-6)


def test_a_finished_refiner_refuses_to_step():
    refiner = Refiner(tiny_problem(), with_schedule(TINY_CONFIG, epochs=1, frames_per_step=6))
    refiner.step()
    assert refiner.finished
    with pytest.raises(ValueError, match="all 1 steps are done"):
        refiner.step()


def poisoned(problem: RefineProblem, row: int) -> RefineProblem:
    masks = problem.crops.masks.clone()
    masks[row, 20, 20] = math.nan
    return replace(problem, crops=replace(problem.crops, masks=masks))


def test_a_pixel_that_is_no_number_stops_with_term_and_frame_and_keeps_the_last_good_state():
    crops = tiny_problem().crops
    numbered = replace(crops, frame_index=crops.frame_index + 100)
    problem = poisoned(replace(tiny_problem(), crops=numbered), row=4)
    config = with_schedule(TINY_CONFIG, epochs=1, frames_per_step=1, fine_stride=1)
    config = replace(config, balance=replace(config.balance, enabled=False))
    refiner = Refiner(problem, config)
    with pytest.raises(NonFiniteError, match=r"The rgb term .* frame 104"):
        list(refiner.steps())
    before = refiner.state_dict()
    assert refiner.motion().transl.isfinite().all()
    with pytest.raises(NonFiniteError):
        refiner.step()
    after = refiner.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_features_that_are_no_numbers_stop_with_the_frame():
    features = tiny_problem().features.clone()
    features[3, 0, 0, 0] = math.inf
    problem = replace(tiny_problem(), features=features)
    with pytest.raises(NonFiniteError, match=r"features of frame 3 .* joint term"):
        list(Run(problem, TINY_CONFIG).steps())


@pytest.mark.slow
def test_refinement_recovers_a_known_perturbation():
    clip = tiny_clip(10)
    initial = wrong_by_rotations(clip.truth, 10.0, 0.05, seed=1)
    config = with_schedule(
        TINY_CONFIG, epochs=40, frames_per_step=5, stride=2, fine_epochs=0, root_epochs=5,
        learning_rate=2e-3, final_share=0.1,
    )  # fmt: skip
    problem = problem_of(clip, initial, config)
    snapshots = list(Run(problem, config).steps())
    body = problem.body
    before = hip_aligned_error_mm(body, initial, clip.truth).mean()
    after = hip_aligned_error_mm(body, snapshots[-1].motion, clip.truth).mean()
    assert sum(snapshots[-1].weighted.values()) < sum(snapshots[0].weighted.values())
    assert after < 0.8 * before, f"{before:.1f} mm became {after:.1f} mm"


def test_crops_are_one_row_per_frame_of_the_motion():
    problem = tiny_problem()
    crops: PersonCrops = problem.crops[:5]
    with pytest.raises(ValueError, match="must agree"):
        replace(problem, crops=crops)
