import torch

from neuhmr.refine.draft.clothes import Clothes


def test_usual_clothes_are_as_measured_and_cost_nothing():
    clothes = Clothes(torch.device("cpu"))
    thickness = clothes.thickness()
    assert thickness.shape == (24,) and float(clothes.cost().detach()) == 0.0
    # Trunk, forearm and shoe.
    assert torch.allclose(thickness[[3, 18, 10]], torch.tensor([0.019, 0.007, 0.015]))


def test_a_part_of_the_body_gets_thicker_as_a_whole():
    clothes = Clothes(torch.device("cpu"))
    usual = clothes.thickness().detach()
    with torch.no_grad():
        clothes.parameters[5] = 2.0
    more = clothes.thickness().detach() - usual
    assert torch.allclose(more[[1, 2]], torch.full((2,), 0.036))
    assert float(more.abs().sum()) == float(more[[1, 2]].sum())
    assert float(clothes.cost().detach()) == 4.0


def test_every_part_of_the_body_belongs_to_one_part():
    clothes = Clothes(torch.device("cpu"))
    (gradient,) = torch.autograd.grad(clothes.thickness().sum(), clothes.parameters)
    assert (gradient > 0.0).all() and (clothes.thickness() > 0.0).all()
