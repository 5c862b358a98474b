"""Anchors and optimizer behind the window's sliders, and how matching looks from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.registration import normalize_features
from neuhmr.anchors.visibility import JointDepths, joint_visibility, render_joint_depths
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import NUM_JOINTS
from neuhmr.progress import OnFrame, OnProgress, ignore_frame
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.report import mean_iou
from neuhmr.refine.run import Run
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.terms.matching import JointMatches
from workbench.engine.depth_tests import LEAST_OPACITY, DepthTests, DepthWindow
from workbench.engine.interface import AnchorStage
from workbench.engine.optimizer import FrameVerdict, FrameVerdicts, JointReport, StepReport

WINDOW_REACH_PX = 36
"""How far around a joint depths are rendered (px of the crop)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuhmrAnchors(AnchorStage):
    """Anchors that are registered."""

    problem: RefineProblem

    def make_optimizer(
        self, config: RefineConfig, scope: Scope, start: Motion | None = None
    ) -> "NeuhmrOptimizer":
        """Get an optimizer ready at given poses, else at the draft's or the initial ones.

        Raises:
            ClipError: the scope leaves nothing to refine.
        """
        problem = self.problem if start is None else self.problem.started_at(start)
        return NeuhmrOptimizer(replace(problem, scope=scope), config)

    @torch.no_grad()
    def depth_tests(self) -> DepthTests:
        """Render the joints' depths in all anchors, as they were when joints were registered."""
        problem = self.problem
        rows = np.searchsorted(problem.crops.frame_index.cpu().numpy(), self.anchors).tolist()
        start = (
            problem.initial if problem.draft is None else problem.draft.pose.into(problem.initial)
        )
        depths = [
            render_joint_depths(
                problem.avatar, pose_frame(problem.body, start, row), problem.crops.cameras[row]
            )
            for row in rows
        ]
        return depth_tests_of(self.anchors, depths, problem.image_size)

    @torch.no_grad()
    def similarity_map(self, frame: int, joint: int) -> Float[np.ndarray, "rows columns"] | None:
        """Compare all of a frame's crop with a joint's descriptor: cosines, coarser than pixels."""
        problem = self.problem
        frames = problem.crops.frame_index.cpu().numpy()
        row = int(np.searchsorted(frames, frame))
        if row >= len(frames) or frames[row] != frame or self.anchors_seeing[joint] == 0:
            return None
        features = normalize_features(problem.features[row].permute(1, 2, 0))
        cosines = features @ problem.descriptors_of(row).descriptors[joint].float()
        return cosines.float().cpu().numpy()


def depth_tests_of(
    frames: Sequence[int], depths: Sequence[JointDepths], crop_size: tuple[int, int]
) -> DepthTests:
    """Gather the joints' depths of some frames."""

    def table(name: str) -> np.ndarray:
        return np.stack([getattr(each, name).float().cpu().numpy() for each in depths])

    return DepthTests(
        frames=tuple(frames),
        pixels=table("pixels"),
        joint_depths=table("joint_depths"),
        surface_depths=table("surface_depths"),
        opacities=table("opacities"),
        crop_size=crop_size,
    )


class NeuhmrOptimizer:
    """Fulfils `workbench.engine.optimizer.Optimizer`."""

    def __init__(self, problem: RefineProblem, config: RefineConfig) -> None:
        self._run = Run(problem, _feasible(config, problem))
        self._frames = problem.crops.frame_index.cpu().numpy()

    @property
    def config(self) -> RefineConfig:
        """Settings that it began with."""
        return self._run.config

    def step(self, config: RefineConfig, on_frame: OnFrame = ignore_frame) -> StepReport:
        """Move the poses once."""
        run = self._run
        snapshot = run.step(_feasible(config, run.problem), on_frame)
        # In long clips a snapshot's motion may lag; at the end it must not.
        motion = run.refiner.motion() if run.finished else snapshot.motion
        return StepReport(
            step=snapshot.step,
            total_steps=snapshot.total_steps,
            terms=dict(snapshot.weighted),
            learning_rate=snapshot.learning_rate,
            residual_angle_deg=snapshot.residual_angle_deg,
            motion=motion.to("cpu"),
            is_finished=run.finished,
        )

    def save(self, path: Path) -> None:
        """Keep everything needed to go on later.

        Raises:
            OutputError: the file cannot be written.
        """
        self._run.save(path)

    def load(self, path: Path) -> None:
        """Go on from where another launch stood.

        Raises:
            OutputError: the file is damaged, or belongs to other settings, poses, body, anchors
                or scope.
        """
        self._run.load(path)

    def judge(self, config: RefineConfig, on_progress: OnProgress) -> FrameVerdicts:
        """Render every frame before and after, and give up the poses that got worse."""
        result = self._run.result(on_progress, config)
        guarded = result.guarded
        return FrameVerdicts(
            step=result.steps,
            motion=result.motion,
            given_up=result.reverted_frames,
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

    @torch.no_grad()
    def inspect(self, frame: int, config: RefineConfig) -> JointReport | None:
        """See how joint matching sees a frame; None where nobody was seen."""
        row = self._row(frame)
        problem, refiner = self._run.problem, self._run.refiner
        if row is None:
            return None
        matches = refiner.matches(row, config.at_rate(problem.fps))
        camera = problem.crops.cameras[row]
        posed = pose_frame(problem.body, refiner.motion(), row)
        depths = render_joint_depths(problem.avatar, posed, camera)
        epsilon = config.matching.epsilon
        visible = joint_visibility(depths, camera.height, camera.width, epsilon)
        tests = depth_tests_of((frame,), (depths,), (camera.height, camera.width))
        return _joint_report(matches, tests, visible)

    @torch.no_grad()
    def depth_around(self, frame: int, joint: int) -> DepthWindow | None:
        """Render depths around a joint; None where nobody was seen."""
        row = self._row(frame)
        if row is None:
            return None
        problem = self._run.problem
        posed = pose_frame(problem.body, self._run.refiner.motion(), row)
        camera = problem.crops.cameras[row]
        center = camera.project(posed.joints)[joint]
        steps = torch.arange(-WINDOW_REACH_PX, WINDOW_REACH_PX, device=center.device) + 0.5
        down, across = torch.meshgrid(steps, steps, indexing="ij")
        pixels = center + torch.stack([across, down], dim=-1)
        rendering = problem.avatar.render(posed, camera, pixels.reshape(-1, 2))
        depths = rendering.depths.masked_fill(rendering.opacities <= LEAST_OPACITY, torch.nan)
        return DepthWindow(
            frame=frame,
            joint=joint,
            center=center.float().cpu().numpy(),
            reach=WINDOW_REACH_PX,
            depths=depths.reshape(pixels.shape[:2]).float().cpu().numpy(),
        )

    def _row(self, frame: int) -> int | None:
        """Find a frame's row; None where nobody was seen."""
        row = int(np.searchsorted(self._frames, frame))
        is_known = row < len(self._frames) and self._frames[row] == frame
        return row if is_known and self._run.problem.initial.valid[row] else None


def _feasible(config: RefineConfig, problem: RefineProblem) -> RefineConfig:
    """Leave keypoints out where there is no network to find them.

    The slider is disabled then, but an earlier launch may have left it raised.
    """
    if problem.heatmaps is not None:
        return config
    return replace(config, weights=replace(config.weights, keypoint=0.0))


def _joint_report(
    matches: JointMatches, tests: DepthTests, visible: Bool[torch.Tensor, " joints"]
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
        frame=tests.frames[0],
        visible=visible.cpu().numpy(),
        matched=matched,
        verdicts=tuple(verdicts),
        similarity=similarity,
        projected=tests.pixels[0],
        winners=winners,
        candidates=dict(zip(joints, candidates, strict=True)),
        candidate_similarity=dict(zip(joints, similarities, strict=True)),
        depths=tests,
    )
