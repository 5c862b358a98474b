"""A sphere before a ring of cameras, and captures of it in every layout."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.people.stage.camera_ring import look_at, ring_position

CENTER = torch.tensor([0.1, 0.9, -0.2])
RADIUS = 0.5
SIZE = 64


def ring_cameras(count: int = 4) -> tuple[tuple[Camera, ...], torch.Tensor]:
    """Cameras that look at the sphere from 3 m, with K of our convention, and T_camera_world."""
    K = torch.tensor([[80.0, 0.0, 33.0], [0.0, 81.0, 31.0], [0.0, 0.0, 1.0]])
    transforms = []
    for index in range(count):
        position = ring_position(2 * np.pi * index / count, 3.0, 1.3) + CENTER.numpy() * [1, 0, 1]
        transforms.append(torch.from_numpy(look_at(position, CENTER.double().numpy())).float())
    return tuple(Camera(K, SIZE, SIZE) for _ in range(count)), torch.stack(transforms)


def sphere_mask(camera: Camera, T_camera_world: torch.Tensor) -> torch.Tensor:
    """Pixels whose rays meet the sphere."""
    center = Rigid.from_matrix(T_camera_world).apply(CENTER)
    directions = torch.nn.functional.normalize(camera.ray_directions(camera.pixel_grid()), dim=-1)
    along = directions @ center
    return (center.square().sum() - along.square()) < RADIUS**2


def write_image(path: Path, mask: torch.Tensor, is_mask: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = mask.byte().numpy() * 255
    Image.fromarray(pixels if is_mask else np.stack([pixels // 2] * 3, axis=-1)).save(path)
