"""Cameras on a circle around the subject, for novel views."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.views import TargetView

FILLED = 0.9
"""Share of the picture's sides that the subject's box may fill."""


def orbit_views(
    T_camera_world: Float[Tensor, "views 4 4"],
    box: Float[Tensor, "2 3"],
    count: int,
    height: int,
    width: int,
) -> list[TargetView]:
    """Place cameras evenly around the subject, at the given cameras' mean distance and height.

    They start beside the first camera; up is the given cameras' mean upward direction. The
    subject's box fits into the picture from everywhere.

    Args:
        T_camera_world: of the cameras that there are.
        box: low and high corner of the subject's box (m, world).
        count: how many cameras.
        height: of the pictures (px).
        width: of the pictures (px).
    """
    middle = box.mean(dim=0)
    T_world_camera = Rigid.from_matrix(T_camera_world).inverse()
    up = torch.nn.functional.normalize(-T_world_camera.rotmat[:, :, 1].mean(dim=0), dim=-1)
    arms = T_world_camera.transl - middle
    heights = arms @ up
    radius = (arms - heights[:, None] * up).norm(dim=-1).mean().clamp_min(1e-3)
    first = arms[0] - heights[0] * up
    if float(first.norm()) < 1e-6:  # Straight above: any side will do.
        first = torch.linalg.cross(up, torch.eye(3).to(up)[int(up.abs().argmin())])
    first = torch.nn.functional.normalize(first, dim=-1)
    across = torch.linalg.cross(up, first)
    distance = (radius.square() + heights.mean().square()).sqrt()
    camera = _framing_camera(box, float(distance), height, width).to(box.device)
    views = []
    for index in range(count):
        angle = 2.0 * math.pi * index / count
        side = math.cos(angle) * first + math.sin(angle) * across
        position = middle + radius * side + heights.mean() * up
        views.append(TargetView(camera, _looking_at(position, middle, up), box))
    return views


def _framing_camera(box: Float[Tensor, "2 3"], distance: float, height: int, width: int) -> Camera:
    """Choose the focal length (px) with which a sphere around the box fits into the picture."""
    radius = min(float((box[1] - box[0]).norm()) / 2.0, 0.95 * distance)
    slope = radius / math.sqrt(distance**2 - radius**2)
    focal = FILLED * min(height, width) / (2.0 * slope)
    K = torch.tensor([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    return Camera(K, height, width)


def _looking_at(
    position: Float[Tensor, "3"], at: Float[Tensor, "3"], up: Float[Tensor, "3"]
) -> Float[Tensor, "4 4"]:
    forward = torch.nn.functional.normalize(at - position, dim=-1)
    right = torch.nn.functional.normalize(torch.linalg.cross(forward, up), dim=-1)
    rotmat = torch.stack([right, torch.linalg.cross(forward, right), forward])
    return Rigid(rotmat, -rotmat @ position).as_matrix()
