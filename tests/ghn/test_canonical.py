"""The canonical space: exact cycles, gradients, independence of pose correctives."""

from collections.abc import Callable

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skinning import blend_bones
from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.ghn.canonical import canonical_body, rest_offsets
from tests.synthetic_body import make_synthetic_body


def random_pose(seed: int, scale: float = 0.5):
    generator = torch.Generator().manual_seed(seed)
    body_pose = axisangle_to_rotmat(torch.randn(23, 3, generator=generator) * scale)
    orient = axisangle_to_rotmat(torch.randn(3, generator=generator))
    return body_pose, orient, torch.tensor([0.1, -0.2, 3.0])


@pytest.mark.parametrize("load", [make_synthetic_body, load_body_model])
def test_going_to_rest_offsets_and_back_is_exact(load: Callable[[], SmplModel]) -> None:
    body = load().with_shape(torch.zeros(10))
    posed = body.with_pose(*random_pose(0))
    weights = body.model.lbs_weights
    generator = torch.Generator().manual_seed(1)
    nearest = torch.randint(len(weights), (500,), generator=generator)
    points = posed.vertices[nearest] + 0.02 * torch.randn(500, 3, generator=generator)
    offsets = rest_offsets(points, nearest, posed, weights)
    linear, _ = blend_bones(weights, posed.bones)
    returned = (linear[nearest] @ offsets[..., None])[..., 0] + posed.vertices[nearest]
    assert (returned - points).abs().max().item() < 1e-5


def test_vertices_themselves_have_no_rest_offset() -> None:
    body = make_synthetic_body().with_shape(torch.zeros(10))
    posed = body.with_pose(*random_pose(2))
    nearest = torch.arange(len(posed.vertices))
    offsets = rest_offsets(posed.vertices, nearest, posed, body.model.lbs_weights)
    assert offsets.abs().max().item() == 0.0


def test_a_rigid_body_keeps_offsets_rotated() -> None:
    # With every joint at rest, a turn by R turns offsets by R: the rest offset is R^T times it.
    body = make_synthetic_body().with_shape(torch.zeros(10))
    orient = axisangle_to_rotmat(torch.tensor([0.3, 1.2, -0.4]))
    pose = torch.eye(3).repeat(23, 1, 1)
    posed = body.with_pose(pose, orient, torch.tensor([0.0, 0.0, 2.0]))
    shift = torch.tensor([0.01, 0.02, -0.03])
    nearest = torch.arange(20)
    offsets = rest_offsets(posed.vertices[:20] + shift, nearest, posed, body.model.lbs_weights)
    torch.testing.assert_close(offsets, (orient.T @ shift).expand(20, 3), atol=1e-5, rtol=0)


def test_gradients_with_respect_to_the_pose_match_finite_differences() -> None:
    model = make_synthetic_body().to(torch.float64)
    body = model.with_shape(torch.zeros(10, dtype=torch.float64))
    generator = torch.Generator().manual_seed(3)
    nearest = torch.randint(len(model.lbs_weights), (6,), generator=generator)
    points = torch.randn(6, 3, generator=generator, dtype=torch.float64) * 0.1

    def offsets_of(axisangle: torch.Tensor, transl: torch.Tensor) -> torch.Tensor:
        rotmats = axisangle_to_rotmat(axisangle)
        posed = body.with_pose(rotmats[1:], rotmats[0], transl)
        return rest_offsets(points, nearest, posed, model.lbs_weights)

    axisangle = torch.randn(24, 3, generator=generator, dtype=torch.float64) * 0.3
    transl = torch.zeros(3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        offsets_of, (axisangle.requires_grad_(), transl.requires_grad_()), atol=1e-6
    )


def test_the_canonical_star_spreads_the_legs_and_keeps_the_arms_level() -> None:
    body = make_synthetic_body().with_shape(torch.zeros(10))
    canonical = canonical_body(body)
    rest = body.v_shaped
    assert canonical.vertices[:, 0].max() - canonical.vertices[:, 0].min() > 0
    left_leg = body.model.lbs_weights[:, [4, 7]].sum(dim=1) > 0.9
    assert canonical.vertices[left_leg, 0].mean() > rest[left_leg, 0].mean() + 0.1
    left_arm = body.model.lbs_weights[:, [18, 20]].sum(dim=1) > 0.9
    torch.testing.assert_close(canonical.vertices[left_arm], rest[left_arm], atol=1e-4, rtol=0)


def test_bones_that_oppose_each_other_leave_offsets_and_gradients_finite() -> None:
    # A forearm twisted by 180 degrees: where both bones have equal weights, their rotations cancel.
    body = make_synthetic_body().with_shape(torch.zeros(10))
    twist = torch.zeros(23, 3)
    twist[17, 0] = torch.pi
    twist.requires_grad_()
    posed = body.with_pose(axisangle_to_rotmat(twist), torch.eye(3), torch.zeros(3))
    weights = body.model.lbs_weights
    linear, _ = blend_bones(weights, posed.bones)
    assert torch.linalg.det(linear).min() < 0.05
    nearest = torch.arange(len(weights))
    offsets = rest_offsets(posed.vertices.detach() + 0.02, nearest, posed, weights)
    assert offsets.abs().max() < 0.5
    offsets.sum().backward()
    assert twist.grad is not None and torch.isfinite(twist.grad).all()
