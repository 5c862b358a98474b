"""One level of ENeRF's cascade: a cost volume in front of the target, and samples within it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.cost_regularization import CostRegularization
from neuhmr.ghnerf.network.depth_range import DepthRange, regress_range
from neuhmr.ghnerf.network.evidence import EncodedViews, ProjectedPoints, project_points, read_maps
from neuhmr.ghnerf.network.feature_pyramid import COARSE_CHANNELS, FINE_CHANNELS, MIDDLE_CHANNELS
from neuhmr.ghnerf.network.frustum import (
    DepthVolume,
    TargetFrustum,
    moved,
    rays_hit_box,
    read_depths,
    read_voxels,
)
from neuhmr.ghnerf.network.heads import Appearance, NerfHeads, SampleEvidence
from neuhmr.ghnerf.network.plane_sweep import sweep_coordinates, warp
from neuhmr.ghnerf.network.view_moments import view_moments
from neuhmr.rendering.volume_rendering import composite, render_weights
from neuhmr.tensor_struct import TensorStruct

FINE_PIXEL = 2
"""Pixels of the target along a column of the fine volume."""


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


class CascadeLevel(nn.Module):
    """The coarse or the fine level.

    Args:
        config: of the whole model.
        is_coarse: the coarse level has planes over the whole box, the fine level around the coarse
            surface.
    """

    def __init__(self, config: GhnerfConfig, is_coarse: bool) -> None:
        super().__init__()
        self.config = config
        self.is_coarse = is_coarse
        self.level = config.coarse if is_coarse else config.fine
        self.volume_pixel = config.coarse_pixel if is_coarse else FINE_PIXEL
        channels = COARSE_CHANNELS if is_coarse else MIDDLE_CHANNELS
        self.regularize = CostRegularization(
            channels + int(config.hull), halvings=2 if is_coarse else 3
        )
        self.heads = NerfHeads((COARSE_CHANNELS if is_coarse else FINE_CHANNELS) + 3, config)

    def volume_camera(self, window: Camera) -> Camera:
        """See the target's window with one pixel per column of the volume."""
        return window.resized(window.height // self.volume_pixel, window.width // self.volume_pixel)

    def build_volume(
        self,
        encoded: EncodedViews,
        window: Camera,
        T_camera_world: Float[Tensor, "4 4"],
        planes: DepthRange,
    ) -> DepthVolume:
        """Compare views over planes, regularize, and find where the surface is.

        Args:
            encoded: source views.
            window: of the target's image.
            T_camera_world: of the target.
            planes: depths of the first and the last plane, per pixel of `volume_camera`.
        """
        camera = self.volume_camera(window)
        depths = planes.planes(self.level.planes, in_disparity=self.is_coarse)
        T_world_target = Rigid.from_matrix(T_camera_world).inverse()
        T_view_world = Rigid.from_matrix(encoded.T_camera_world)
        coordinates = torch.stack(
            [
                sweep_coordinates(
                    camera, T_view_world[view] @ T_world_target, encoded.cameras[view], depths
                )
                for view in range(len(encoded.T_camera_world))
            ]
        )
        voxels, logits = self.regularize(self._costs(encoded, coordinates))
        surface = regress_range(logits, depths, planes, in_disparity=self.is_coarse)
        return DepthVolume(voxels, planes, surface, self.is_coarse)

    def _costs(
        self, encoded: EncodedViews, coordinates: Float[Tensor, "views rows columns planes 2"]
    ) -> Float[Tensor, "1 channels rows columns planes"]:
        """Compare views, and say how many see nothing."""
        features = encoded.coarse[:, :COARSE_CHANNELS] if self.is_coarse else encoded.middle
        costs = [view_moments(warp(features, coordinates))[1]]
        empty = encoded.coarse_empty if self.is_coarse else encoded.middle_empty
        if empty is not None:
            costs.append(view_moments(warp(empty, coordinates))[0])
        return torch.cat(costs)[None]

    def cast(
        self,
        encoded: EncodedViews,
        frustum: TargetFrustum,
        pixels: Float[Tensor, "rays 2"],
        generator: torch.Generator | None = None,
    ) -> LevelRendering:
        """Render rays through volumes that are there already (GHNeRF Eqs. 1 and 4).

        Args:
            encoded: source views.
            frustum: of the target view, made from the same source views.
            pixels: positions in the target's image (px).
            generator: jitters samples along their rays; None spaces them evenly, as ENeRF does.
        """
        volume = frustum.coarse if self.is_coarse else frustum.fine
        size = (frustum.window.height, frustum.window.width)
        in_window = moved(frustum, pixels)
        directions = frustum.window.ray_directions(in_window)
        maps = read_depths(volume, in_window, size)
        depths = _sample_depths(maps.surface, self.level.samples, generator)
        points = (depths[..., None] * directions[:, None]).reshape(-1, 3)
        voxels = read_voxels(volume, maps.planes, in_window, depths, size)
        projected, appearance = self.evaluate(encoded, frustum, points, voxels)

        is_hit = rays_hit_box(directions, frustum.T_camera_world, frustum.box)
        # ENeRF's densities have no unit: every sample is one long.
        sigmas = appearance.sigmas.view_as(depths) * is_hit[:, None]
        weights = render_weights(sigmas, torch.ones_like(sigmas))
        samples = (len(pixels), self.level.samples)
        seen = composite(weights, appearance.colors.view(*samples, 3), depths)
        feature_weights = (weights.detach() if self.config.detach_sigma else weights)[..., None]
        features = self._visible_features(encoded, projected, appearance, weights)
        features = (feature_weights * features.view(*samples, self.config.channels)).sum(dim=1)
        coordinates = None
        if appearance.coordinates is not None:
            coordinates = appearance.coordinates.view(*samples, 3)
            coordinates = (feature_weights * coordinates).sum(dim=1)
        return LevelRendering(
            pixels=pixels,
            colors=seen.colors,
            opacities=seen.opacities,
            depths=seen.depths,
            features=features,
            coordinates=coordinates,
        )

    def evaluate(
        self,
        encoded: EncodedViews,
        frustum: TargetFrustum,
        points: Float[Tensor, "points 3"],
        voxels: Float[Tensor, "points 8"],
    ) -> tuple[ProjectedPoints, Appearance]:
        """Ask the source views and the heads about points in the target camera's frame (m)."""
        T_world_camera = Rigid.from_matrix(frustum.T_camera_world).inverse()
        in_world = points @ T_world_camera.rotmat.mT + T_world_camera.transl
        projected = project_points(encoded, in_world, frustum.T_camera_world)
        maps = encoded.coarse if self.is_coarse else encoded.fine
        images = read_maps(maps, projected, encoded.cameras)
        return projected, self.heads(SampleEvidence(images, projected.directions, voxels))

    def predict_features(
        self,
        encoded: EncodedViews,
        projected: ProjectedPoints,
        intermediate: Float[Tensor, "points hidden"],
    ) -> Float[Tensor, "points channels"]:
        """Predict human features of points whose f_n is known (GHNeRF Eq. 4)."""
        human = None
        if encoded.human is not None:
            human = read_maps(encoded.human, projected, encoded.cameras)
        return self.heads.predict_features(intermediate, human, projected.directions)

    def _visible_features(
        self,
        encoded: EncodedViews,
        projected: ProjectedPoints,
        appearance: Appearance,
        weights: Float[Tensor, "rays samples"],
    ) -> Float[Tensor, "rays_samples channels"]:
        """Predict features; where no gradient is kept, only of samples that can be seen."""
        intermediate = appearance.intermediate
        if torch.is_grad_enabled():
            return self.predict_features(encoded, projected, intermediate)
        kept = (weights.flatten() > self.config.feature_threshold).nonzero()[:, 0]
        table = intermediate.new_zeros(len(intermediate), self.config.channels)
        table[kept] = self.predict_features(encoded, projected[:, kept], intermediate[kept])
        return table


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
    shifted = depths + jitter * (surface.far - surface.near)[:, None] / (count - 1)
    return shifted.maximum(surface.near[:, None]).minimum(surface.far[:, None])
