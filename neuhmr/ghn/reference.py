"""What the reference views know: features, pixels and visibility around the body."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.skinning import blend_bones
from neuhmr.body.smpl_model import PosedBody
from neuhmr.geometry.cameras import Camera, sample_at_pixels
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.ghn.canonical import CanonicalBody
from neuhmr.ghn.image_encoder import ImageEncoder
from neuhmr.ghn.radiance_field import ViewSamples
from neuhmr.ghn.views import ReferenceViews
from neuhmr.rendering.mesh_raster import rasterize_mesh
from neuhmr.tensor_struct import TensorStruct

VISIBLE_WITHIN = 0.025
"""A vertex counts as seen if the mesh's first surface at its pixel is this near (m)."""


@dataclass(frozen=True)
class ReferenceEvidence(TensorStruct):
    """Reference views, prepared to be asked about points tied to vertices."""

    pixels: Float[Tensor, "views 4 height width"]
    """Color and mask."""
    features: Float[Tensor, "views channels feature_height feature_width"]
    cameras: Camera
    vertices: Float[Tensor, "views vertices 3"]
    linear: Float[Tensor, "views vertices 3 3"]
    """Turns rest offsets into each view's posed offsets."""
    cues: Float[Tensor, "views vertices 2"]
    """Visibility (0 or 1) and cosine between the normal and the direction to the camera."""
    stride: int = ImageEncoder.stride
    """Pixels per cell of the feature maps."""

    @property
    def feature_size(self) -> tuple[int, int]:
        """(height, width) in pixels of what the feature maps cover: a little more than the image
        where its size is no multiple of the encoder's stride."""
        height, width = self.features.shape[-2:]
        return height * self.stride, width * self.stride

    def sample(
        self, offsets: Float[Tensor, "samples 3"], nearest: Int[Tensor, " samples"]
    ) -> ViewSamples:
        """Look at the place each sample has in each view (observation to canonical to anchor).

        Args:
            offsets: rest offsets from the nearest vertices (m).
            nearest: the vertices' numbers.
        """
        flat = torch.cat([self.linear.flatten(start_dim=2), self.vertices, self.cues], dim=-1)
        per_sample = flat[:, nearest]
        linear = per_sample[..., :9].unflatten(-1, (3, 3))
        points = (linear @ offsets[..., None])[..., 0] + per_sample[..., 9:12]
        pixels = self.cameras.project(points)
        size = (self.cameras.height, self.cameras.width)
        seen = sample_at_pixels(self.pixels, pixels, size)
        features = sample_at_pixels(self.features, pixels, self.feature_size, padding="border")
        cues = torch.cat([per_sample[..., 12:13], seen[..., 3:], per_sample[..., 13:]], dim=-1)
        return ViewSamples(features=features, colors=seen[..., :3], cues=cues)


def prepare_evidence(
    views: ReferenceViews,
    features: Float[Tensor, "views channels feature_height feature_width"],
    canonical: CanonicalBody,
    stride: int = ImageEncoder.stride,
) -> ReferenceEvidence:
    """Pose-dependent look-ups of the reference views; the poses are taken as given.

    Args:
        views: the frames.
        features: of the views' images.
        canonical: the body at rest.
        stride: pixels per cell of the features.
    """
    posed = views.posed.detach()
    linear, _ = blend_bones(canonical.lbs_weights, posed.bones)
    normals = vertex_normals(posed.vertices, canonical.faces)
    directions = torch.nn.functional.normalize(posed.vertices, dim=-1)
    facing = -(normals * directions).sum(dim=-1)
    visible = torch.stack(
        [
            visible_points(posed.vertices[view], VISIBLE_WITHIN, posed[view], views.cameras[view])
            for view in range(len(posed.vertices))
        ]
    )
    return ReferenceEvidence(
        pixels=torch.cat([views.images, views.masks[:, None]], dim=1),
        features=features,
        cameras=views.cameras,
        vertices=posed.vertices,
        linear=linear,
        cues=torch.stack([visible.to(facing), facing], dim=-1),
        stride=stride,
    )


@torch.no_grad()
def visible_points(
    points: Float[Tensor, "points 3"],
    reach: Float[Tensor, " points"] | float,
    posed: PosedBody,
    camera: Camera,
) -> Bool[Tensor, " points"]:
    """Tell which points on or in a body the camera sees.

    Args:
        points: in the camera frame (m).
        reach: how far from the first surface at its pixel a point may be (m).
        posed: the body that hides them, no batch axes.
        camera: one camera.
    """
    depth = rasterize_mesh(posed.vertices, posed.faces, camera).depth
    pixels = camera.project(points)
    columns, rows = pixels[:, 0].floor().long(), pixels[:, 1].floor().long()
    inside = (columns >= 0) & (columns < camera.width) & (rows >= 0) & (rows < camera.height)
    at_point = depth[rows.clamp(0, camera.height - 1), columns.clamp(0, camera.width - 1)]
    return ((points[:, 2] - at_point).abs() < reach) & inside & (points[:, 2] > 0)
