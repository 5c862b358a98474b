"""Anchor frames: few, seen from all around, with the poses that render best (NeuHMR 3.3.1)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.anchors.settings import AnchorConfig
from neuhmr.body.motion import Motion
from neuhmr.geometry.cameras import Camera

LEAST_INSIDE = 0.5
"""Share of the body's box that must be inside the image of a frame that tells of the person."""
LEAST_PAIR = 2
"""An avatar is conditioned on two anchors."""


@dataclass(frozen=True)
class FrameScore:
    """How badly a frame renders with the pose it has; both terms fall with better poses."""

    rgb: float
    """Mean squared color difference."""
    geo: float
    """One minus soft intersection over union (NeuHMR Eq. 11)."""


@dataclass(frozen=True)
class AnchorSelection:
    """Which frame rows were considered, how they scored, and which became anchors."""

    orientations: Float[Tensor, "frames 3"]
    """Side of the body that each frame shows: unit vectors in the body's own frame."""
    candidates: tuple[int, ...]
    """Rows from farthest point sampling, in the order they were found, then the user's own."""
    scores: tuple[float, ...]
    """Sum of the z-scores of L_rgb and L_geo of each candidate; the least is the best."""
    anchors: tuple[int, ...]
    """Rows that were kept, best first."""

    def score_of(self, row: int) -> float:
        """Look up a candidate's score."""
        return self.scores[self.candidates.index(row)]


def orientation_vectors(
    joints: Float[Tensor, "*batch joints 3"], global_orient: Float[Tensor, "*batch 3 3"]
) -> Float[Tensor, "*batch 3"]:
    """Direction from the pelvis to the camera in the body's root frame: u = R^T (-p / |p|).

    In SMPL's axes +z is a front view, -z a back view, +x the subject's left side. It ignores
    rolling about the viewing direction, which changes what is seen only in the image plane.

    Args:
        joints: camera space (m).
        global_orient: root rotation in the camera's frame.
    """
    to_camera = -torch.nn.functional.normalize(joints[..., 0, :], dim=-1)
    return (global_orient.transpose(-1, -2) @ to_camera[..., None])[..., 0]


def farthest_points(
    directions: Float[Tensor, "frames 3"], usable: Bool[Tensor, " frames"], count: int, start: int
) -> tuple[int, ...]:
    """Pick rows whose directions spread over the sphere: farthest point sampling.

    Each pick has the largest cosine distance to its nearest earlier pick; ties go to the earliest
    row, so the answer is the same on every machine.

    Args:
        directions: unit vectors.
        usable: rows that may be picked.
        count: how many to pick; fewer are returned when fewer are usable.
        start: the first pick.

    Raises:
        ValueError: `start` is not usable.
    """
    if not bool(usable[start]):
        raise ValueError(f"farthest_points: start row {start} is not usable")
    vectors = directions.detach().cpu().double().numpy()
    distances = np.where(usable.cpu().numpy(), np.inf, -np.inf)
    picks = [start]
    while len(picks) < min(count, int(usable.sum())):
        distances = np.minimum(distances, 1.0 - vectors @ vectors[picks[-1]])
        distances[picks[-1]] = -np.inf
        picks.append(int(distances.argmax()))
    return tuple(picks)


def share_inside_image(pixels: Float[Tensor, "points 2"], camera: Camera) -> float:
    """Measure how much of the points' bounding box lies inside the image, in [0, 1]."""
    low, high = pixels.amin(dim=0), pixels.amax(dim=0)
    size = pixels.new_tensor([camera.width, camera.height])
    cut = high.minimum(size).clamp_min(0.0) - low.clamp_min(0.0).minimum(size)
    return float((cut / (high - low).clamp_min(1e-6)).prod())


def usable_rows(
    joints: Float[Tensor, "frames joints 3"], motion: Motion, cameras: Camera, least_inside: float
) -> Bool[Tensor, " frames"]:
    """Tell which rows are valid, in front of the camera and mostly inside the image.

    Args:
        joints: camera space (m); their box stands in for the body's.
        motion: says which rows are valid.
        cameras: one per row.
        least_inside: share of the box that must be inside.
    """
    in_front = (joints[..., 2] > 0.1).all(dim=-1)
    usable = motion.valid & in_front
    for row in usable.nonzero()[:, 0].tolist():
        camera = cameras[row]
        if share_inside_image(camera.project(joints[row]), camera) < least_inside:
            usable[row] = False
    return usable


def combine_scores(scores: Sequence[FrameScore]) -> tuple[float, ...]:
    """Add the two losses after giving each zero mean and unit spread over the candidates.

    Raw, a mean squared color difference is some hundred times smaller than one minus an
    intersection over union and would have no say.
    """
    table = np.array([[score.rgb, score.geo] for score in scores], np.float64)
    spread = table.std(axis=0)
    z_scores = (table - table.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0)
    return tuple(float(total) for total in z_scores.sum(axis=1))


def num_anchors(num_frames: int, config: AnchorConfig) -> int:
    """Number of anchors of a clip: T / 10, but neither too few nor more than are of use."""
    if config.num_anchors > 0:
        return max(LEAST_PAIR, config.num_anchors)
    wanted = max(config.least_anchors, num_frames // config.frames_per_anchor)
    return min(wanted, config.most_anchors)


def choose_anchors(
    candidates: Sequence[int],
    scores: Sequence[float],
    count: int,
    includes: Collection[int] = (),
    excludes: Collection[int] = (),
) -> tuple[int, ...]:
    """Keep the user's rows and fill up with the candidates that render best, best first."""
    ranked = [row for _, row in sorted(zip(scores, candidates, strict=True))]
    allowed = [row for row in ranked if row not in set(excludes)]
    wanted = [row for row in allowed if row in set(includes)]
    others = [row for row in allowed if row not in set(includes)]
    kept = set(wanted + others[: max(0, count - len(wanted))])
    return tuple(row for row in allowed if row in kept)
