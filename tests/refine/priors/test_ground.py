import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rigid import Rigid
from neuhmr.refine.priors.ground import floor_loss, lowest_heights, sole_points
from synthetic_body import make_synthetic_body

UP = torch.tensor([[0.0, -1.0, 0.0]])
UPRIGHT = torch.diag(torch.tensor([1.0, -1.0, -1.0]))


def standing(transl: torch.Tensor) -> Rigid:
    body = make_synthetic_body().with_shape(torch.zeros(10))
    rotmat = torch.eye(3).repeat(len(transl), 24, 1, 1)
    rotmat[:, 0] = UPRIGHT
    return LocalPose(rotmat, transl).bones(body)


def test_soles_belong_to_the_feet():
    body = make_synthetic_body().with_shape(torch.zeros(10))
    soles = body.v_shaped[sole_points(body)]
    assert len(soles) >= 4 and float(soles[:, 1].max()) < -0.7
    assert bool((soles[:, 0] > 0).any() and (soles[:, 0] < 0).any())


def test_the_lowest_point_is_the_lowest_sole():
    body = make_synthetic_body().with_shape(torch.zeros(10))
    soles = sole_points(body)
    # The pelvis 0.3 m below the camera's axis (y is down), then 0.1 m higher.
    transl = torch.tensor([[0.0, 0.3, 3.0], [0.0, 0.2, 3.0]])
    found = lowest_heights(body, soles, standing(transl), UP.expand(2, 3))
    expected = float(body.v_shaped[soles, 1].min()) - 0.3
    assert float(found[0]) == pytest.approx(expected, abs=0.04)
    assert float(found[1] - found[0]) == pytest.approx(0.1, abs=1e-5)


def test_floor_loss_by_hand_and_feet_in_the_air_have_no_say():
    lowest = torch.tensor([-1.0, -0.97, 0.5])
    found = floor_loss(lowest, torch.tensor(-1.0), 0.03)
    # One sigma: 1 / (1 + 1 / 9); 50 sigmas: nearly the bound of 9.
    assert found.tolist() == pytest.approx([0.0, 0.9, 9.0], abs=0.05)
    jump = torch.tensor([0.5], requires_grad=True)
    floor_loss(jump, torch.tensor(-1.0), 0.03).sum().backward()
    assert jump.grad is not None and float(jump.grad.abs()) < 0.1
