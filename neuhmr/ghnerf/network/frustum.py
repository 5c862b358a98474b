"""The part of the target camera's view that holds the subject, and its two cost volumes."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from neuhmr.geometry.cameras import Camera, sample_at_pixels
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.depth_range import DepthRange
from neuhmr.ghnerf.network.views import PADDED_TO, TargetView, project_box
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class DepthVolume(TensorStruct):
    """One level of the cascade, over the window of the target's image."""

    voxels: Float[Tensor, "1 8 rows columns planes"]
    planes: DepthRange
    """Depths of the first and the last plane, per pixel of the volume."""
    surface: DepthRange
    """Where the surface is, within the planes."""
    in_disparity: bool
    """Whether planes are even in 1 / depth."""


@dataclass(frozen=True)
class TargetFrustum(TensorStruct):
    """What is worth keeping of a target view: rays and points read it."""

    window: Camera
    """The part of the target's image that holds the subject; sides are multiples of 32."""
    corner: Float[Tensor, " 2"]
    """The window's top left corner in the target's image (px)."""
    T_camera_world: Float[Tensor, "4 4"]
    box: Float[Tensor, "2 3"]
    """Low and high corner of the subject's box (m, world)."""
    coarse: DepthVolume
    fine: DepthVolume


@dataclass(frozen=True)
class TargetWindow(TensorStruct):
    """Where the subject is in the target's image."""

    camera: Camera
    corner: Float[Tensor, " 2"]
    near: float
    """Depth at which the subject's box begins (m)."""
    far: float
    """Depth at which the subject's box ends (m)."""


@dataclass(frozen=True)
class SurfaceDepths(TensorStruct):
    """A depth volume's maps, read where rays pass."""

    planes: DepthRange
    surface: DepthRange


def target_window(target: TargetView) -> TargetWindow:
    """Find the window of the target's image that is worth computing.

    Raises:
        DatasetError: the target camera does not see the subject's box.
    """
    (left, top, right, bottom), (near, far) = project_box(
        target.box, target.camera, target.T_camera_world, "the target camera"
    )
    width = -(-(right - left) // PADDED_TO) * PADDED_TO
    height = -(-(bottom - top) // PADDED_TO) * PADDED_TO
    corner = target.camera.K.new_tensor([left, top])
    window = target.camera.cropped(corner[0], corner[1], height, width)
    return TargetWindow(window, corner, near, far)


def rays_hit_box(
    directions: Float[Tensor, "rays 3"],
    T_camera_world: Float[Tensor, "4 4"],
    box: Float[Tensor, "2 3"],
) -> Bool[Tensor, " rays"]:
    """Say which rays of a camera pass through an axis-aligned box of the world (slab test).

    Args:
        directions: in the camera's frame.
        T_camera_world: of the camera.
        box: low and high corner (m, world).
    """
    T_world_camera = Rigid.from_matrix(T_camera_world).inverse()
    along = directions @ T_world_camera.rotmat.mT
    safe = torch.where(along.abs() < 1e-9, along.new_tensor(1e-9), along)
    crossings = (box[:, None] - T_world_camera.transl) / safe
    enters = crossings.amin(dim=0).amax(dim=-1)
    leaves = crossings.amax(dim=0).amin(dim=-1)
    return (leaves > enters) & (leaves > 0)


def box_pixels(target: TargetView) -> Float[Tensor, "rays 2"]:
    """List the centers of the target's pixels that look at the subject's box, row by row (px).

    Raises:
        DatasetError: the target camera does not see the subject's box.
    """
    (left, top, right, bottom), _ = project_box(
        target.box, target.camera, target.T_camera_world, "the target camera"
    )
    pixels = target.camera.pixel_grid()[top:bottom, left:right].reshape(-1, 2)
    directions = target.camera.ray_directions(pixels)
    return pixels[rays_hit_box(directions, target.T_camera_world, target.box)]


def read_depths(
    volume: DepthVolume, pixels: Float[Tensor, "rays 2"], image_size: tuple[int, int]
) -> SurfaceDepths:
    """Interpolate a volume's depth maps where rays pass through the window.

    Args:
        volume: one level.
        pixels: positions in the window (px).
        image_size: height and width of the window (px).
    """
    planes, surface = volume.planes, volume.surface
    maps = torch.stack([planes.near, planes.far, surface.near, surface.far])
    near, far, first, last = sample_at_pixels(maps, pixels, image_size, "border").unbind(dim=-1)
    return SurfaceDepths(DepthRange(near, far), DepthRange(first, last))


def read_voxels(
    volume: DepthVolume,
    planes: DepthRange,
    pixels: Float[Tensor, "rays 2"],
    depths: Float[Tensor, "rays samples"],
    image_size: tuple[int, int],
) -> Float[Tensor, "rays_samples 8"]:
    """Interpolate voxel features at depths along rays.

    Args:
        volume: one level.
        planes: its first and last plane, where the rays pass.
        pixels: positions in the window (px).
        depths: camera depths (m).
        image_size: height and width of the window (px).
    """
    count = volume.voxels.shape[-1]
    u, v = (
        (pixels / pixels.new_tensor([image_size[1], image_size[0]]) * 2.0 - 1.0)[:, None]
        .expand(*depths.shape, 2)
        .unbind(-1)
    )
    # The first and the last plane are centers of voxels, not their outer faces.
    along = (planes.fraction(depths, volume.in_disparity) * (count - 1) + 0.5) / count * 2.0 - 1.0
    grid = torch.stack([along, u, v], dim=-1)
    sampled = functional.grid_sample(
        volume.voxels, grid[None, None], padding_mode="border", align_corners=False
    )
    return sampled[0, :, 0].flatten(1).T


def upsampled_planes(surface: DepthRange, rows: int, columns: int) -> DepthRange:
    """Spread a level's depth range over the next level's pixels.

    No gradient flows back: the coarse level has a loss of its own, and the gradient of a warp with
    respect to its coordinates would cost more than all the rest of the warp.
    """
    maps = torch.stack([surface.near, surface.far]).detach()[None]
    near, far = functional.interpolate(
        maps, size=(rows, columns), mode="bilinear", align_corners=False
    )[0]
    return DepthRange(near, far)


def moved(frustum: TargetFrustum, pixels: Float[Tensor, "rays 2"]) -> Float[Tensor, "rays 2"]:
    """Turn positions in the target's image into positions in the window (px)."""
    return pixels - frustum.corner
