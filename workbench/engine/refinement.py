"""The refiner behind the window's sliders, and how its matching looks from outside."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.visibility import joint_visibility, render_joint_depths
from neuhmr.body.skeleton import NUM_JOINTS
from neuhmr.progress import OnProgress
from neuhmr.refine.config import LiveSettings, RefineConfig
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.guard.guard import guard_motion
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.report import mean_iou
from neuhmr.refine.resume_file import read_resume_file, run_fingerprint, write_resume_file
from neuhmr.refine.terms.matching import JointMatches
from workbench.engine.optimizer import (
    FrameVerdict,
    FrameVerdicts,
    JointReport,
    RefineSettings,
    StepReport,
)


def settings_of(config: RefineConfig) -> RefineSettings:
    """Read the sliders' values from a configuration."""
    return RefineSettings(
        lambda_rgb=config.weights.rgb,
        lambda_geo=config.weights.geo,
        lambda_joint=config.weights.joint,
        lambda_keypoint=config.weights.keypoint,
        sigma_px=config.matching.sigma_px,
        num_candidates=config.matching.num_samples,
        epsilon_m=config.matching.epsilon,
        learning_rate=config.schedule.learning_rate,
    )


def live_settings(settings: RefineSettings, config: RefineConfig) -> LiveSettings:
    """Write the sliders' values into what the refiner takes; the rest stays as configured."""
    return LiveSettings(
        weights=replace(
            config.weights,
            rgb=settings.lambda_rgb,
            geo=settings.lambda_geo,
            joint=settings.lambda_joint,
            keypoint=settings.lambda_keypoint,
        ),
        matching=replace(
            config.matching,
            sigma_px=settings.sigma_px,
            num_samples=settings.num_candidates,
            epsilon=settings.epsilon_m,
        ),
        learning_rate=settings.learning_rate,
    )


class NeuhmrOptimizer:
    """Fulfils `workbench.engine.interface.Optimizer`."""

    def __init__(self, problem: RefineProblem, config: RefineConfig) -> None:
        self._refiner = Refiner(problem, config)
        self._frames = problem.crops.frame_index.cpu().numpy()

    def step(self, settings: RefineSettings) -> StepReport:
        """Move the poses once."""
        if self._refiner.problem.heatmaps is None:
            # The slider is disabled, but an earlier launch may have left it raised.
            settings = replace(settings, lambda_keypoint=0.0)
        snapshot = self._refiner.step(live_settings(settings, self._refiner.config))
        is_finished = self._refiner.finished
        # In long clips a snapshot's motion may lag; at the end it must not.
        motion = self._refiner.motion() if is_finished else snapshot.motion
        return StepReport(
            step=snapshot.step,
            total_steps=snapshot.total_steps,
            terms=dict(snapshot.weighted),
            learning_rate=snapshot.learning_rate,
            residual_angle_deg=snapshot.residual_angle_deg,
            motion=motion.to("cpu"),
            is_finished=is_finished,
        )

    def save(self, path: Path) -> None:
        """Keep everything needed to go on later.

        Raises:
            OutputError: the file cannot be written.
        """
        write_resume_file(path, self._refiner.state_dict(), self._fingerprint())

    def load(self, path: Path) -> None:
        """Go on from where another launch stood.

        Raises:
            OutputError: the file is damaged, or belongs to other settings, poses, body or anchors.
        """
        self._refiner.load_state_dict(read_resume_file(path, self._fingerprint()))

    def judge(self, on_progress: OnProgress) -> FrameVerdicts:
        """Render every frame before and after, and give up the poses that got worse."""
        guarded = guard_motion(
            self._refiner.problem, self._refiner.motion(), on_progress=on_progress
        )
        return FrameVerdicts(
            step=self._refiner.steps_done,
            motion=guarded.motion.to("cpu"),
            given_up=tuple(int(self._frames[row]) for row in guarded.reverted),
            iou_before=mean_iou(guarded.before),
            iou_after=mean_iou(guarded.kept_scores()),
            frames={
                int(self._frames[row]): FrameVerdict(
                    refined_share=share,
                    iou_before=1.0 - before.geo,
                    iou_after=1.0 - after.geo,
                    similarity_before=before.similarity,
                    similarity_after=after.similarity,
                )
                for row, share, before, after in zip(
                    guarded.rows,
                    guarded.shares,
                    guarded.evidence_before,
                    guarded.evidence_after,
                    strict=True,
                )
            },
        )

    def _fingerprint(self) -> str:
        problem = self._refiner.problem
        run = run_fingerprint(self._refiner.config, problem.initial, problem.model.digest)
        return f"{run} anchors {problem.selection.anchors}"

    @torch.no_grad()
    def inspect(self, frame: int, settings: RefineSettings) -> JointReport | None:
        """See how joint matching sees a frame; None where nobody was seen."""
        row = int(np.searchsorted(self._frames, frame))
        problem = self._refiner.problem
        if row >= len(self._frames) or self._frames[row] != frame or not problem.initial.valid[row]:
            return None
        live = live_settings(settings, self._refiner.config)
        matches = self._refiner.matches(row, live)
        camera = problem.crops.cameras[row]
        posed = pose_frame(problem.body, self._refiner.motion(), row)
        depths = render_joint_depths(problem.avatar, posed, camera)
        visible = joint_visibility(depths, camera.height, camera.width, settings.epsilon_m)
        return _joint_report(frame, matches, depths.pixels, visible)


def _joint_report(
    frame: int,
    matches: JointMatches,
    pixels: Float[torch.Tensor, "joints 2"],
    visible: Bool[torch.Tensor, " joints"],
) -> JointReport:
    """Spread the matched joints' rows over all joints."""
    joints = list(matches.joints)
    verdicts, matched = [""] * NUM_JOINTS, np.zeros(NUM_JOINTS, bool)
    similarity = np.full(NUM_JOINTS, np.nan, np.float32)
    winners = np.full((NUM_JOINTS, 2), np.nan, np.float32)
    similarities = matches.similarities.float().cpu().numpy()
    candidates = matches.candidates.float().cpu().numpy()
    matched[joints] = matches.accepted.cpu().numpy()
    similarity[joints] = similarities.max(axis=1)
    winners[joints] = matches.targets.float().cpu().numpy()
    for joint, verdict in zip(joints, matches.verdicts, strict=True):
        verdicts[joint] = verdict
    return JointReport(
        frame=frame,
        visible=visible.cpu().numpy(),
        matched=matched,
        verdicts=tuple(verdicts),
        similarity=similarity,
        projected=pixels.float().cpu().numpy(),
        winners=winners,
        candidates=dict(zip(joints, candidates, strict=True)),
        candidate_similarity=dict(zip(joints, similarities, strict=True)),
    )
