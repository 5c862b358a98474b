import math

import pytest
import torch

from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat

BATCHES = [(), (1,), (3, 1, 2)]


def random_rigid(generator, *batch) -> Rigid:
    return Rigid(
        axisangle_to_rotmat(torch.randn(*batch, 3, generator=generator, dtype=torch.float64)),
        torch.randn(*batch, 3, generator=generator, dtype=torch.float64),
    )


def test_rotation_comes_before_translation():
    # A quarter turn about z takes (1, 0, 0) to (0, 1, 0), then 10 is added to x.
    quarter = axisangle_to_rotmat(torch.tensor([0.0, 0.0, math.pi / 2]))
    moved = Rigid(quarter, torch.tensor([10.0, 0.0, 0.0])).apply(torch.tensor([1.0, 0.0, 0.0]))
    torch.testing.assert_close(moved, torch.tensor([10.0, 1.0, 0.0]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("batch", BATCHES)
def test_chains_and_inverses_agree_with_homogeneous_matrices(generator, batch):
    T_a_b, T_b_c = random_rigid(generator, *batch), random_rigid(generator, *batch)
    T_a_c = T_a_b @ T_b_c
    torch.testing.assert_close(T_a_c.as_matrix(), T_a_b.as_matrix() @ T_b_c.as_matrix())
    torch.testing.assert_close(T_a_b.inverse().as_matrix(), torch.linalg.inv(T_a_b.as_matrix()))
    points = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(T_a_c.apply(points), T_a_b.apply(T_b_c.apply(points)))


@pytest.mark.parametrize("batch", BATCHES)
def test_identity_changes_nothing(generator, batch):
    rigid = random_rigid(generator, *batch)
    identity = Rigid.identity(*batch, dtype=torch.float64)
    torch.testing.assert_close((identity @ rigid).as_matrix(), rigid.as_matrix())
    torch.testing.assert_close((rigid @ rigid.inverse()).as_matrix(), identity.as_matrix())


def test_matrices_come_back(generator):
    rigid = random_rigid(generator, 4)
    again = Rigid.from_matrix(rigid.as_matrix())
    assert torch.equal(again.rotmat, rigid.rotmat)
    assert torch.equal(again.transl, rigid.transl)


def test_one_transform_applies_to_many_points(generator):
    rigid = random_rigid(generator)
    points = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    together = rigid.apply(points)
    one_by_one = torch.stack([rigid.apply(point) for point in points])
    torch.testing.assert_close(together, one_by_one)


def test_apply_passes_gradcheck(generator):
    axisangle = torch.randn(2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    transl = torch.randn(2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    points = torch.randn(2, 3, generator=generator, dtype=torch.float64)

    def move(axisangle, transl):
        rigid = Rigid(axisangle_to_rotmat(axisangle), transl)
        return (rigid @ rigid.inverse() @ rigid).apply(points)

    assert torch.autograd.gradcheck(move, (axisangle, transl))
