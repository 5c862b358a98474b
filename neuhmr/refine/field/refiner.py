"""Refinement, one step at a time (NeuHMR section 3.3.2)."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.visibility import render_joint_depths
from neuhmr.body.motion import Motion
from neuhmr.clip.thinning import spread_evenly
from neuhmr.errors import ClipError
from neuhmr.progress import OnFrame, OnProgress, ignore_frame, ignore_progress
from neuhmr.refine.draft.draft import Draft
from neuhmr.refine.field.balance import balance_factors, effective_lambdas, rotation_norm
from neuhmr.refine.field.field_state import (
    flatten_numbers,
    flatten_optimizer,
    numbers_of,
    restore_optimizer,
)
from neuhmr.refine.field.motion_field import MotionField, Residual, num_centers
from neuhmr.refine.field.moved_poses import MovedPoses, on_residual
from neuhmr.refine.field.rate import learning_rate
from neuhmr.refine.field.snapshot import RefineSnapshot
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.table import with_live_values
from neuhmr.refine.terms.frame_batch import (
    FrameBatch,
    make_batch,
    rows_of_step,
    steps_per_epoch,
    stride_of_epoch,
)
from neuhmr.refine.terms.keypoint_search import look_for_keypoints
from neuhmr.refine.terms.matching import JointMatches, match_joints
from neuhmr.refine.terms.objective import TOTAL, Objective, evaluate_objective
from neuhmr.refine.terms.pose_terms import KEYPOINT, counts_keypoints


class Refiner:
    """Moves a motion field, and with it the poses, by one step per call.

    Holds the only mutable state of refinement. Everything random comes from one generator, so the
    same seed gives the same result, and a restored state goes on as if never interrupted.
    """

    def __init__(self, problem: RefineProblem, config: RefineConfig) -> None:
        self.problem = problem
        self.config = config
        self.active_rows = problem.active_rows()
        if not self.active_rows:
            raise ClipError(
                "Nothing is left to refine: every frame is locked, outside the chosen range or has "
                "no valid pose. Unlock a frame or widen the range."
            )
        device = problem.initial.transl.device
        self._generator = torch.Generator().manual_seed(config.seed)
        count = num_centers(len(problem.initial), config.motion_field)
        self._field = MotionField(count, config.motion_field, self._generator).to(device)
        self._optimizer = torch.optim.AdamW(
            self._field.parameters(), weight_decay=config.schedule.weight_decay
        )
        self._poses = MovedPoses(problem, self._field)
        self._order = torch.zeros(0, dtype=torch.long)
        self._norms: dict[str, float] = {}
        self._factors: dict[str, float] | None = None
        self.steps_done = 0

    @property
    def steps_per_epoch(self) -> int:
        """Number of steps that visit every active row once."""
        return steps_per_epoch(len(self.active_rows), self.config.schedule)

    @property
    def total_steps(self) -> int:
        """Number of steps of the whole schedule."""
        return self.steps_per_epoch * self.config.schedule.epochs

    @property
    def finished(self) -> bool:
        """Whether the schedule has come to its end."""
        return self.steps_done >= self.total_steps

    def step(
        self, live: RefineConfig | None = None, on_frame: OnFrame = ignore_frame
    ) -> RefineSnapshot:
        """Visit the next few frames and move the poses once.

        Args:
            live: settings of this step; of those that may not change while running, the
                configured ones count.
            on_frame: told after every frame; where it raises, nothing has changed.

        Raises:
            NonFiniteError: a term or gradient is not finite. Nothing has changed then: poses,
                random numbers and schedule are as before the call.
            ValueError: the schedule is finished, or keypoints count and the problem has no
                heatmaps to find them in.
        """
        if self.finished:
            raise ValueError(f"Refiner.step: all {self.total_steps} steps are done")
        random_state, order = self._generator.get_state(), self._order
        try:
            config = with_live_values(self.config, live) if live else self.config
            return self._step(config, on_frame)
        except Exception:
            # Any failure, also a cancelled one, must leave a state that can go on or be saved.
            self._generator.set_state(random_state)
            self._order = order
            raise

    def steps(self) -> Iterator[RefineSnapshot]:
        """Step until the schedule ends; stop asking and refinement stops."""
        while not self.finished:
            yield self.step()

    def find_keypoints(self, on_progress: OnProgress = ignore_progress) -> None:
        """Look for keypoints in all active frames at once, if they count.

        Otherwise each frame is looked at when a step first visits it.

        Args:
            on_progress: told after every frame; may raise to cancel.

        Raises:
            ValueError: the problem has no heatmaps to find keypoints in.
        """
        if counts_keypoints(self.config):
            self.problem = look_for_keypoints(self.problem, self.active_rows, on_progress)

    def motion(self) -> Motion:
        """Apply the field to all frames; locked and invalid ones are exactly as they were."""
        return self._poses.motion()

    def matches(self, row: int, live: RefineConfig | None = None) -> JointMatches:
        """Match one frame's joints at its present pose, for inspection.

        Candidates depend on seed, row and step alone and leave the run's random numbers alone.
        """
        config = with_live_values(self.config, live) if live else self.config
        seed = (self.config.seed * 1_000_003 + self.steps_done) * 1_000_003 + row
        posed = pose_frame(self.problem.body, self._poses.latest(), row)
        return match_joints(
            self.problem.features[row],
            self.problem.descriptors_of(row),
            render_joint_depths(self.problem.avatar, posed, self.problem.crops.cameras[row]),
            self.problem.image_size,
            config.matching,
            torch.Generator().manual_seed(seed % 2**63),
        )

    def _step(self, config: RefineConfig, on_frame: OnFrame) -> RefineSnapshot:
        schedule = config.schedule
        if self._is_unbalanced(config):
            self._measure_start(config, on_frame)
        epoch, step_in_epoch = divmod(self.steps_done, self.steps_per_epoch)
        if step_in_epoch == 0:
            shuffled = torch.randperm(len(self.active_rows), generator=self._generator)
            self._order = torch.tensor(self.active_rows)[shuffled]
        batch = make_batch(rows_of_step(self._order, step_in_epoch, schedule), self.problem.initial)
        if self.steps_done % schedule.gradient_norm_interval == 0:
            self._norms = self._measure(config, batch, on_frame)
        lambdas = effective_lambdas(config.weights, self._factors or {})
        stride = stride_of_epoch(epoch, schedule)
        residual = self._poses.residual(batch.context)
        pose = self._poses.pose(batch.context, residual)
        self._look_at(batch.rows, config, on_frame)
        objective = evaluate_objective(
            self.problem,
            config,
            lambdas,
            pose.detach(),
            batch,
            stride,
            self._generator,
            on_frame=on_frame,
        )
        gradient = on_residual(objective.gradients[TOTAL], pose, residual)
        if epoch < schedule.root_epochs:
            gradient.rot6d[:, 1:] = 0.0
        rate = learning_rate(self.steps_done, self.total_steps, schedule)
        self._descend(residual, gradient, rate)
        self.steps_done += 1
        return self._snapshot(epoch, batch, objective, lambdas, rate)

    def _descend(self, residual: Residual, gradient: Residual, rate: float) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(
            [residual.rot6d, residual.transl], [gradient.rot6d, gradient.transl]
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()

    def _look_at(self, rows: tuple[int, ...], config: RefineConfig, on_frame: OnFrame) -> None:
        """Know the keypoints of frames before a term needs them."""
        if counts_keypoints(config):
            self.problem = look_for_keypoints(self.problem, rows, lambda _progress: on_frame())

    def _measure(
        self, config: RefineConfig, batch: FrameBatch, on_frame: OnFrame
    ) -> dict[str, float]:
        """Measure each term's gradient on the rotations, with random numbers of its own."""
        self._look_at(batch.rows, config, on_frame)
        residual = self._poses.residual(batch.context)
        pose = self._poses.pose(batch.context, residual)
        objective = evaluate_objective(
            self.problem,
            config,
            {},
            pose.detach(),
            batch,
            config.schedule.stride,
            torch.Generator().manual_seed(config.seed + self.steps_done),
            per_term=True,
            on_frame=on_frame,
        )
        norms = {}
        for name, gradient in objective.gradients.items():
            on_rotations = on_residual(gradient, pose, residual).rot6d[list(batch.positions)]
            # A mean over the batch's rows has a so-manieth of each frame's own gradient.
            norms[name] = rotation_norm(on_rotations) * len(batch.rows)
        return norms

    def _is_unbalanced(self, config: RefineConfig) -> bool:
        """Tell whether a term has a say for the first time; keypoints may get theirs on the way."""
        if self._factors is None:
            return True
        return config.balance.enabled and counts_keypoints(config) and KEYPOINT not in self._factors

    def _measure_start(self, config: RefineConfig, on_frame: OnFrame) -> None:
        """Fix the balance of the terms by their gradients at the poses they first meet."""
        if not config.balance.enabled:
            self._factors = {}
            return
        rows = spread_evenly(torch.tensor(self.active_rows), config.balance.num_frames)
        norms = self._measure(
            config, make_batch(tuple(rows.tolist()), self.problem.initial), on_frame
        )
        self._factors = balance_factors(norms, config.balance) | (self._factors or {})

    def _snapshot(
        self,
        epoch: int,
        batch: FrameBatch,
        objective: Objective,
        lambdas: dict[str, float],
        rate: float,
    ) -> RefineSnapshot:
        rows = torch.tensor(batch.rows, device=self._poses.device)
        is_epoch_over = self.steps_done % self.steps_per_epoch == 0
        return RefineSnapshot(
            step=self.steps_done,
            total_steps=self.total_steps,
            epoch=epoch,
            rows=batch.rows,
            terms=objective.terms,
            weighted={name: value * lambdas[name] for name, value in objective.terms.items()},
            gradient_norms=dict(self._norms),
            accepted_matches=objective.accepted_matches,
            residual_angle_deg=self._poses.mean_angle_deg(rows),
            learning_rate=rate,
            motion=self._poses.update(rows, is_whole=is_epoch_over),
        )

    def state_dict(self) -> dict[str, Tensor]:
        """Everything needed to go on later: field, optimizer, random numbers, schedule."""
        state = {f"field.{name}": value for name, value in self._field.state_dict().items()}
        state |= flatten_optimizer(self._optimizer, self._field)
        state["generator"] = self._generator.get_state()
        state["order"] = self._order
        state["steps_done"] = torch.tensor(self.steps_done)
        state |= flatten_numbers("factor", self._factors)
        state |= flatten_numbers("norm", self._norms)
        if self._factors is not None:
            state["balanced"] = torch.tensor(True)
        # Preparing anew may round otherwise, with other threads; going on must not.
        for prepared in (self.problem.draft, self.problem.keypoints):
            state |= {} if prepared is None else prepared.as_state()
        return {name: value.detach().clone() for name, value in state.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from where a state was saved; problem and configuration must be the same."""
        fields = {n.removeprefix("field."): v for n, v in state.items() if n.startswith("field.")}
        self._field.load_state_dict(fields)
        restore_optimizer(self._optimizer, self._field, state)
        self._generator.set_state(state["generator"].cpu())
        self._order = state["order"].cpu()
        self.steps_done = int(state["steps_done"])
        self._factors = numbers_of("factor", state) if "balanced" in state else None
        self._norms = numbers_of("norm", state)
        draft = Draft.from_state(state, self._poses.device)
        keypoints = FrameKeypoints.from_state(state, self._poses.device)
        self.problem = replace(self.problem, draft=draft, keypoints=keypoints)
        self._poses.restart(self.problem.start())
