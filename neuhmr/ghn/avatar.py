"""A person the GHN has seen: renders in any pose from any camera (NeuHMR Eqs. 4 to 6)."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.canonical import CanonicalBody, rest_offsets
from neuhmr.ghn.cloth_reach import ClothReach
from neuhmr.ghn.config import GhnConfig
from neuhmr.ghn.radiance_field import RadianceField, ViewSamples, shape_cues
from neuhmr.ghn.reference import ReferenceEvidence
from neuhmr.ghn.renderable import Renderable
from neuhmr.ghn.volume import CanonicalVolume
from neuhmr.rendering.body_band import build_body_band
from neuhmr.rendering.mesh_raster import rasterize_mesh
from neuhmr.rendering.ray_samples import RaySamples, sample_band
from neuhmr.rendering.volume_rendering import Rendering, composite, render_weights
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class ImageRendering(TensorStruct):
    """A rendering of a whole image."""

    color: Float[Tensor, "height width 3"]
    opacity: Float[Tensor, "height width"]
    depth: Float[Tensor, "height width"]


@dataclass(frozen=True)
class SampleValues(TensorStruct):
    """What the field says of the kept samples of some rays."""

    offsets: Float[Tensor, "kept 3"]
    """From the nearest vertex, in the rest pose (m)."""
    hidden: Float[Tensor, "kept hidden"]
    """Pooled views, volume and shape, mixed: what density and color are read from."""
    views: ViewSamples
    weights: Float[Tensor, "hits samples"]
    """Share of the ray's light that each slot sends."""


@dataclass(frozen=True)
class Avatar:
    """A conditioned GHN; differentiable in the pose it is rendered in."""

    body: ShapedBody
    canonical: CanonicalBody
    volume: CanonicalVolume
    evidence: ReferenceEvidence
    field: RadianceField
    config: GhnConfig
    cloth: ClothReach | None = None
    """Where clothes may be; None leaves it to the network."""

    def render(
        self,
        posed: PosedBody,
        camera: Camera,
        pixels: Float[Tensor, "rays 2"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Rendering:
        """Render the person in one pose.

        Args:
            posed: the body in the camera's frame, no batch axes.
            camera: one camera.
            pixels: where to look (px); all pixels of the camera, row by row, if None.
            generator: jitters samples along rays, as in training.
        """
        if pixels is None:
            pixels = camera.pixel_grid().reshape(-1, 2)
        samples = self.samples(posed, camera, pixels, generator)
        if len(samples.slots) == 0:
            empty = torch.zeros(len(pixels)).to(pixels)
            return Rendering(torch.zeros(len(pixels), 3).to(pixels), empty, empty)
        rendered = self.shade(samples, self.look_up(samples, posed))
        spread = Rendering(
            torch.zeros(len(pixels), 3).to(pixels),
            torch.zeros(len(pixels)).to(pixels),
            torch.zeros(len(pixels)).to(pixels),
        )
        return Rendering(
            spread.colors.index_copy(0, samples.hits, rendered.colors),
            spread.opacities.index_copy(0, samples.hits, rendered.opacities),
            spread.depths.index_copy(0, samples.hits, rendered.depths),
        )

    @torch.no_grad()
    def samples(
        self,
        posed: PosedBody,
        camera: Camera,
        pixels: Float[Tensor, "rays 2"],
        generator: torch.Generator | None = None,
    ) -> RaySamples:
        """Place samples along rays, near the body only; arguments as of `render`."""
        band = build_body_band(posed.vertices, self.canonical.neighbors, self.config.band_width)
        mesh = rasterize_mesh(posed.vertices.detach(), self.canonical.faces, camera)
        columns = pixels[:, 0].long().clamp(0, camera.width - 1)
        rows = pixels[:, 1].long().clamp(0, camera.height - 1)
        is_near = _reach_of_band(mesh.mask, posed, camera, self.config.band_width)
        near = is_near[rows, columns].nonzero()[:, 0]
        samples = sample_band(
            camera.ray_directions(pixels[near]),
            band,
            self.config.most_samples,
            self.config.step_size,
            surface_depths=mesh.depth[rows, columns][near],
            behind=self.config.samples_behind,
            generator=generator,
        )
        return replace(samples, hits=near[samples.hits])

    def look_up(self, samples: RaySamples, posed: PosedBody) -> SampleValues:
        """Ask the field about samples; differentiable in the pose."""
        nearest = samples.nearest
        offsets = rest_offsets(samples.points, nearest, posed, self.canonical.lbs_weights)
        moved = (self.canonical.linear[nearest] @ offsets[..., None])[..., 0]
        signed = (moved * self.canonical.normals[nearest]).sum(dim=-1)
        distances = offsets.square().sum(dim=-1).clamp_min(1e-12).sqrt()
        volume = self.volume.sample(self.canonical.vertices[nearest] + moved)
        views = self.evidence.sample(offsets, nearest)
        shape = shape_cues(signed, distances, self.config.band_width)
        hidden = self.field.hidden(volume, views, shape)
        densities = self.field.sigmas(hidden, signed)
        if self.cloth is not None:
            densities = densities * self.cloth.share(signed, nearest)
        sigmas = samples.unpack(densities)
        weights = render_weights(sigmas, samples.lengths[:, None].expand_as(sigmas))
        return SampleValues(offsets, hidden, views, weights)

    def shade(self, samples: RaySamples, values: SampleValues) -> Rendering:
        """Color and accumulate samples into one pixel per hit."""
        weights = values.weights
        weighty = weights.detach().reshape(-1)[samples.slots] > self.config.color_threshold
        chosen = weighty.nonzero()[:, 0]
        views = values.views.map(lambda t: t[:, chosen])
        colors = self.field.colors(values.hidden[chosen], views)
        table = torch.zeros(samples.depths.numel(), 3).to(colors)
        table = table.index_copy(0, samples.slots[chosen], colors)
        return composite(weights, table.view(*samples.depths.shape, 3), samples.depths)


def _reach_of_band(
    mask: Bool[Tensor, "height width"], posed: PosedBody, camera: Camera, band_width: float
) -> Bool[Tensor, "height width"]:
    """Grow a silhouette by the band's width as seen at the body's nearest point."""
    nearest = posed.vertices[:, 2].amin().clamp_min(0.1)
    focal = torch.maximum(camera.K[0, 0], camera.K[1, 1])
    radius = int((focal * band_width / nearest).ceil().item()) + 1
    # Pooling along each axis in turn is a square, which holds the circle.
    grown = mask[None, None].float()
    for window in ((2 * radius + 1, 1), (1, 2 * radius + 1)):
        padding = (window[0] // 2, window[1] // 2)
        grown = torch.nn.functional.max_pool2d(grown, window, stride=1, padding=padding)
    return grown[0, 0] > 0


@torch.no_grad()
def render_image(
    avatar: Renderable, posed: PosedBody, camera: Camera, stride: int = 1
) -> ImageRendering:
    """Render a preview of the whole image, at every `stride`-th pixel of each axis."""
    small = camera.resized(camera.height // stride, camera.width // stride)
    rendering = avatar.render(posed, small, None)
    shape = (small.height, small.width)
    return ImageRendering(
        color=rendering.colors.view(*shape, 3),
        opacity=rendering.opacities.view(shape),
        depth=rendering.depths.view(shape),
    )
