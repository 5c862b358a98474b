"""Similarity alignment of point sets.

Not roma's: importing roma loads torch._dynamo, which takes nearly as long as torch itself, and
`neuhmr evaluate` needs nothing else of it.
"""

from typing import NamedTuple

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
    source_centered = source - source_mean[..., None, :]
    target_centered = target - target_mean[..., None, :]
    covariance = target_centered.transpose(-1, -2) @ source_centered
    U, singular, Vh = torch.linalg.svd(covariance)
    signs = torch.ones_like(singular)
    signs[..., 2] = torch.linalg.det(U @ Vh).sign()
    rotmat = (U * signs[..., None, :]) @ Vh
    spread = source_centered.square().sum(dim=(-2, -1))
    scale = torch.ones_like(spread)
    if with_scale:
        fitted = (singular * signs).sum(dim=-1) / spread.clamp_min(1e-12)
        scale = torch.where(spread > 1e-12, fitted, scale)
    transl = target_mean - scale[..., None] * (rotmat @ source_mean[..., None])[..., 0]
    return Similarity(scale, rotmat, transl)
