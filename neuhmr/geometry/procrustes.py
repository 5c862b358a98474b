"""Similarity alignment of point sets."""

from typing import NamedTuple, cast

import roma
import torch
from jaxtyping import Float
from torch import Tensor


class Similarity(NamedTuple):
    """Maps p to scale * rotmat @ p + transl."""

    scale: Float[Tensor, " *batch"]
    rotmat: Float[Tensor, "*batch 3 3"]
    transl: Float[Tensor, "*batch 3"]

    def apply(self, points: Float[Tensor, "*batch points 3"]) -> Float[Tensor, "*batch points 3"]:
        """Map point sets, one set per transform."""
        rotated = points @ self.rotmat.transpose(-1, -2)
        return self.scale[..., None, None] * rotated + self.transl[..., None, :]


def align_similarity(
    source: Float[Tensor, "*batch points 3"],
    target: Float[Tensor, "*batch points 3"],
    with_scale: bool = True,
) -> Similarity:
    """Find the similarity that brings `source` nearest to `target` in least squares.

    Closed form of Umeyama (1991); reflections are excluded. A source of coincident points gets
    scale 1.
    """
    source_mean, target_mean = source.mean(dim=-2), target.mean(dim=-2)
    centered = source - source_mean[..., None, :]
    aligned = roma.rigid_vectors_registration(
        centered, target - target_mean[..., None, :], compute_scaling=True
    )
    rotmat, scale = cast(tuple[Tensor, Tensor], aligned)
    is_fitted = with_scale & (centered.square().sum(dim=(-2, -1)) > 1e-12)
    scale = torch.where(is_fitted, scale, 1.0)
    transl = target_mean - scale[..., None] * (rotmat @ source_mean[..., None])[..., 0]
    return Similarity(scale, rotmat, transl)
