"""Lens distortion of OpenCV's five-number model, and how to take it out.

A point (x, y) of the undistorted image plane (camera coordinates over depth) is seen at
x' = x d + 2 p1 x y + p2 (r2 + 2 x x), y' = y d + p1 (r2 + 2 y y) + 2 p2 x y, with
d = 1 + k1 r2 + k2 r2 r2 + k3 r2 r2 r2 and r2 = x x + y y.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

ITERATIONS = 20
"""Fixed-point steps that undo the distortion; each gains a digit with lenses that are not fish."""


@dataclass(frozen=True)
class Distortion:
    """Coefficients in OpenCV's order: k1, k2, p1, p2, k3."""

    coefficients: tuple[float, float, float, float, float]

    def distort(self, points: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 2"]:
        """Say where points of the image plane (over depth) are seen."""
        k1, k2, p1, p2, k3 = self.coefficients
        x, y = points.unbind(dim=-1)
        r2 = x * x + y * y
        d = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return torch.stack(
            [
                x * d + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
                y * d + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
            ],
            dim=-1,
        )

    def undistort(self, points: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 2"]:
        """Invert `distort` by fixed-point iteration."""
        found = points
        for _ in range(ITERATIONS):
            found = found + points - self.distort(found)
        return found


def distortion_of(coefficients: Float[Tensor, " numbers"]) -> Distortion | None:
    """Make a distortion of 4 or 5 coefficients; None if it changes nothing.

    Raises:
        ValueError: another number of coefficients.
    """
    values = coefficients.double().tolist()
    if len(values) not in (4, 5):
        raise ValueError(f"coefficients must be 4 or 5 numbers, got {len(values)}")
    k1, k2, p1, p2, k3 = (*values, 0.0)[:5]
    return Distortion((k1, k2, p1, p2, k3)) if any(values) else None


def undistort_points(
    pixels: Float[Tensor, "points 2"], K: Float[Tensor, "3 3"], distortion: Distortion
) -> Float[Tensor, "points 2"]:
    """Move pixels to where a pinhole camera with the same K sees them (px)."""
    plane = distortion.undistort((pixels - K[:2, 2]) / K.diagonal()[:2])
    return plane * K.diagonal()[:2] + K[:2, 2]


def undistort_image(
    image: UInt8[Tensor, "height width channels"], K: Float[Tensor, "3 3"], distortion: Distortion
) -> UInt8[Tensor, "height width channels"]:
    """Resample an image as a pinhole camera with the same K sees it; black where it saw nothing."""
    height, width = image.shape[:2]
    v, u = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    focal, center = K.diagonal()[:2], K[:2, 2]
    plane = (torch.stack([u, v], dim=-1) - center) / focal
    seen = distortion.distort(plane) * focal + center
    grid = seen / seen.new_tensor([width, height]) * 2.0 - 1.0
    resampled = torch.nn.functional.grid_sample(
        image.permute(2, 0, 1)[None].float(), grid[None], align_corners=False
    )
    return (resampled[0].permute(1, 2, 0) + 0.5).clamp(0.0, 255.0).byte()
