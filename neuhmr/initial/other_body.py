"""Poses of one body model on another, where the first one's file is not at hand.

Bodies differ in proportions and in how they stand at rest. So the shape, one small turn A_j of each
joint's rest pose and a shift of the pelvis are fitted, the same for all frames: the local rotation
R_j becomes A_parent^T R_j A_j, and the root's R_0 A_0. What they are fitted to is what is known of
the person: points in space, keypoints in the picture, or masks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import LANDMARK_VERTICES, POINT_NAMES
from neuhmr.body.skinning import pose_bones, skin_points
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.thinning import spread_evenly
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.initial.silhouettes import Silhouettes, sample_surface

MOST_ROWS, MOST_MASKS = 32, 20
"""Frames that are looked at, evenly spread; masks take longer."""
_STEPS = 120
_INDEPENDENT_FRAMES = 12.0
"""Frames of one clip repeat each other's errors: that many count."""
_POINT_ERROR = 0.012
"""Of points in space (m)."""
_PIXEL_ERROR = 0.015
"""Of keypoints and outlines, in sizes of the person in the picture."""
_TURN = 0.15
"""Standard deviation of the rest poses' differences (rad)."""
_SHIFT = 0.04
"""Of the pelvis' (m)."""
_PLACED = 0.3
"""Points whose middle is nearer to the body's (m) are where the body is; others tell its form."""

Unit = Literal["mm", "px"]


@dataclass(frozen=True, kw_only=True)
class PointEvidence:
    """`POINT_NAMES` of the person in space."""

    points: Float[Tensor, "frames 35 3"]
    """(m); NaN where unknown."""


@dataclass(frozen=True, kw_only=True)
class PixelEvidence:
    """`POINT_NAMES` of the person in the picture."""

    points: Float[Tensor, "frames 35 2"]
    """(px); NaN where unknown."""
    confidence: Float[Tensor, "frames 35"]
    cameras: Camera


@dataclass(frozen=True, kw_only=True)
class MaskEvidence:
    """The person's masks."""

    silhouettes: Silhouettes
    cameras: Camera


Evidence = PointEvidence | PixelEvidence | MaskEvidence


@dataclass(frozen=True)
class Transfer:
    """Poses on the other body, and how well they fit."""

    motion: Motion
    before: float
    """Mean distance to what is known, with the body as it was."""
    after: float
    unit: Unit


@dataclass(frozen=True)
class _Correction:
    betas: Float[Tensor, " betas"]
    turns: Float[Tensor, "24 3"]
    """A_j (axis-angle, rad)."""
    shift: Float[Tensor, "3"]
    """Of the pelvis, in its own axes (m)."""

    def apply(self, motion: Motion, model: SmplModel) -> Motion:
        """Move poses onto the corrected body, pelvis on pelvis but for the shift."""
        A = axisangle_to_rotmat(self.turns)
        parents = list(model.parents[1:])
        pelvis = model.J_regressor[0] @ model.v_template
        dirs = torch.einsum("v,vcb->cb", model.J_regressor[0], model.shapedirs)
        count = motion.betas.shape[0]
        was = pelvis + dirs[:, :count] @ motion.betas
        now = pelvis + dirs[:, : len(self.betas)] @ self.betas
        shift = (motion.global_orient @ self.shift) + was - now
        return replace(
            motion,
            global_orient=motion.global_orient @ A[0],
            body_pose=A[parents].transpose(-1, -2) @ motion.body_pose @ A[1:],
            transl=motion.transl + shift,
            betas=self.betas,
        )


def fit_other_body(motion: Motion, model: SmplModel, evidence: Evidence) -> Transfer:
    """Fit shape, rest pose and pelvis to what is known of the person.

    Args:
        motion: poses of another body, pelvis where it is, on this model.
        model: the body to move them onto.
        evidence: row for row with the motion; rows that are not valid are passed over.
    """
    valid = motion.valid.nonzero()[:, 0]
    most = MOST_MASKS if isinstance(evidence, MaskEvidence) else MOST_ROWS
    rows = spread_evenly(valid, most)
    picked = motion[rows]
    measure = _measure(_rows(evidence, rows), picked, model)
    # The shape is only given as many coefficients as the model has, at most 10.
    betas = torch.zeros(min(model.num_betas, 10))
    betas[: len(motion.betas)] = motion.betas[: len(betas)]
    start = _Correction(betas, torch.zeros(24, 3), torch.zeros(3))
    leaves = [value.clone().requires_grad_() for value in vars(start).values()]
    optimizer = torch.optim.LBFGS(
        leaves, max_iter=_STEPS, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        now = _Correction(*leaves)
        unlikely = _robust(measure(now).scaled).sum() / max(len(rows), 1)
        total = _INDEPENDENT_FRAMES * unlikely + _unlikely(now)
        total.backward()
        return total

    optimizer.step(loss)  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        found = _Correction(*(leaf.detach() for leaf in leaves))
        before, after = float(measure(start).mean), float(measure(found).mean)
        return Transfer(found.apply(motion, model), before, after, measure(found).unit)


@dataclass(frozen=True)
class _Misfit:
    scaled: Float[Tensor, " values"]
    """Distances in standard deviations."""
    mean: Float[Tensor, ""]
    """Mean distance, in the unit."""
    unit: Unit


_Measure = Callable[[_Correction], _Misfit]


def _unlikely(now: _Correction) -> Float[Tensor, ""]:
    turns, shift = now.turns / _TURN, now.shift / _SHIFT
    return now.betas.square().sum() + turns.square().sum() + shift.square().sum()


def _robust(scaled: Float[Tensor, " values"]) -> Float[Tensor, " values"]:
    """Square small deviations and let large ones grow evenly."""
    return 2.0 * ((1.0 + scaled.square()).sqrt() - 1.0)


def _rows(evidence: Evidence, rows: Tensor) -> Evidence:
    if isinstance(evidence, PointEvidence):
        return PointEvidence(points=evidence.points[rows])
    cameras = replace(evidence.cameras, K=evidence.cameras.K[rows])
    if isinstance(evidence, PixelEvidence):
        return PixelEvidence(
            points=evidence.points[rows], confidence=evidence.confidence[rows], cameras=cameras
        )
    return MaskEvidence(silhouettes=evidence.silhouettes[rows], cameras=cameras)


def _measure(evidence: Evidence, motion: Motion, model: SmplModel) -> _Measure:
    """Make a function that measures how far a corrected body is from what is known."""
    body = _PointBody(model)
    if isinstance(evidence, PointEvidence):
        return _to_points(evidence, motion, model, body)
    if isinstance(evidence, PixelEvidence):
        return _to_pixels(evidence, motion, model, body)
    return _to_masks(evidence, motion, model, body)


def _to_points(
    evidence: PointEvidence, motion: Motion, model: SmplModel, body: "_PointBody"
) -> _Measure:
    seen = evidence.points.isfinite().all(dim=-1) & body.known
    known = torch.where(seen[..., None], evidence.points, 0.0)

    def centered(points: Float[Tensor, "frames 35 3"]) -> Float[Tensor, "frames 35 3"]:
        count = seen.sum(dim=1).clamp_min(1)[:, None, None]
        middle = torch.where(seen[..., None], points, 0.0).sum(dim=1, keepdim=True) / count
        return points - middle

    with torch.no_grad():
        apart = (body.points(motion, model) - known)[seen].mean(dim=0).norm()
    align = (lambda points: points) if bool(apart < _PLACED) else centered
    target = align(known)

    def measure(now: _Correction) -> _Misfit:
        points = align(body.points(now.apply(motion, model), model))
        distance = (points - target).square().sum(dim=-1).add(1e-12).sqrt()[seen]
        return _Misfit(distance / _POINT_ERROR, 1e3 * distance.mean(), "mm")

    return measure


def _to_pixels(
    evidence: PixelEvidence, motion: Motion, model: SmplModel, body: "_PointBody"
) -> _Measure:
    seen = evidence.points.isfinite().all(dim=-1) & (evidence.confidence > 0) & body.known
    known = torch.where(seen[..., None], evidence.points, 0.0)
    low = torch.where(seen[..., None], evidence.points, torch.inf).amin(dim=1)
    high = torch.where(seen[..., None], evidence.points, -torch.inf).amax(dim=1)
    sizes = (high - low).amax(dim=-1).clamp_min(1.0)[:, None].expand(seen.shape)[seen]
    weight = evidence.confidence[seen].sqrt()

    def measure(now: _Correction) -> _Misfit:
        pixels = evidence.cameras.project(body.points(now.apply(motion, model), model))
        distance = (pixels - known).square().sum(dim=-1).add(1e-6).sqrt()[seen]
        return _Misfit(weight * distance / (_PIXEL_ERROR * sizes), distance.mean(), "px")

    return measure


def _to_masks(
    evidence: MaskEvidence, motion: Motion, model: SmplModel, body: "_PointBody"
) -> _Measure:
    surface, silhouettes = sample_surface(model), evidence.silhouettes
    sizes = silhouettes.sizes[:, None]
    edge = silhouettes.has_outline

    def measure(now: _Correction) -> _Misfit:
        moved = now.apply(motion, model)
        bones = body.bones(moved, model)
        betas = torch.zeros(model.num_betas).index_copy(
            0, torch.arange(len(moved.betas)), moved.betas
        )
        pixels = evidence.cameras.project(surface.pose(betas, bones))
        outside = silhouettes.distances_at(pixels)
        # Each point of the outline must be reached; samples lie up to half a spacing inside.
        gap = torch.cdist(silhouettes.outline, pixels).amin(dim=-1)
        gap = (gap - _INSIDE * sizes).clamp_min(0.0)
        share = outside.shape[1] / gap.shape[1]
        scaled = (
            torch.cat([(outside / sizes).flatten() / share**0.5, (gap / sizes)[edge]])
            / _PIXEL_ERROR
        )
        mean = torch.cat([outside[outside > 0], gap[edge]]).mean()
        return _Misfit(scaled, mean, "px")

    return measure


_INSIDE = 0.02
"""Of surface samples within the outline that they reach, in sizes of the person."""


class _PointBody:
    """`POINT_NAMES` on a body, cheaper than all its vertices."""

    def __init__(self, model: SmplModel) -> None:
        names = POINT_NAMES[24:]
        has_landmarks = model.v_template.shape[0] == 6890
        rows = torch.tensor([LANDMARK_VERTICES[n] if has_landmarks else 0 for n in names])
        self._template, self._dirs = model.v_template[rows], model.shapedirs[rows]
        self._weights = model.lbs_weights[rows]
        self._joints = model.J_regressor @ model.v_template
        self._joint_dirs = torch.einsum("jv,vcb->jcb", model.J_regressor, model.shapedirs)
        known = torch.ones(len(POINT_NAMES), dtype=torch.bool)
        known[24:] = has_landmarks
        self.known: Bool[Tensor, 35] = known
        """Which of the points this body has."""

    def bones(self, motion: Motion, model: SmplModel) -> Rigid:
        """Pose the bones of a motion."""
        count = len(motion.betas)
        joints = self._joints + self._joint_dirs[..., :count] @ motion.betas
        rotmats = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)
        return pose_bones(joints, rotmats, model.parents, motion.transl)

    def points(self, motion: Motion, model: SmplModel) -> Float[Tensor, "frames 35 3"]:
        """Place the points (m)."""
        count = len(motion.betas)
        bones = self.bones(motion, model)
        joints = self._joints + self._joint_dirs[..., :count] @ motion.betas
        rest = self._template + self._dirs[..., :count] @ motion.betas
        return torch.cat([bones.apply(joints), skin_points(rest, self._weights, bones)], dim=1)
