"""A small scene for GHNeRF tests: two painted spheres, rendered exactly, cameras around them."""

import torch

from neuhmr.geometry.cameras import Camera
from neuhmr.ghnerf.network.config import FeatureHead, GhnerfConfig, LevelConfig
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import SourceViews, TargetView

SPHERES = ((-0.15, 0.0, 0.05, 0.25), (0.2, 0.1, -0.1, 0.2))
"""Centers (m, world) and radii (m)."""
BOX = torch.tensor([[-0.4, -0.25, -0.3], [0.4, 0.3, 0.3]])
DISTANCE = 2.0
TINY = GhnerfConfig(
    human_encoder="none",
    feature_heads=(FeatureHead(kind="heatmaps", channels=3),),
    coarse=LevelConfig(planes=8, samples=4),
    fine=LevelConfig(planes=8, samples=2),
)


def make_model(config: GhnerfConfig = TINY) -> Ghnerf:
    """A model with seeded random weights, in evaluation mode."""
    torch.manual_seed(0)
    return Ghnerf(config).eval()


def look_at(angle: float, lift: float = 0.2) -> torch.Tensor:
    """T_camera_world of a camera on a circle around the origin; angle in rad, lift in m."""
    a = torch.tensor(angle)
    center = torch.stack([a.sin() * DISTANCE, torch.tensor(-lift), -a.cos() * DISTANCE])
    forward = -center / center.norm()
    right = torch.linalg.cross(torch.tensor([0.0, 1.0, 0.0]), forward)
    right = right / right.norm()
    down = torch.linalg.cross(forward, right)
    T = torch.eye(4)
    T[:3, :3] = torch.stack([right, down, forward])
    T[:3, 3] = -T[:3, :3] @ center
    return T


def make_camera(size: int = 64) -> Camera:
    """A camera that sees the whole box from `DISTANCE`."""
    focal = 1.6 * size
    K = torch.tensor([[focal, 0.0, size / 2], [0.0, focal, size / 2], [0.0, 0.0, 1.0]])
    return Camera(K, size, size)


def photograph(camera: Camera, T_camera_world: torch.Tensor) -> torch.Tensor:
    """An exact image of the spheres, `3 height width`, colored by where the surface is."""
    R, t = T_camera_world[:3, :3], T_camera_world[:3, 3]
    origin = -R.T @ t
    rays = camera.ray_directions(camera.pixel_grid().reshape(-1, 2)) @ R
    nearest = torch.full((len(rays),), torch.inf)
    for x, y, z, radius in SPHERES:
        offset = origin - torch.tensor([x, y, z])
        a, b = rays.square().sum(-1), (rays * offset).sum(-1)
        root = b.square() - a * (offset.square().sum() - radius**2)
        depth = torch.where(root > 0, (-b - root.clamp_min(0).sqrt()) / a, torch.inf)
        nearest = nearest.minimum(depth)
    is_hit = nearest.isfinite()
    points = origin + rays * nearest.where(is_hit, 0.0)[:, None]
    colors = (0.5 + 0.5 * torch.sin(points * torch.tensor([9.0, 7.0, 8.0]))) * is_hit[:, None]
    return colors.T.reshape(3, camera.height, camera.width)


def make_sources(angles: tuple[float, ...] = (-0.3, 0.0, 0.35), size: int = 64) -> SourceViews:
    """Source views at angles (rad)."""
    camera = make_camera(size)
    poses = torch.stack([look_at(angle) for angle in angles])
    images = torch.stack([photograph(camera, pose) for pose in poses])
    return SourceViews(images, Camera(camera.K.expand(len(angles), 3, 3), size, size), poses)


def make_target(angle: float = 0.12, size: int = 64) -> TargetView:
    """A view that is none of the sources."""
    return TargetView(make_camera(size), look_at(angle), BOX)
