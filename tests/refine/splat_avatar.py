"""A person of soft colored balls that draws exactly like an avatar, and a network to go with it.

The balls sit on the posed mesh. Opacity grows with the balls that a ray passes, color and depth
are those of the nearest ones. Everything is differentiable in the posed vertices.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, ShapedBody, SmplModel
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.cloth_reach import ClothReach
from neuhmr.ghn.views import ReferenceViews
from neuhmr.rendering.volume_rendering import Rendering

BALL_RADIUS = 0.03
DEPTH_SOFTNESS = 0.02


@dataclass(frozen=True)
class SplatAvatar:
    """Fulfils `neuhmr.ghn.renderable.Renderable`."""

    body: ShapedBody
    colors: Float[Tensor, "balls 3"]

    def render(
        self, posed: PosedBody, camera: Camera, pixels: Float[Tensor, "rays 2"] | None = None
    ) -> Rendering:
        if pixels is None:
            pixels = camera.pixel_grid().reshape(-1, 2)
        balls = ball_centers(posed.vertices, posed.faces)
        weights = facing_weights(posed.vertices, posed.faces)
        seen = (weights > 0.0).nonzero()[:, 0]
        balls, weights = balls[seen], weights[seen]
        centers, depths = camera.project(balls), balls[:, 2]
        radii = camera.K[0, 0] * BALL_RADIUS / depths
        with torch.no_grad():
            # exp(-6^2 / 2) = 1.5e-8: rays further out see nothing, to single precision.
            reach = 6.0 * radii.max()
            low, high = centers.amin(dim=0) - reach, centers.amax(dim=0) + reach
            near = ((pixels > low) & (pixels < high)).all(dim=1).nonzero()[:, 0]
        found = _draw(pixels[near], centers, depths, radii, self.colors[seen], weights)
        empty = torch.zeros(len(pixels)).to(pixels)
        return Rendering(
            torch.zeros(len(pixels), 3).to(pixels).index_copy(0, near, found.colors),
            empty.index_copy(0, near, found.opacities),
            empty.index_copy(0, near, found.depths),
        )


def ball_centers(vertices: Tensor, faces: Tensor) -> Tensor:
    """One ball in the middle of every face."""
    return vertices[faces].mean(dim=1)


def facing_weights(vertices: Tensor, faces: Tensor) -> Tensor:
    """Fade balls out where their face turns away: smoothly, so that gradients hold."""
    a, b, c = vertices[faces].unbind(dim=1)
    normals = torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=1)
    cosines = -(normals * torch.nn.functional.normalize(a, dim=1)).sum(dim=1)
    share = ((cosines + 0.3) / 0.6).clamp(0.0, 1.0)
    return share.square() * (3.0 - 2.0 * share)


def _draw(
    pixels: Tensor, centers: Tensor, depths: Tensor, radii: Tensor, colors: Tensor, weights: Tensor
) -> Rendering:
    # |p - c|^2 by products: one large matrix instead of three.
    squared = (
        pixels.square().sum(dim=1)[:, None] + centers.square().sum(dim=1) - 2.0 * pixels @ centers.T
    )
    log_density = weights.log() - 0.5 * squared.clamp_min(0.0) / radii.square()
    opacities = 1.0 - torch.exp(-3.0 * log_density.exp().sum(dim=1))
    shares = (log_density - depths / DEPTH_SOFTNESS).softmax(dim=1)
    return Rendering(
        colors=opacities[:, None] * (shares @ colors), opacities=opacities, depths=shares @ depths
    )


def textured_avatar(body: ShapedBody) -> SplatAvatar:
    """Color a body: every limb its own hue, bands along it, front lighter than back."""
    rest = ball_centers(body.v_shaped, body.model.faces)
    weights = ball_centers(body.model.lbs_weights, body.model.faces)
    phases = torch.arange(24.0)[:, None] * torch.tensor([2.4, 1.1, 3.7])
    hue = weights @ (0.5 + 0.3 * torch.sin(phases))
    bands = 0.15 * torch.sin(
        40.0 * rest @ torch.tensor([[1.0, 0.3, 0.2], [0.9, 1.0, 0.4], [0, 0, 1.0]])
    )
    return SplatAvatar(body, (hue + bands).clamp(0.05, 0.95))


@dataclass(frozen=True)
class SplatNetwork:
    """Fulfils `HumanNetwork`: knows the person already, and sees colors around each pixel."""

    colors: Float[Tensor, "balls 3"]
    channels: int = 32

    def image_features(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> Float[Tensor, "frames channels feature_height feature_width"]:
        """Random Fourier features of colors at three scales: alike where colors are alike."""
        scales = [torch.nn.functional.avg_pool2d(images, 4)]
        for size in (3, 5):
            padded = torch.nn.functional.avg_pool2d(scales[0], size, 1, size // 2)
            scales.append(padded)
        stacked = torch.cat(scales, dim=1)
        generator = torch.Generator().manual_seed(1)
        frequencies = torch.randn(self.channels, stacked.shape[1], generator=generator) * 5.0
        phases = torch.rand(self.channels, generator=generator) * 2 * math.pi
        mixed = torch.einsum("fchw,oc->fohw", stacked, frequencies.to(stacked))
        return torch.cos(mixed + phases[:, None, None])

    def joint_prototypes(self) -> None:
        """Know nothing about people in general."""

    def condition(
        self, views: ReferenceViews, body: ShapedBody, *, cloth: ClothReach | None = None
    ) -> SplatAvatar:
        return SplatAvatar(body, self.colors)


def textured_network(model: SmplModel, betas: Tensor) -> SplatNetwork:
    """Make the network that knows the person of `textured_avatar`."""
    return SplatNetwork(textured_avatar(model.with_shape(betas)).colors)
