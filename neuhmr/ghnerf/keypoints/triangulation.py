"""3D keypoints from 2D keypoints in several calibrated views."""

from dataclasses import dataclass
from itertools import combinations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.ghnerf.keypoints.keypoints3d import Keypoints3d

REWEIGHTINGS = 3
"""Rounds in which each view's equations are divided by its depth, so that residuals are angles."""
LEAST_PARALLAX = 1e-4
"""Smallest singular value, as a share of the largest, at which rays still cross."""


@dataclass(frozen=True, kw_only=True)
class TriangulationConfig:
    """How views are joined."""

    inlier_share: float = 0.03
    """A view agrees with a point that projects nearer to its keypoint than this share of the
    picture's larger side."""
    least_confidence: float = 0.05
    """Keypoints below it are left out."""


def triangulate(
    points: Float[Tensor, "views joints 2"],
    confidence: Float[Tensor, "views joints"],
    cameras: Camera,
    T_camera_world: Float[Tensor, "views 4 4"],
    config: TriangulationConfig | None = None,
) -> Keypoints3d:
    """Intersect the rays of each joint's keypoints, weighted by confidence (linear method, DLT).

    Every pair of views proposes a point; the one that most views agree with, by confidence, wins,
    and the views that agree with it are solved together. The same input gives the same result.

    Args:
        points: (u, v) px, pixel centers at +0.5.
        confidence: in [0, 1]; 0 where there is no keypoint.
        cameras: K of every view.
        T_camera_world: from the world to every camera.
        config: what agrees.

    Returns:
        World points (m); a joint is found when two views or more agree and its rays are not
        parallel. The confidence is the sum of those that agree, divided by the number of views
        that say anything.
    """
    config = config or TriangulationConfig()
    rays = cameras.ray_directions(points)[..., :2].double()
    focal = cameras.K[:, [0, 1], [0, 1]].double()
    larger = max(cameras.height, cameras.width)
    poses, weights = T_camera_world.double(), confidence.double()
    weights = torch.where(weights >= config.least_confidence, weights, 0.0)
    joints = [
        _robust_point(rays[:, j], weights[:, j], poses, focal, config.inlier_share * larger)
        for j in range(points.shape[1])
    ]
    found = torch.stack([found for _, _, found in joints])
    place, sure = (torch.stack([joint[part] for joint in joints]) for part in (0, 1))
    return Keypoints3d(
        torch.where(found[:, None], place, 0.0).to(points.dtype),
        torch.where(found, sure, 0.0).to(points.dtype),
        found,
    )


def _robust_point(
    rays: Float[Tensor, "views 2"],
    weights: Float[Tensor, " views"],
    poses: Float[Tensor, "views 4 4"],
    focal: Float[Tensor, "views 2"],
    tolerance: float,
) -> tuple[Tensor, Tensor, Tensor]:
    nowhere = rays.new_zeros(3), rays.new_zeros(()), torch.zeros_like(weights[0], dtype=torch.bool)
    seeing = weights.nonzero()[:, 0].tolist()
    if len(seeing) < 2:
        return nowhere
    chosen = torch.zeros_like(weights)
    pairs = torch.stack(
        [chosen.index_fill(0, rays.new_tensor(pair).long(), 1.0)
         for pair in combinations(seeing, 2)]
    )  # fmt: skip
    proposed, crosses = _solve(rays, weights * pairs, poses)
    errors = _errors_px(proposed, rays, poses, focal)
    agrees = (errors < tolerance) & (weights > 0)
    # Among proposals with the same support, the nearest to its views wins.
    support = (agrees * weights).sum(dim=-1) - 1e-6 * errors.clamp_max(tolerance).mean(dim=-1)
    support = torch.where(crosses, support, -torch.inf)
    best = agrees[support.argmax()]
    if int(best.sum()) < 2 or not torch.isfinite(support.max()):
        return nowhere
    place, crosses = _solve(rays, (weights * best)[None], poses)
    in_front = ((poses[:, 2, :3] @ place[0] + poses[:, 2, 3]) > 0)[best].all()
    sure = (weights * best).sum() / len(seeing)
    return place[0], sure, crosses[0] & in_front


def _solve(
    rays: Float[Tensor, "views 2"],
    weights: Float[Tensor, "sets views"],
    poses: Float[Tensor, "views 4 4"],
) -> tuple[Float[Tensor, "sets 3"], Bool[Tensor, " sets"]]:
    """Solve u (p3 X) = p1 X and v (p3 X) = p2 X of all views in the least-squares sense."""
    rows = rays[..., None] * poses[:, 2:3] - poses[:, :2]
    depths = torch.ones_like(weights)
    place, spread = weights.new_zeros(len(weights), 3), weights.new_zeros(len(weights), 3)
    for _ in range(REWEIGHTINGS):
        scaled = (rows * (weights / depths)[..., None, None]).flatten(1, 2)
        left, spread, right = torch.linalg.svd(scaled[..., :3], full_matrices=False)
        inverse = 1.0 / spread.clamp_min(1e-12)
        onto = (left.mT @ -scaled[..., 3:])[..., 0]
        place = (right.mT @ (inverse * onto)[..., None])[..., 0]
        depths = (place @ poses[:, 2, :3].mT + poses[:, 2, 3]).clamp_min(1e-3)
    return place, spread[:, -1] > LEAST_PARALLAX * spread[:, 0]


def _errors_px(
    places: Float[Tensor, "sets 3"],
    rays: Float[Tensor, "views 2"],
    poses: Float[Tensor, "views 4 4"],
    focal: Float[Tensor, "views 2"],
) -> Float[Tensor, "sets views"]:
    """Distance (px) of every point's projection to every keypoint; infinite behind a camera."""
    seen = torch.einsum("vij,sj->svi", poses[:, :3, :3], places) + poses[:, :3, 3]
    depths = seen[..., 2:]
    offset = (seen[..., :2] / depths.clamp_min(1e-3) - rays) * focal
    return torch.where(depths[..., 0] > 0, offset.norm(dim=-1), torch.inf)
