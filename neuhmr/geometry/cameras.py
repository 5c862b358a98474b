"""Pinhole cameras.

OpenCV axes (+x right, +y down, +z forward). Pixel coordinates (u, v) are (column, row) with the
center of the top left pixel at (0.5, 0.5). A depth is the camera-space z (m).
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Camera(TensorStruct):
    """Intrinsics of one camera, or of one camera per frame.

    Body poses are kept in the camera's own frame, so a camera here carries no extrinsics.
    """

    K: Float[Tensor, "*batch 3 3"]
    """Intrinsics (px)."""
    height: int
    width: int

    def project(self, points: Float[Tensor, "*#batch points 3"]) -> Float[Tensor, "*out points 2"]:
        """Project camera-space points (m) to pixels.

        Points at or behind the camera are pushed to a depth of 1 mm, so the result is finite;
        callers that care test the depth.
        """
        x, y = (points[..., :2] / points[..., 2:].clamp_min(1e-3)).unbind(dim=-1)
        K = self.K[..., None, :, :]
        u = x * K[..., 0, 0] + y * K[..., 0, 1] + K[..., 0, 2]
        v = y * K[..., 1, 1] + K[..., 1, 2]
        return torch.stack([u, v], dim=-1)

    def ray_directions(
        self, pixels: Float[Tensor, "*#batch points 2"]
    ) -> Float[Tensor, "*out points 3"]:
        """Directions of the pixels' rays with z = 1, so that distance along them is depth."""
        v = (pixels[..., 1] - self.K[..., 1, 2, None]) / self.K[..., 1, 1, None]
        u = pixels[..., 0] - self.K[..., 0, 2, None] - v * self.K[..., 0, 1, None]
        return torch.stack([u / self.K[..., 0, 0, None], v, torch.ones_like(v)], dim=-1)

    def pixel_grid(self) -> Float[Tensor, "height width 2"]:
        """Centers of all pixels (px)."""
        options = {"dtype": self.K.dtype, "device": self.K.device}
        v, u = torch.meshgrid(
            torch.arange(self.height, **options) + 0.5,
            torch.arange(self.width, **options) + 0.5,
            indexing="ij",
        )
        return torch.stack([u, v], dim=-1)

    def resized(self, height: int, width: int) -> "Camera":
        """See the same field of view with another number of pixels."""
        scale = self.K.new_tensor([width / self.width, height / self.height, 1.0])
        return replace(self, K=self.K * scale[:, None], height=height, width=width)

    def cropped(
        self, left: Float[Tensor, " *batch"], top: Float[Tensor, " *batch"], height: int, width: int
    ) -> "Camera":
        """See a window whose top left corner is at (left, top) px; it may leave the image."""
        K = self.K.clone()
        K[..., 0, 2] = K[..., 0, 2] - left
        K[..., 1, 2] = K[..., 1, 2] - top
        return replace(self, K=K, height=height, width=width)


def camera_from_focal(focal: float, height: int, width: int) -> Camera:
    """Make a camera with square pixels that looks through the image center."""
    K = torch.tensor([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    return Camera(K, height, width)


def default_focal(height: int, width: int) -> float:
    """Guess a focal length (px) where none is known: the image diagonal, as WHAM and GVHMR do.

    It is a field of view of 53 degrees over the diagonal.
    """
    return float((height**2 + width**2) ** 0.5)


def sample_at_pixels(
    image: Float[Tensor, "*batch channels height width"],
    pixels: Float[Tensor, "*batch points 2"],
    image_size: tuple[int, int],
    padding: str = "zeros",
) -> Float[Tensor, "*batch points channels"]:
    """Read a map bilinearly at pixel positions of the image it was computed from.

    Args:
        image: a feature map of any resolution over the full image.
        pixels: positions in the image (px, centers at +0.5).
        image_size: (height, width) of the image in which `pixels` are measured.
        padding: "zeros" or "border", what lies outside.
    """
    size = pixels.new_tensor([image_size[1], image_size[0]])
    grid = pixels / size * 2.0 - 1.0
    batch = image.shape[:-3]
    flat_image = image.reshape(-1, *image.shape[-3:])
    flat_grid = grid.reshape(flat_image.shape[0], 1, -1, 2)
    sampled = torch.nn.functional.grid_sample(
        flat_image, flat_grid, padding_mode=padding, align_corners=False
    )
    return sampled[:, :, 0].transpose(1, 2).reshape(*batch, -1, image.shape[-3])
