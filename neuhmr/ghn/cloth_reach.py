"""How far clothes reach beyond the bare body, at each of its vertices."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct

HEIGHTS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.065)
"""Heights above the surface at which clothes are looked for (m)."""


@dataclass(frozen=True)
class ClothReach(TensorStruct):
    """What is left of an avatar's density at heights above the body's vertices."""

    left: Float[Tensor, "vertices heights"]
    """At each of `HEIGHTS`, in [0, 1]: 1 where clothes may be, 0 where the frames show none."""

    def share(
        self, signed: Float[Tensor, " samples"], nearest: Int[Tensor, " samples"]
    ) -> Float[Tensor, " samples"]:
        """Interpolate in height; inside the body everything is left.

        Differentiable in the height.

        Args:
            signed: heights above the surface (m).
            nearest: each sample's vertex.
        """
        heights = torch.tensor(HEIGHTS).to(self.left)
        within = signed.clamp(0.0, HEIGHTS[-1])
        above = torch.searchsorted(heights, within.detach(), right=True)
        above = above.clamp(1, len(HEIGHTS) - 1)
        low, high = heights[above - 1], heights[above]
        rise = (within - low) / (high - low)
        start, end = self.left[nearest, above - 1], self.left[nearest, above]
        return start + rise * (end - start)
