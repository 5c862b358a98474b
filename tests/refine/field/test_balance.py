import pytest
import torch

from neuhmr.refine.field.balance import (
    TYPICAL_NORMS,
    balance_factors,
    effective_lambdas,
    rotation_norm,
)
from neuhmr.refine.settings.field import BalanceConfig
from neuhmr.refine.settings.terms import LossWeights

CONFIG = BalanceConfig(reference=1.5, limit=5.0)


def test_balanced_terms_have_gradients_of_the_reference_size():
    factors = balance_factors({"rgb": 0.3, "geo": 3.0, "joint": 20.0}, CONFIG)
    assert factors == pytest.approx({"rgb": 5.0, "geo": 0.5, "joint": 0.075})


def test_terms_that_were_not_measured_keep_their_weight():
    assert balance_factors({}, CONFIG) == {}
    weights = LossWeights(keypoint=0.5)
    assert effective_lambdas(weights, {})["keypoint"] == 0.5
    assert effective_lambdas(weights, {"keypoint": 4.0})["keypoint"] == 2.0


def test_unlikely_measurements_are_believed_only_so_far():
    typical = TYPICAL_NORMS["geo"]
    tiny = balance_factors({"geo": 1e-9}, CONFIG)["geo"]
    huge = balance_factors({"geo": 1e9}, CONFIG)["geo"]
    assert tiny == pytest.approx(1.5 * 5.0 / typical)
    assert huge == pytest.approx(1.5 / 5.0 / typical)


def test_without_balance_weights_multiply_raw_terms():
    off = BalanceConfig(enabled=False)
    factors = balance_factors({"rgb": 0.3}, off)
    weights = LossWeights(rgb=2.5, geo=0.001, joint=0.003)
    found = effective_lambdas(weights, factors)
    assert (found["rgb"], found["geo"], found["joint"]) == (2.5, 0.001, 0.003)
    assert found["acceleration"] == weights.acceleration


def test_only_image_terms_are_balanced():
    found = effective_lambdas(LossWeights(rgb=0.5, prior=0.1), {"rgb": 4.0})
    assert found["rgb"] == 2.0 and found["prior"] == 0.1


def test_gradient_norm_is_the_mean_length_per_frame():
    gradient = torch.zeros(2, 24, 6)
    gradient[0, 0, :2] = torch.tensor([3.0, 4.0])
    gradient[1, 5, 5] = 1.0
    assert rotation_norm(gradient) == pytest.approx(3.0)
