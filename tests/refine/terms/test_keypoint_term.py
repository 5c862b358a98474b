"""The keypoint term, from its value to what it does to an arm."""

from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.body.body25 import KEYPOINT_JOINTS, KEYPOINT_VERTICES, body25_points
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d
from neuhmr.refine.draft.draft import Draft
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.priors.ground import Ground
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Run
from neuhmr.refine.settings import RefineConfig, preset
from neuhmr.refine.terms import keypoint_search
from neuhmr.refine.terms.frame_batch import make_batch
from neuhmr.refine.terms.objective import TERM_NAMES, TOTAL, Objective, evaluate_objective
from refine.untrained_heatmaps import untrained_heatmaps
from tests.refine.walker_problem import (
    BY_KEYPOINTS,
    FRAMES,
    UNMOVED,
    cameras,
    open_body,
    walk,
    walker_problem,
    with_wrong_arm,
)

KEYPOINT = "keypoint"
LAMBDAS = dict.fromkeys((*TERM_NAMES, KEYPOINT), 0.0) | {KEYPOINT: 1.0}
PLAIN = replace(BY_KEYPOINTS, robust=replace(BY_KEYPOINTS.robust, joint_scale_px=0.0))
LEFT_ARM = (18, 20)  # Elbow and wrist.


def seen_in(motion: Motion, confidence: float = 1.0) -> FrameKeypoints:
    """Keypoints exactly where a motion has them."""
    body = open_body().with_shape(motion.betas)
    points = [
        cameras()[row].project(body25_points(pose_frame(body, motion, row)))
        for row in range(FRAMES)
    ]
    looked = torch.ones(FRAMES, dtype=torch.bool)
    return FrameKeypoints(torch.stack(points), torch.full((FRAMES, 25), confidence), looked)


def as_found(keypoints: FrameKeypoints, row: int) -> Keypoints2d:
    confidence = keypoints.confidence[row]
    return Keypoints2d(keypoints.points[row], confidence, confidence > 0.0)


def evaluate(
    problem: RefineProblem,
    config: RefineConfig,
    pose: LocalPose | None = None,
    rows: tuple[int, ...] = (1, 2),
) -> Objective:
    batch = make_batch(rows, problem.initial)
    if pose is None:
        pose = LocalPose.from_motion(problem.initial)[batch.context]
    seeded = torch.Generator().manual_seed(0)
    return evaluate_objective(problem, config, LAMBDAS, pose, batch, 24, seeded)


@pytest.fixture
def with_search(monkeypatch: pytest.MonkeyPatch):
    """A problem whose heatmaps find what is given, and the list of (row, poses) of all searches."""
    searches: list[tuple[int, Motion]] = []

    def arrange(initial: Motion, finds: FrameKeypoints) -> RefineProblem:
        def search(problem: RefineProblem, poses: Motion, row: int) -> Keypoints2d:
            searches.append((row, poses))
            return as_found(finds, row)

        monkeypatch.setattr(keypoint_search, "keypoints_in_frame", search)
        return replace(walker_problem(initial), heatmaps=untrained_heatmaps())

    return arrange, searches


def assert_same(first: Motion, second: Motion) -> None:
    assert torch.equal(first.body_pose, second.body_pose)
    assert torch.equal(first.global_orient, second.global_orient)
    assert torch.equal(first.transl, second.transl)


def test_no_preset_looks_for_keypoints():
    assert {preset(name).weights.keypoint for name in ("fast", "paper")} == {0.0}


def test_the_term_is_the_mean_of_weighted_squared_distances(generator: torch.Generator):
    initial = with_wrong_arm(walk(), 20.0)
    found = seen_in(walk())
    confidence = torch.rand(FRAMES, 25, generator=generator)
    confidence[:, ::4] = 0.0
    problem = walker_problem(initial, replace(found, confidence=confidence))
    total = 0.0
    for row in (1, 2):
        posed = initial[row : row + 1].pose(open_body())[0]
        for keypoint in range(25):
            place = (
                posed.joints[KEYPOINT_JOINTS[keypoint]]
                if keypoint in KEYPOINT_JOINTS
                else posed.vertices[KEYPOINT_VERTICES[keypoint]]
            )
            flat = cameras().K[row] @ place
            off = flat[:2] / flat[2] - found.points[row, keypoint]
            total += float(confidence[row, keypoint] * (off @ off))
    assert total > 1.0
    value = evaluate(problem, PLAIN).terms[KEYPOINT]
    assert value == pytest.approx(total / (2 * 25), rel=1e-3)
    # e^2 / (1 + e^2 / s^2) of distances far below s is hardly less than e^2, and s^2 bounds it.
    robust = evaluate(problem, BY_KEYPOINTS).terms[KEYPOINT]
    assert 0.2 * value < robust < value


def test_gradients_agree_with_finite_differences(generator: torch.Generator):
    problem = walker_problem(walk(), seen_in(with_wrong_arm(walk(), 25.0), confidence=0.5))
    batch = make_batch((1, 2), problem.initial)
    start = LocalPose.from_motion(problem.initial)[batch.context]
    gradient = evaluate(problem, PLAIN, start).gradients[TOTAL]
    # Uphill, the change is large against the rounding of single precision.
    local = start.rotmat.transpose(-1, -2) @ gradient.rotmat
    skew = local - local.transpose(-1, -2)
    turns = torch.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], dim=-1)
    turns = turns / turns.norm()
    shift = gradient.transl / gradient.transl.norm()
    step = 2e-3

    def moved(size: float) -> LocalPose:
        turned = start.rotmat @ axisangle_to_rotmat(size * turns)
        return LocalPose(turned, start.transl + size * shift)

    above, below = moved(step), moved(-step)
    values = [evaluate(problem, PLAIN, pose).terms[KEYPOINT] for pose in (above, below)]
    ambient = (above.rotmat - below.rotmat) / (2 * step)
    predicted = float((gradient.rotmat * ambient).sum() + (gradient.transl * shift).sum())
    assert predicted > 0.0
    assert (values[0] - values[1]) / (2 * step) == pytest.approx(predicted, rel=0.02)


def test_keypoints_that_were_not_found_cost_nothing():
    missing = seen_in(with_wrong_arm(walk(), 40.0), confidence=0.0)
    found = evaluate(walker_problem(walk(), missing), BY_KEYPOINTS)
    assert found.terms[KEYPOINT] == 0.0
    assert not found.gradients[TOTAL].rotmat.any() and not found.gradients[TOTAL].transl.any()


def test_without_weight_nothing_is_looked_for_and_nothing_changes(with_search):
    arrange, searches = with_search
    initial = with_wrong_arm(walk(), 20.0)
    config = replace(
        UNMOVED, weights=replace(UNMOVED.weights, rgb=1.0, geo=1.0, acceleration=0.05, prior=0.2)
    )
    searching = arrange(initial, seen_in(walk()))
    *_, plain = Run(walker_problem(initial), config).steps()
    *_, able = Run(searching, config).steps()
    *_, knowing = Run(replace(searching, keypoints=seen_in(walk())), config).steps()
    assert searches == []
    assert KEYPOINT not in able.terms.keys() | able.weighted.keys() | able.gradient_norms.keys()
    assert plain.terms == able.terms == knowing.terms
    assert_same(plain.motion, able.motion)
    assert_same(plain.motion, knowing.motion)
    *_, pulled = Run(
        searching, replace(config, weights=replace(config.weights, keypoint=1.0))
    ).steps()
    assert pulled.weighted[KEYPOINT] > 0.0
    assert not torch.equal(plain.motion.body_pose, pulled.motion.body_pose)


def test_every_frame_is_looked_at_once_where_refinement_starts(with_search):
    arrange, searches = with_search
    problem = arrange(walk(), seen_in(walk()))
    moved = LocalPose.from_motion(walk())
    moved = replace(moved, transl=moved.transl + 0.1)
    up = torch.tensor([0.0, -1.0, 0.0]).expand(FRAMES, 3).clone()
    problem = replace(problem, draft=Draft(moved, Ground(up, torch.zeros(FRAMES))))
    refiner = Refiner(problem, BY_KEYPOINTS)
    assert searches == []
    refiner.find_keypoints()
    assert [row for row, _ in searches] == list(range(FRAMES))
    assert all(torch.equal(poses.transl, moved.transl) for _, poses in searches)
    list(refiner.steps())
    assert len(searches) == FRAMES
    assert problem.keypoints is None and refiner.problem.keypoints is not None
    assert refiner.problem.keypoints.found_share() == 1.0


def test_invalid_frames_are_not_looked_at(with_search):
    arrange, searches = with_search
    valid = torch.tensor([True, True, False, True])
    list(Run(arrange(replace(walk(), valid=valid), seen_in(walk())), BY_KEYPOINTS).steps())
    assert sorted(row for row, _ in searches) == [0, 1, 3]


def test_raised_on_the_way_keypoints_get_their_balance_and_are_part_of_the_state(with_search):
    arrange, searches = with_search
    problem = arrange(walk(), seen_in(with_wrong_arm(walk(), 20.0)))
    config = replace(UNMOVED, weights=replace(UNMOVED.weights, prior=0.2))
    raised = replace(config, weights=replace(config.weights, keypoint=0.5))
    refiner = Refiner(problem, config)
    refiner.step()
    before = refiner.state_dict()
    assert "factor.keypoint" not in before and "keypoints.points" not in before
    first = refiner.step(raised)
    state, looked = refiner.state_dict(), len(searches)
    assert looked == FRAMES
    for name in ("factor.rgb", "factor.geo", "factor.joint"):
        assert torch.equal(state[name], before[name])
    factor = float(state["factor.keypoint"])
    assert first.weighted[KEYPOINT] == pytest.approx(0.5 * factor * first.terms[KEYPOINT])
    resumed = Refiner(problem, config)
    resumed.load_state_dict(state)
    assert_same(resumed.step(raised).motion, refiner.step(raised).motion)
    assert len(searches) == looked, "frames were looked at again"
    lowered = refiner.step()
    assert KEYPOINT not in lowered.terms


def test_without_heatmaps_the_term_is_refused():
    with pytest.raises(ValueError, match=r"no heatmaps .* set RefineProblem\.heatmaps"):
        Refiner(walker_problem(walk()), BY_KEYPOINTS).step()
    with pytest.raises(ValueError, match="call look_for_keypoints first"):
        evaluate(walker_problem(walk()), BY_KEYPOINTS)


def test_true_keypoints_move_a_wrong_arm_towards_the_truth():
    truth = walk()
    initial = with_wrong_arm(truth, 30.0)
    schedule = replace(BY_KEYPOINTS.schedule, epochs=15, learning_rate=2e-3, final_share=0.1)
    config = replace(BY_KEYPOINTS, schedule=schedule)
    weights = replace(config.weights, acceleration=0.001, prior=0.2, root_depth=100.0)
    problem = walker_problem(initial, seen_in(truth, confidence=0.6))
    first, *_, last = Run(problem, replace(config, weights=weights)).steps()
    assert last.weighted[KEYPOINT] < 0.6 * first.weighted[KEYPOINT]
    wanted = frame_joints(problem.body, truth)

    def errors_mm(motion: Motion) -> torch.Tensor:
        return 1000.0 * (frame_joints(problem.body, motion) - wanted).norm(dim=-1).mean(dim=0)

    before, after = errors_mm(initial), errors_mm(last.motion)
    arm = list(LEFT_ARM)
    assert before[arm].min() > 50.0
    assert (after[arm] < 0.5 * before[arm]).all(), (before[arm], after[arm])
