"""Poses as the motion field moves them away from where refinement starts (NeuHMR Eq. 10)."""

import math

import torch
from jaxtyping import Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.refine.field.motion_field import (
    MotionField,
    Residual,
    apply_residual,
    frame_times,
    mask_residual,
    residual_angles,
)
from neuhmr.refine.problem import RefineProblem

ROWS_AT_ONCE = 512
"""The field is evaluated for so many rows at a time; shorter clips are evaluated whole."""


class MovedPoses:
    """Asks the field about rows; joints, frames and places out of scope stay where they start."""

    def __init__(self, problem: RefineProblem, field: MotionField) -> None:
        self.field = field
        self._initial = problem.initial
        self._times = frame_times(problem.initial.frame_index)
        self._free = problem.scope.free_joints(problem.initial)
        self._free_transl = problem.scope.free_translations(problem.initial)
        self._start = problem.start()
        self._latest: Motion | None = None

    @property
    def device(self) -> torch.device:
        """Where the poses are."""
        return self._times.device

    def restart(self, start: LocalPose) -> None:
        """Move away from other poses from now on."""
        self._start = start
        self._latest = None

    def residual(self, rows: Int[Tensor, " rows"]) -> Residual:
        """How the field moves some rows; differentiable in its parameters."""
        return mask_residual(
            self.field(self._times[rows]), self._free[rows], self._free_transl[rows]
        )

    def pose(self, rows: Int[Tensor, " rows"], residual: Residual) -> LocalPose:
        """Apply to some rows what `residual` said of them."""
        return apply_residual(self._start[rows], residual)

    @torch.no_grad()
    def mean_angle_deg(self, rows: Int[Tensor, " rows"]) -> float:
        """By how much joints of some rows are turned, on average (degrees)."""
        return math.degrees(float(residual_angles(self.residual(rows)).mean()))

    def motion(self) -> Motion:
        """Apply the field to all frames; locked and invalid ones are exactly as they were."""
        rows = torch.arange(len(self._initial), device=self.device)
        parts = [self._moved(part) for part in rows.split(ROWS_AT_ONCE)]
        rotmat = torch.cat([part.rotmat for part in parts])
        transl = torch.cat([part.transl for part in parts])
        return LocalPose(rotmat, transl).into(self._initial)

    def latest(self) -> Motion:
        """The poses of the last `update`; all of them anew where there was none."""
        if self._latest is None:
            self._latest = self.motion()
        return self._latest

    def update(self, rows: Int[Tensor, " rows"], is_whole: bool) -> Motion:
        """Bring the poses up to date after a step.

        Args:
            rows: the rows of that step; in long clips only they are looked at.
            is_whole: look at all rows in any case.
        """
        is_short = len(self._initial) <= ROWS_AT_ONCE
        if is_short or is_whole or self._latest is None:
            self._latest = self.motion()
            return self._latest
        moved, before = self._moved(rows), LocalPose.from_motion(self._latest)
        rotmat = before.rotmat.index_copy(0, rows, moved.rotmat)
        transl = before.transl.index_copy(0, rows, moved.transl)
        self._latest = LocalPose(rotmat, transl).into(self._initial)
        return self._latest

    @torch.no_grad()
    def _moved(self, rows: Int[Tensor, " rows"]) -> LocalPose:
        return self.pose(rows, self.residual(rows))


def on_residual(gradient: LocalPose, pose: LocalPose, residual: Residual) -> Residual:
    """Pull a gradient on poses back to the residuals they were made from."""
    found = torch.autograd.grad(
        [pose.rotmat, pose.transl],
        [residual.rot6d, residual.transl],
        [gradient.rotmat, gradient.transl],
        retain_graph=True,
    )
    return Residual(*found)
