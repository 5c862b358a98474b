"""GHNeRF: source views in, colors and human features of any other view out (GHNeRF section 3).

The base is ENeRF: a coarse and a fine cost volume in front of the target camera say where the
surface is, few samples around it are compared with the source views, and their colors are a blend
of the views' colors. GHNeRF adds human features, read from the same samples.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.config import GhnerfConfig
from neuhmr.ghnerf.cost_regularization import CostRegularization
from neuhmr.ghnerf.depth_range import DepthRange, regress_range
from neuhmr.ghnerf.evidence import EncodedViews, project_points, read_maps
from neuhmr.ghnerf.feature_pyramid import (
    COARSE_CHANNELS,
    FINE_CHANNELS,
    MIDDLE_CHANNELS,
    FeaturePyramid,
)
from neuhmr.ghnerf.frustum import (
    DepthVolume,
    TargetFrustum,
    box_pixels,
    moved,
    rays_hit_box,
    read_depths,
    read_voxels,
    scaled,
    target_window,
    upsampled_planes,
)
from neuhmr.ghnerf.heads import NerfHeads, PointValues, SampleEvidence
from neuhmr.ghnerf.human_encoder import HumanEncoder
from neuhmr.ghnerf.plane_sweep import sweep_coordinates, variance_volume
from neuhmr.ghnerf.views import SourceViews, TargetView, pad_views, project_box
from neuhmr.rendering.volume_rendering import composite, render_weights
from neuhmr.tensor_struct import TensorStruct

COARSE_VOLUME_DIVISOR = 8
FINE_VOLUME_DIVISOR = 2
POINTS_AT_ONCE = 65536


@dataclass(frozen=True)
class LevelRendering(TensorStruct):
    """What the asked rays see at one level of the cascade; zero where they miss the box."""

    pixels: Float[Tensor, "rays 2"]
    """Where the rays pass through the target image (px)."""
    colors: Float[Tensor, "rays 3"]
    """On black, in [0, 1]."""
    opacities: Float[Tensor, " rays"]
    depths: Float[Tensor, " rays"]
    """Camera depths (m); 0 where the ray sees nothing."""
    features: Float[Tensor, "rays channels"]
    """Channels of `GhnerfConfig.feature_heads`; no channels without heads."""
    coordinates: Float[Tensor, "rays 3"] | None
    """Where in the subject's box the seen point lies, in [0, 1]; None without that head."""


@dataclass(frozen=True)
class GhnerfRendering(TensorStruct):
    """What both levels see."""

    fine: LevelRendering
    coarse: LevelRendering | None
    """None where no coarse pixels were asked for."""


class Ghnerf(nn.Module):
    """ENeRF with human features; its weights hold for any subject and any number of views.

    Raises:
        CheckpointError: the human encoder's pretrained weights cannot be downloaded.
    """

    def __init__(self, config: GhnerfConfig) -> None:
        super().__init__()
        self.config = config
        self.pyramid = FeaturePyramid()
        self.human_encoder = None
        if config.human_encoder != "none" and config.feature_heads:
            self.human_encoder = HumanEncoder(config)
        self.coarse_regularization = CostRegularization(COARSE_CHANNELS, halvings=2)
        self.fine_regularization = CostRegularization(MIDDLE_CHANNELS, halvings=3)
        self.coarse_heads = NerfHeads(COARSE_CHANNELS + 3, config)
        self.fine_heads = NerfHeads(FINE_CHANNELS + 3, config)

    def encode(self, sources: SourceViews) -> EncodedViews:
        """Compute what only depends on the source views; the result serves any target."""
        padded = pad_views(sources)
        features = self.pyramid(padded.images)
        small = functional.avg_pool2d(padded.images, 4)
        return EncodedViews(
            cameras=padded.cameras,
            T_camera_world=padded.T_camera_world,
            coarse=torch.cat([features.coarse, small], dim=1),
            middle=features.middle,
            fine=torch.cat([features.fine, padded.images], dim=1),
            human=None if self.human_encoder is None else self.human_encoder(padded.images),
        )

    def frustum(self, encoded: EncodedViews, target: TargetView) -> TargetFrustum:
        """Compute the cost volumes in front of a target camera; they serve all of its rays.

        Raises:
            DatasetError: the target or a source camera does not see the subject's box.
        """
        for view in range(len(encoded.T_camera_world)):
            T_camera_world = encoded.T_camera_world[view]
            project_box(target.box, encoded.cameras[view], T_camera_world, f"source view {view}")
        window = target_window(target)
        small = scaled(window.camera, COARSE_VOLUME_DIVISOR)
        whole = torch.ones(small.height, small.width).to(target.box)
        coarse = self._depth_volume(
            encoded,
            target,
            encoded.coarse[:, :COARSE_CHANNELS],
            DepthRange(whole * window.near, whole * window.far),
            is_coarse=True,
        )
        middle = scaled(window.camera, FINE_VOLUME_DIVISOR)
        planes = upsampled_planes(coarse.surface, middle.height, middle.width)
        fine = self._depth_volume(encoded, target, encoded.middle, planes, is_coarse=False)
        return TargetFrustum(
            window.camera, window.corner, target.T_camera_world, target.box, coarse, fine
        )

    def render(
        self,
        encoded: EncodedViews,
        target: TargetView,
        pixels: Float[Tensor, "rays 2"] | None = None,
        coarse_pixels: Float[Tensor, "coarse 2"] | None = None,
        generator: torch.Generator | None = None,
    ) -> GhnerfRendering:
        """Render rays of a target view (GHNeRF Eqs. 1 and 4).

        Args:
            encoded: source views.
            target: where to look from.
            pixels: positions in the target's image (px); None renders `box_pixels`.
            coarse_pixels: positions for the coarse level, which only training looks at. They are
                pixels of the same image; one of its pixels covers four by four.
            generator: jitters samples along their rays; None spaces them evenly, as ENeRF does.

        Raises:
            DatasetError: the target or a source camera does not see the subject's box.
        """
        frustum = self.frustum(encoded, target)
        fine = self.cast(
            encoded, frustum, box_pixels(target) if pixels is None else pixels, generator
        )
        if coarse_pixels is None:
            return GhnerfRendering(fine, None)
        return GhnerfRendering(fine, self.cast(encoded, frustum, coarse_pixels, generator, True))

    def cast(
        self,
        encoded: EncodedViews,
        frustum: TargetFrustum,
        pixels: Float[Tensor, "rays 2"],
        generator: torch.Generator | None = None,
        is_coarse: bool = False,
    ) -> LevelRendering:
        """Render rays through volumes that are there already.

        Args:
            encoded: source views.
            frustum: of the target view, made from the same source views.
            pixels: positions in the target's image (px).
            generator: jitters samples along their rays; None spaces them evenly.
            is_coarse: render the coarse level.
        """
        level = self.config.coarse if is_coarse else self.config.fine
        volume = frustum.coarse if is_coarse else frustum.fine
        size = (frustum.window.height, frustum.window.width)
        in_window = moved(frustum, pixels)
        directions = frustum.window.ray_directions(in_window)
        maps = read_depths(volume, in_window, size)
        depths = _sample_depths(maps.surface, level.samples, generator)
        points = (depths[..., None] * directions[:, None]).reshape(-1, 3)
        voxels = read_voxels(volume, maps.planes, in_window, depths, size)
        values = self._evaluate(encoded, frustum.T_camera_world, points, voxels, is_coarse)

        is_hit = rays_hit_box(directions, frustum.T_camera_world, frustum.box)
        # ENeRF's densities have no unit: every sample is one long.
        sigmas = values.sigmas.view_as(depths) * is_hit[:, None]
        weights = render_weights(sigmas, torch.ones_like(sigmas))
        samples = (len(pixels), level.samples)
        seen = composite(weights, values.colors.view(*samples, 3), depths)
        feature_weights = (weights.detach() if self.config.detach_sigma else weights)[..., None]
        features = values.features.view(*samples, self.config.channels)
        features = (feature_weights * features).sum(dim=1)
        coordinates = None
        if values.coordinates is not None:
            coordinates = (weights[..., None] * values.coordinates.view(*samples, 3)).sum(dim=1)
        return LevelRendering(
            pixels=pixels,
            colors=seen.colors,
            opacities=seen.opacities,
            depths=seen.depths,
            features=features,
            coordinates=coordinates,
        )

    def query(
        self, encoded: EncodedViews, reference: TargetView, points: Float[Tensor, "points 3"]
    ) -> PointValues:
        """Evaluate points of the world through the fine volume of a reference view.

        The fine volume only reaches as far from the surface as the coarse level is unsure of it.
        Beyond, and outside the box or the window, densities are zero; features and colors are
        there but were never trained.

        Args:
            encoded: source views.
            reference: the camera in front of which volumes are made.
            points: in the world (m).

        Raises:
            DatasetError: the reference or a source camera does not see the subject's box.
        """
        frustum = self.frustum(encoded, reference)
        parts = [self._query_some(encoded, frustum, some) for some in points.split(POINTS_AT_ONCE)]
        if self.config.coordinate_head:
            coordinates = torch.cat(
                [part.coordinates for part in parts if part.coordinates is not None]
            )
        else:
            coordinates = None
        return PointValues(
            sigmas=torch.cat([part.sigmas for part in parts]),
            colors=torch.cat([part.colors for part in parts]),
            features=torch.cat([part.features for part in parts]),
            coordinates=coordinates,
        )

    def _query_some(
        self, encoded: EncodedViews, frustum: TargetFrustum, points: Float[Tensor, "points 3"]
    ) -> PointValues:
        in_camera = points @ frustum.T_camera_world[:3, :3].mT + frustum.T_camera_world[:3, 3]
        depths = in_camera[:, 2:]
        pixels = frustum.window.project(in_camera)
        size = (frustum.window.height, frustum.window.width)
        planes = read_depths(frustum.fine, pixels, size).planes
        voxels = read_voxels(frustum.fine, planes, pixels, depths, size)
        values = self._evaluate(encoded, frustum.T_camera_world, in_camera, voxels, False)
        limits = pixels.new_tensor([size[1], size[0]])
        is_inside = ((pixels >= 0) & (pixels <= limits)).all(dim=-1)
        is_inside &= ((points >= frustum.box[0]) & (points <= frustum.box[1])).all(dim=-1)
        is_inside &= (in_camera[:, 2] >= planes.near) & (in_camera[:, 2] <= planes.far)
        return PointValues(
            values.sigmas * is_inside, values.colors, values.features, values.coordinates
        )

    def _depth_volume(
        self,
        encoded: EncodedViews,
        target: TargetView,
        features: Float[Tensor, "views channels height width"],
        planes: DepthRange,
        is_coarse: bool,
    ) -> DepthVolume:
        """Compare views over planes, regularize, and find where the surface is."""
        level = self.config.coarse if is_coarse else self.config.fine
        window = target_window(target).camera
        camera = scaled(window, COARSE_VOLUME_DIVISOR if is_coarse else FINE_VOLUME_DIVISOR)
        depths = planes.planes(level.planes, in_disparity=is_coarse)
        T_world_target = Rigid.from_matrix(target.T_camera_world).inverse()
        coordinates = torch.stack(
            [
                sweep_coordinates(
                    camera,
                    Rigid.from_matrix(encoded.T_camera_world[view]) @ T_world_target,
                    encoded.cameras[view],
                    depths,
                )
                for view in range(len(features))
            ]
        )
        regularize = self.coarse_regularization if is_coarse else self.fine_regularization
        voxels, logits = regularize(variance_volume(features, coordinates))
        surface = regress_range(logits, depths, planes, in_disparity=is_coarse)
        return DepthVolume(voxels, planes, surface, is_coarse)

    def _evaluate(
        self,
        encoded: EncodedViews,
        T_camera_world: Float[Tensor, "4 4"],
        points: Float[Tensor, "points 3"],
        voxels: Float[Tensor, "points 8"],
        is_coarse: bool,
    ) -> PointValues:
        """Ask the source views and the heads about points in the target camera's frame (m)."""
        T_world_camera = Rigid.from_matrix(T_camera_world).inverse()
        in_world = points @ T_world_camera.rotmat.mT + T_world_camera.transl
        projected = project_points(encoded, in_world, T_camera_world)
        maps = encoded.coarse if is_coarse else encoded.fine
        human = None
        if encoded.human is not None:
            human = read_maps(encoded.human, projected, encoded.cameras)
        evidence = SampleEvidence(
            images=read_maps(maps, projected, encoded.cameras),
            directions=projected.directions,
            voxels=voxels,
            human=human,
        )
        return self.coarse_heads(evidence) if is_coarse else self.fine_heads(evidence)


def _sample_depths(
    surface: DepthRange, count: int, generator: torch.Generator | None
) -> Float[Tensor, "rays samples"]:
    """Spread samples over the depths where the surface may be, the ends included (m)."""
    if count == 1:
        return (surface.near + surface.far)[:, None] / 2.0
    depths = surface.planes(count)
    if generator is None:
        return depths
    jitter = torch.rand(depths.shape, generator=generator).to(depths) - 0.5
    moved_depths = depths + jitter * (surface.far - surface.near)[:, None] / (count - 1)
    return moved_depths.maximum(surface.near[:, None]).minimum(surface.far[:, None])
