"""Losses of GHNeRF's training: L = L_rgb + λ_p L_perc + λ_h L_heat + λ_c L_coord."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.model import GhnerfRendering, LevelRendering
from neuhmr.lab.training.ghnerf.batches import RayTruth

LossTerms = dict[str, Float[Tensor, ""]]
"""Weighted terms by name; a term is missing where nothing supervises it."""


HeatmapError = Literal["cross-entropy", "squared"]

LEAST_SCORE = 1e-4
"""Keeps logarithms of heatmaps and opacities finite."""


@dataclass(frozen=True, kw_only=True)
class GhnerfLossWeights:
    """What each term counts; colors count 1."""

    perceptual: float = 0.01
    """λ_p; off without VGG weights."""
    heatmaps: float = 0.5
    """λ_h."""
    heatmap_error: HeatmapError = "cross-entropy"
    """How heatmaps are compared; the paper squares."""
    coordinates: float = 0.01
    """λ_c; only with the coordinate head."""
    parts: float = 0.05
    """Cross-entropy of body parts, which is hundreds of times larger than the heatmaps' error."""
    embedding: float = 0.5
    """Squared error of the surface embedding."""
    opacity: float = 0.0
    """Cross-entropy of opacities with the mask; neither paper has it. Without it, a black person on
    black may be transparent and black nothing opaque."""
    coarse: float = 0.1
    """All terms of the coarse level; those of the fine level count 1."""


def heatmap_loss(
    heatmaps: Float[Tensor, "rays joints"],
    truth: Float[Tensor, "rays joints"],
    error: HeatmapError = "cross-entropy",
) -> Float[Tensor, ""]:
    """Compare rendered heatmaps with true ones, averaged over rays and joints.

    Note:
        Both errors are least for the same heatmaps, but behind a sigmoid the gradient of the
        squared error vanishes where a heatmap is almost zero, which is nearly everywhere: it would
        learn "no joint anywhere" first and stay there for thousands of steps.
    """
    if error == "squared":
        return (heatmaps - truth).square().mean()
    return cross_entropy(heatmaps, truth)


def cross_entropy(
    scores: Float[Tensor, "*scores"], truth: Float[Tensor, "*scores"]
) -> Float[Tensor, ""]:
    """Compare scores in [0, 1] with true shares, averaged."""
    kept = scores.clamp(LEAST_SCORE, 1.0 - LEAST_SCORE)
    return -(truth * kept.log() + (1.0 - truth) * (1.0 - kept).log()).mean()


def rendering_terms(
    rendering: GhnerfRendering,
    fine: RayTruth,
    coarse: RayTruth,
    config: GhnerfConfig,
    weights: GhnerfLossWeights,
) -> LossTerms:
    """Compare both levels with the truth, term by term, weighted."""
    terms = level_terms(rendering.fine, fine, config, weights)
    if rendering.coarse is not None:
        for name, term in level_terms(rendering.coarse, coarse, config, weights).items():
            terms[name] = terms.get(name, term.new_zeros(())) + weights.coarse * term
    return terms


def level_terms(
    seen: LevelRendering, truth: RayTruth, config: GhnerfConfig, weights: GhnerfLossWeights
) -> LossTerms:
    """Compare one level with the truth.

    Missing keypoints, and pixels beside the naked body, have no truth and are left out of the
    means.
    """
    terms = {"color": (seen.colors - truth.colors).square().mean()}
    if weights.opacity:
        terms["opacity"] = weights.opacity * cross_entropy(seen.opacities, truth.opacities)
    terms |= feature_terms(seen.features, truth, config, weights)
    surface = truth.surface
    if seen.coordinates is not None and surface is not None and bool(surface.has_coordinates.any()):
        miss = (seen.coordinates - surface.coordinates)[surface.has_coordinates]
        terms["coordinates"] = weights.coordinates * miss.square().mean()
    return terms


def feature_terms(
    features: Float[Tensor, "rays channels"],
    truth: RayTruth,
    config: GhnerfConfig,
    weights: GhnerfLossWeights,
) -> LossTerms:
    """Compare human features with the truth, kind by kind, weighted."""
    terms = {}
    for head in config.feature_heads:
        own = features[:, config.feature_slice(head.kind)]
        term = _feature_term(head.kind, own, truth, weights.heatmap_error)
        if term is not None:
            terms[head.kind] = getattr(weights, head.kind) * term
    return terms


def _feature_term(
    kind: str, features: Float[Tensor, "rays channels"], truth: RayTruth, error: HeatmapError
) -> Float[Tensor, ""] | None:
    if kind == "heatmaps":
        if not bool(truth.known.any()):
            return None
        return heatmap_loss(features[:, truth.known], truth.heatmaps[:, truth.known], error)
    surface = truth.surface
    if surface is None:
        return None
    known = surface.has_part if kind == "parts" else surface.has_embedding
    if not bool(known.any()):
        return None
    if kind == "parts":
        return torch.nn.functional.cross_entropy(features[known], surface.parts[known])
    return (features[known] - surface.embedding[known]).square().mean()
