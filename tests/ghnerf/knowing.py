"""A network that knows where the keypoints are, and moments of people who stand still."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ghnerf.rings import gaussian_heatmaps, ring, seen
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.evidence import EncodedViews
from neuhmr.ghnerf.network.heads import PointValues
from neuhmr.ghnerf.network.image_rendering import GhnerfImage
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import TargetView
from neuhmr.lab.moments.moments import Moment, MomentView

BOX = torch.tensor([[-0.35, -0.35, -0.6], [0.35, 0.35, 0.6]])
SPREAD_M = 0.04


def standing_points() -> Float[Tensor, "25 3"]:
    """Keypoints well within the box, as a subject's are; shoulders above hips."""
    points = 0.8 * (torch.rand(25, 3, generator=torch.Generator().manual_seed(5)) - 0.5)
    points[:, 2] *= 1.2
    for joint, x, z in ((2, -0.2, 0.4), (5, 0.2, 0.4), (9, -0.15, -0.1), (12, 0.15, -0.1)):
        points[joint] = torch.tensor([x, 0.0, z])
    return points.clamp(BOX[0] + 0.15, BOX[1] - 0.15)


class KnowingGhnerf(Ghnerf):
    """Its field is opaque everywhere and scores points by their distance to the keypoints."""

    def __init__(self, points: Float[Tensor, "25 3"]) -> None:
        super().__init__(GhnerfConfig(human_encoder="none"))
        self.points = points
        self.asked: list[EncodedViews] = []
        self.eval()

    def query(
        self, encoded: EncodedViews, reference: TargetView, points: Float[Tensor, "points 3"]
    ) -> PointValues:
        self.asked.append(encoded)
        scores = torch.exp(-torch.cdist(points, self.points).square() / (2 * SPREAD_M**2))
        return PointValues(torch.full_like(points[:, 0], 10.0), points.clone(), scores, None)


def knowing_image(model: Ghnerf, encoded: EncodedViews, target: TargetView) -> GhnerfImage:
    """Render what the network knows, in place of `render_target`."""
    assert isinstance(model, KnowingGhnerf)
    model.asked.append(encoded)
    local = Rigid.from_matrix(target.T_camera_world).apply(model.points)
    camera = target.camera
    sigma = 6.0 / 512.0 * camera.height
    maps = gaussian_heatmaps(camera.project(local), camera.height, camera.width, sigma)
    gray = torch.full((camera.height, camera.width, 3), 0.5)
    return GhnerfImage(gray, gray[..., 0], gray[..., 0], maps.permute(1, 2, 0))


@dataclass(frozen=True)
class _StillPictures:
    views: int
    missing: tuple[int, ...]

    def read(self, view: int) -> MomentView:
        cameras, poses = ring(self.views)
        keypoints = torch.ones(25, 3)
        keypoints[:, :2] = seen(standing_points(), cameras[[view]], poses[[view]])[0]
        keypoints[list(self.missing)] = 0.0
        size = (cameras.height, cameras.width)
        image = torch.full((3, *size), 128, dtype=torch.uint8)
        return MomentView(image, torch.ones(size, dtype=torch.bool), keypoints)


def still_moment(name: str = "person_0_0", views: int = 8, missing: tuple[int, ...] = ()) -> Moment:
    """A gray person in front of a ring of cameras; missing keypoints have no truth."""
    cameras, poses = ring(views)
    each = tuple(cameras[view] for view in range(views))
    return Moment(name, each, poses, BOX, None, _StillPictures(views, missing))
