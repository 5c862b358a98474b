from dataclasses import replace

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.terms import frame_terms as frame_terms_module
from neuhmr.refine.terms.frame_batch import make_batch
from neuhmr.refine.terms.objective import TERM_NAMES, TOTAL, Objective, evaluate_objective
from refine.tiny_problem import TINY_CONFIG, drafted_problem, tiny_problem

LAMBDAS = dict.fromkeys(TERM_NAMES, 1.0)
# A wide robust scale: the narrow one bends too much within the step of a finite difference.
GRID = replace(
    TINY_CONFIG,
    matching=replace(TINY_CONFIG.matching, search="grid"),
    robust=replace(TINY_CONFIG.robust, rgb_scale=1.0),
)


def evaluate(
    pose: LocalPose | None = None, lambdas: dict[str, float] = LAMBDAS, per_term: bool = False
) -> Objective:
    problem = drafted_problem()
    batch = make_batch([1, 4], problem.initial)
    if pose is None:
        pose = LocalPose.from_motion(problem.initial)[batch.context]
    seeded = torch.Generator().manual_seed(0)
    return evaluate_objective(problem, GRID, lambdas, pose, batch, 2, seeded, per_term)


def test_the_total_gradient_is_the_sum_of_the_terms():
    lambdas = {name: 0.5 + index for index, name in enumerate(TERM_NAMES)}
    total = evaluate(lambdas=lambdas).gradients[TOTAL]
    parts = evaluate(per_term=True).gradients
    rotmat = sum(parts[name].rotmat * lambdas[name] for name in TERM_NAMES)
    transl = sum(parts[name].transl * lambdas[name] for name in TERM_NAMES)
    assert torch.allclose(total.rotmat, rotmat, rtol=1e-3, atol=1e-4)
    assert torch.allclose(total.transl, transl, rtol=1e-3, atol=1e-4)


def uphill(rotmat: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Small turns, from the right, along which a term grows fastest."""
    local = rotmat.transpose(-1, -2) @ gradient
    skew = local - local.transpose(-1, -2)
    turns = torch.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], dim=-1)
    return turns / turns.norm().clamp_min(1e-9)


@pytest.mark.parametrize(
    "term", ["rgb", "geo", "acceleration", "prior", "plausibility", "floor", "root_depth"]
)
def test_gradients_agree_with_finite_differences(term: str, generator: torch.Generator):
    problem = tiny_problem()
    batch = make_batch([1, 4], problem.initial)
    start = LocalPose.from_motion(problem.initial)[batch.context]
    turns = 0.1 * torch.randn(*start.rotmat.shape[:2], 3, generator=generator)
    start = LocalPose(
        start.rotmat @ axisangle_to_rotmat(turns), start.transl + torch.tensor([0.0, 0.0, 0.1])
    )
    gradient = evaluate(start, per_term=True).gradients[term]
    # Uphill, the change is large against the rounding of single precision.
    direction = uphill(start.rotmat, gradient.rotmat)
    shift = gradient.transl / gradient.transl.norm().clamp_min(1e-9)
    step = 2e-3

    def moved(size: float) -> LocalPose:
        turned = start.rotmat @ axisangle_to_rotmat(size * direction)
        return LocalPose(turned, start.transl + size * shift)

    above, below = moved(step), moved(-step)
    measured = (evaluate(above).terms[term] - evaluate(below).terms[term]) / (2 * step)
    ambient = (above.rotmat - below.rotmat) / (2 * step)
    predicted = float((gradient.rotmat * ambient).sum() + (gradient.transl * shift).sum())
    assert predicted > 0.0
    assert measured == pytest.approx(predicted, rel=0.02)


def test_only_the_context_of_the_rows_gets_a_gradient():
    problem = tiny_problem()
    batch = make_batch([1], problem.initial)
    pose = LocalPose.from_motion(problem.initial)[batch.context]
    seeded = torch.Generator().manual_seed(0)
    no_smoothing = LAMBDAS | {"acceleration": 0.0}
    found = evaluate_objective(problem, GRID, no_smoothing, pose, batch, 2, seeded)
    sizes = found.gradients[TOTAL].rotmat.flatten(1).norm(dim=1)
    assert batch.context.tolist() == [0, 1, 2]
    assert sizes[1] > 0.0 and sizes[0] == sizes[2] == 0.0


def test_nothing_but_joints_is_rendered_where_pixels_do_not_count(monkeypatch: pytest.MonkeyPatch):
    def never(*_: object) -> None:
        raise AssertionError("an image was rendered")

    monkeypatch.setattr(frame_terms_module, "render_terms", never)
    found = evaluate(lambdas=LAMBDAS | {"rgb": 0.0, "geo": 0.0})
    assert found.terms["rgb"] == found.terms["geo"] == 0.0
    assert found.terms["joint"] > 0.0


def test_terms_are_means_over_rows():
    problem = tiny_problem()
    values = []
    for rows in ([1], [4], [1, 4]):
        batch = make_batch(rows, problem.initial)
        pose = LocalPose.from_motion(problem.initial)[batch.context]
        seeded = torch.Generator().manual_seed(0)
        # A stride of 1 has no random offset.
        values.append(evaluate_objective(problem, GRID, LAMBDAS, pose, batch, 1, seeded).terms)
    for name in TERM_NAMES:
        mean = (values[0][name] + values[1][name]) / 2
        assert values[2][name] == pytest.approx(mean, rel=1e-4, abs=1e-9)
