"""Where a person is, told by masks alone: the box around the visual hull."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid

GRID = 40
"""Grid points along each side of the cube that is carved."""
CUBE_SHARE = 1.5
"""Side of that cube over the largest extent that any mask has at the person's distance."""


def hull_box(
    masks: Sequence[Bool[Tensor, "_height _width"]],
    cameras: Sequence[Camera],
    T_camera_world: Float[Tensor, "cameras 4 4"],
) -> Float[Tensor, "2 3"] | None:
    """Carve a cube with the masks and box what is left (m, world); None if nothing is.

    A grid point is left where no camera that sees it shows background there. The box is a grid
    step larger on every side, so that nothing between grid points is cut off.
    """
    T_world_camera = Rigid.from_matrix(T_camera_world).inverse()
    filled = [i for i, mask in enumerate(masks) if bool(mask.any())]
    if len(filled) < 2:
        return None
    origins, directions = [], []
    for i in filled:
        center = masks[i].nonzero().flip(-1).float().mean(dim=0) + 0.5
        origins.append(T_world_camera.transl[i])
        ray = cameras[i].ray_directions(center[None])[0]
        directions.append(torch.nn.functional.normalize(T_world_camera.rotmat[i] @ ray, dim=-1))
    middle = nearest_to_rays(torch.stack(origins), torch.stack(directions))
    side = CUBE_SHARE * max(
        _extent(masks[i], cameras[i], T_camera_world[i], middle) for i in filled
    )
    steps = torch.linspace(-0.5, 0.5, GRID) * side
    points = torch.cartesian_prod(steps, steps, steps) + middle
    is_inside = torch.ones(len(points), dtype=torch.bool)
    for i in filled:
        local = Rigid.from_matrix(T_camera_world[i]).apply(points)
        pixels = cameras[i].project(local).floor().clamp(-1.0, 1e6).long()
        height, width = masks[i].shape
        seen = (local[:, 2] > 0) & (pixels >= 0).all(dim=-1)
        seen = seen & (pixels[:, 0] < width) & (pixels[:, 1] < height)
        column, row = pixels[:, 0].clamp(0, width - 1), pixels[:, 1].clamp(0, height - 1)
        is_inside &= ~seen | masks[i][row, column]
    if not bool(is_inside.any()):
        return None
    left, step = points[is_inside], side / (GRID - 1)
    return torch.stack([left.amin(dim=0) - step, left.amax(dim=0) + step])


def nearest_to_rays(
    origins: Float[Tensor, "rays 3"], directions: Float[Tensor, "rays 3"]
) -> Float[Tensor, "3"]:
    """Find the point with the least squared distance to rays of unit direction."""
    across = torch.eye(3) - directions[:, :, None] * directions[:, None, :]
    total = across.sum(dim=0) + 1e-6 * torch.eye(3)
    return torch.linalg.solve(total, (across @ origins[:, :, None]).sum(dim=0)[:, 0])


def _extent(
    mask: Bool[Tensor, "height width"],
    camera: Camera,
    T_camera_world: Float[Tensor, "4 4"],
    middle: Float[Tensor, "3"],
) -> float:
    """Size of a mask at the distance of the person's middle (m)."""
    spots = mask.nonzero()
    pixels = (spots.amax(dim=0) - spots.amin(dim=0) + 1).max()
    depth = Rigid.from_matrix(T_camera_world).apply(middle)[2].clamp_min(0.1)
    return float(pixels * depth / camera.K.diagonal()[:2].min())
