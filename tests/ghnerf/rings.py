"""Cameras around the origin and heatmaps with known peaks."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera


def gaussian_heatmaps(
    points: Float[Tensor, "joints 2"], height: int, width: int, sigma: float
) -> Float[Tensor, "joints height width"]:
    """exp(-|u - p|² / 2σ²) at pixel centers."""
    v = torch.arange(height)[:, None] + 0.5
    u = torch.arange(width)[None] + 0.5
    x, y = points[:, 0, None, None], points[:, 1, None, None]
    return torch.exp(-((u - x).square() + (v - y).square()) / (2 * sigma**2))


def ring(
    views: int, distance: float = 3.0, height: int = 128, width: int = 96, focal: float = 150.0
) -> tuple[Camera, Float[Tensor, "views 4 4"]]:
    """Cameras in a circle about the world's z axis (up), looking at the origin."""
    poses = []
    for index in range(views):
        angle = 2 * math.pi * index / views
        back = torch.tensor([math.cos(angle), math.sin(angle), 0.2])
        position = distance * back / back.norm()
        forward = -back / back.norm()
        right = torch.linalg.cross(forward, torch.tensor([0.0, 0.0, 1.0]))
        right = right / right.norm()
        rotation = torch.stack([right, torch.linalg.cross(forward, right), forward])
        pose = torch.eye(4)
        pose[:3, :3], pose[:3, 3] = rotation, -rotation @ position
        poses.append(pose)
    K = torch.tensor([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    return Camera(K.expand(views, 3, 3), height, width), torch.stack(poses)


def seen(
    points: Float[Tensor, "joints 3"], cameras: Camera, T_camera_world: Float[Tensor, "views 4 4"]
) -> Float[Tensor, "views joints 2"]:
    """Project world points into every view."""
    in_camera = points @ T_camera_world[:, :3, :3].mT + T_camera_world[:, None, :3, 3]
    return cameras.project(in_camera)
