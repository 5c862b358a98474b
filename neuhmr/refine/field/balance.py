"""Weights that mean the same on every clip.

What a silhouette, a color or a pixel distance is worth to a rotation differs by factors of a
thousand. Here each image term is first divided by the size of its gradient on the rotations at
the start, so that the configured weights say how much the terms are *listened to*.
"""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from neuhmr.refine.settings.field import BalanceConfig
from neuhmr.refine.settings.terms import LossWeights

TYPICAL_NORMS: dict[str, float] = {"rgb": 0.15, "geo": 1.5, "joint": 40.0, "keypoint": 15.0}
"""Gradient norms on one frame's rotations for a person of 150 px and errors of a regressor; they
bound what is believed of a measurement."""


def rotation_norm(gradient: Float[Tensor, "frames 24 6"]) -> float:
    """Mean over frames of the length of the gradient on one frame's rotations."""
    return float(gradient.flatten(start_dim=1).norm(dim=1).mean())


def balance_factors(norms: Mapping[str, float], config: BalanceConfig) -> dict[str, float]:
    """Turn measured gradient norms into factors on the terms' weights; 1 where not measured.

    A term that happens to be near its minimum at the start has hardly any gradient; the bound
    keeps it from being blown up without limit.
    """
    if not config.enabled:
        return dict.fromkeys(TYPICAL_NORMS, 1.0)
    factors = {}
    for name, typical in TYPICAL_NORMS.items():
        if name in norms:
            bounded = min(max(norms[name], typical / config.limit), typical * config.limit)
            factors[name] = config.reference / bounded
    return factors


def effective_lambdas(weights: LossWeights, factors: Mapping[str, float]) -> dict[str, float]:
    """Multiply configured weights by their factors."""
    configured = {
        "rgb": weights.rgb,
        "geo": weights.geo,
        "joint": weights.joint,
        "keypoint": weights.keypoint,
        "regularizer": weights.regularizer,
        "acceleration": weights.acceleration,
        "prior": weights.prior,
        "plausibility": weights.plausibility,
        "floor": weights.floor,
        "root_depth": weights.root_depth,
    }
    return {name: weight * factors.get(name, 1.0) for name, weight in configured.items()}
