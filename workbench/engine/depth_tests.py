"""NeuHMR's visibility test in numbers, so that another tolerance needs no rendering (Eq. 8)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

LEAST_OPACITY = 0.5
"""Below this the ray met no body, and its depth means nothing."""
DepthVerdict = Literal["visible", "hidden", "before the surface", "no surface", "outside"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthTests:
    """What is rendered at the joints' own pixels, in some frames."""

    frames: tuple[int, ...]
    pixels: Float[np.ndarray, "frames joints 2"]
    """Where the joints lie (px of the crop)."""
    joint_depths: Float[np.ndarray, "frames joints"]
    """z: how far the joints are from the camera (m)."""
    surface_depths: Float[np.ndarray, "frames joints"]
    """D: how far what is rendered there is (m)."""
    opacities: Float[np.ndarray, "frames joints"]
    """In [0, 1]."""
    crop_size: tuple[int, int]
    """(height, width) of the crops (px)."""

    def distances(self) -> Float[np.ndarray, "frames joints"]:
        """Measure |D - z| (m)."""
        return np.abs(self.surface_depths - self.joint_depths)

    def comparable(self) -> Bool[np.ndarray, "frames joints"]:
        """Tell where there is a surface to compare with: in the picture, and on the body."""
        return self._inside() & (self.opacities > LEAST_OPACITY)

    def visible(self, epsilon: float) -> Bool[np.ndarray, "frames joints"]:
        """Tell which joints pass, with a tolerance of `epsilon` (m)."""
        return self.comparable() & (self.distances() < epsilon)

    def verdict(self, index: int, joint: int, epsilon: float) -> DepthVerdict:
        """Say in words how a joint fares in the frame with this index."""
        if not self._inside()[index, joint]:
            return "outside"
        if self.opacities[index, joint] <= LEAST_OPACITY:
            return "no surface"
        behind = float(self.joint_depths[index, joint] - self.surface_depths[index, joint])
        if abs(behind) < epsilon:
            return "visible"
        return "hidden" if behind > 0.0 else "before the surface"

    def _inside(self) -> Bool[np.ndarray, "frames joints"]:
        height, width = self.crop_size
        u, v = self.pixels[..., 0], self.pixels[..., 1]
        in_picture = (u >= 0.0) & (u <= width) & (v >= 0.0) & (v <= height)
        return in_picture & (self.joint_depths > 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthWindow:
    """Rendered depths around a joint, at the refined pose."""

    frame: int
    joint: int
    center: Float[np.ndarray, "2"]
    """Where the joint lies (px of the crop)."""
    reach: float
    """How much is seen above, below, left and right of it (px of the crop)."""
    depths: Float[np.ndarray, "rows columns"]
    """D (m); NaN where the ray met no body."""
