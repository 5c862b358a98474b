"""GHNeRF: source views in, colors and human features of any other view out (GHNeRF section 3).

The base is ENeRF: a coarse and a fine cost volume in front of the target camera say where the
surface is, few samples around it are compared with the source views, and their colors are a blend
of the views' colors. GHNeRF adds human features, read from the same samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.cascade import CascadeLevel, LevelRendering
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.depth_range import DepthRange
from neuhmr.ghnerf.network.evidence import EncodedViews
from neuhmr.ghnerf.network.feature_pyramid import FeaturePyramid
from neuhmr.ghnerf.network.frustum import (
    TargetFrustum,
    box_pixels,
    read_depths,
    read_voxels,
    target_window,
    upsampled_planes,
)
from neuhmr.ghnerf.network.heads import PointValues
from neuhmr.ghnerf.network.human_encoder import HumanEncoder
from neuhmr.ghnerf.network.views import SourceViews, TargetView, pad_views, project_box
from neuhmr.tensor_struct import TensorStruct

NORM_MOMENTUM = 0.01
"""Share of a training step in the running statistics of batch norms. A step sees one moment, whose
statistics are far from the next one's: torch's 0.1 would remember ten of them."""
POINTS_AT_ONCE = 16384
"""So few that a query of a dense grid needs little memory."""


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
        self.coarse = CascadeLevel(config, is_coarse=True)
        self.fine = CascadeLevel(config, is_coarse=False)
        self.fixed_norms = False
        """Batch norms keep their statistics while the model trains, as they will at inference."""
        for norm in self._norms():
            norm.momentum = NORM_MOMENTUM

    def train(self, mode: bool = True) -> "Ghnerf":
        """Set the mode, except of fixed norms."""
        super().train(mode)
        if self.fixed_norms:
            for norm in self._norms():
                norm.eval()
        return self

    def encode(self, sources: SourceViews) -> EncodedViews:
        """Compute what only depends on the source views; the result serves any target.

        Cut the views to the subject first (`crop_views`): it saves most of the time.
        """
        padded = pad_views(sources)
        features = self.pyramid(padded.images)
        small = functional.avg_pool2d(padded.images, 4)
        empty = (padded.images.amax(dim=1, keepdim=True) <= 0.0).to(padded.images)
        return EncodedViews(
            cameras=padded.cameras,
            T_camera_world=padded.T_camera_world,
            coarse=torch.cat([features.coarse, small], dim=1),
            middle=features.middle,
            fine=torch.cat([features.fine, padded.images], dim=1),
            coarse_empty=functional.avg_pool2d(empty, 4) if self.config.hull else None,
            middle_empty=functional.avg_pool2d(empty, 2) if self.config.hull else None,
            human=None if self.human_encoder is None else self.human_encoder(padded.images),
        )

    def frustum(self, encoded: EncodedViews, target: TargetView) -> TargetFrustum:
        """Compute the cost volumes in front of a target camera; they serve all of its rays.

        Raises:
            DatasetError: the target or a source camera does not see the subject's box.
        """
        for view, T_camera_world in enumerate(encoded.T_camera_world):
            project_box(target.box, encoded.cameras[view], T_camera_world, f"source view {view}")
        window = target_window(target)
        small = self.coarse.volume_camera(window.camera)
        whole = torch.ones(small.height, small.width).to(target.box)
        planes = DepthRange(whole * window.near, whole * window.far)
        coarse = self.coarse.build_volume(encoded, window.camera, target.T_camera_world, planes)
        large = self.fine.volume_camera(window.camera)
        planes = upsampled_planes(coarse.surface, large.height, large.width)
        fine = self.fine.build_volume(encoded, window.camera, target.T_camera_world, planes)
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
            coarse_pixels: positions for the coarse level, which only training looks at, in the
                same image (px). Its features have a quarter of the resolution.
            generator: jitters samples along their rays; None spaces them evenly, as ENeRF does.

        Raises:
            DatasetError: the target or a source camera does not see the subject's box.
        """
        frustum = self.frustum(encoded, target)
        if pixels is None:
            pixels = box_pixels(target)
        fine = self.fine.cast(encoded, frustum, pixels, generator)
        coarse = None
        if coarse_pixels is not None:
            coarse = self.coarse.cast(encoded, frustum, coarse_pixels, generator)
        return GhnerfRendering(fine, coarse)

    def query(
        self, encoded: EncodedViews, reference: TargetView, points: Float[Tensor, "points 3"]
    ) -> PointValues:
        """Evaluate points of the world through the fine volume of a reference view.

        The fine volume only reaches as far from the surface as the coarse level is unsure of it.
        Beyond, and outside the box or the window, everything is zero.

        Args:
            encoded: source views.
            reference: the camera in front of which volumes are made.
            points: in the world (m).

        Raises:
            DatasetError: the reference or a source camera does not see the subject's box.
        """
        frustum = self.frustum(encoded, reference)
        parts = [self._query(encoded, frustum, some) for some in points.split(POINTS_AT_ONCE)]
        coordinates = [part.coordinates for part in parts if part.coordinates is not None]
        return PointValues(
            sigmas=torch.cat([part.sigmas for part in parts]),
            colors=torch.cat([part.colors for part in parts]),
            features=torch.cat([part.features for part in parts]),
            coordinates=torch.cat(coordinates) if coordinates else None,
        )

    def _norms(self) -> Iterator[nn.BatchNorm2d | nn.BatchNorm3d]:
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
                yield module

    def _query(
        self, encoded: EncodedViews, frustum: TargetFrustum, points: Float[Tensor, "points 3"]
    ) -> PointValues:
        T_camera_world = Rigid.from_matrix(frustum.T_camera_world)
        in_camera = points @ T_camera_world.rotmat.mT + T_camera_world.transl
        depths = in_camera[:, 2]
        pixels = frustum.window.project(in_camera)
        size = (frustum.window.height, frustum.window.width)
        planes = read_depths(frustum.fine, pixels, size).planes
        is_inside = ((pixels >= 0) & (pixels <= pixels.new_tensor([size[1], size[0]]))).all(dim=-1)
        is_inside &= ((points >= frustum.box[0]) & (points <= frustum.box[1])).all(dim=-1)
        is_inside &= (depths >= planes.near) & (depths <= planes.far)
        # Most points of a grid lie outside, where nothing needs to be asked.
        kept = is_inside.nonzero()[:, 0]
        voxels = read_voxels(frustum.fine, planes[kept], pixels[kept], depths[kept, None], size)
        projected, appearance = self.fine.evaluate(encoded, frustum, in_camera[kept], voxels)
        features = self.fine.predict_features(encoded, projected, appearance.intermediate)

        values = PointValues(appearance.sigmas, appearance.colors, features, appearance.coordinates)
        return values.map(lambda t: t.new_zeros(len(points), *t.shape[1:]).index_copy(0, kept, t))
