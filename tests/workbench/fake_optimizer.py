"""A toy optimizer: from the initial poses to the true ones, a part of the way each step."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.progress import ignore_frame
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from tests.workbench.fake_stages import toy_depths, toy_window
from tests.workbench.synthetic_figure import NUM_FRAMES, disturbed, true_motion
from workbench.engine.interface import Footage
from workbench.engine.optimizer import (
    FrameVerdict,
    FrameVerdicts,
    JointReport,
    StepReport,
)

NUM_JOINTS = 24
FRAMES_PER_STEP = 4
GIVEN_UP = (3, 4, 9)
"""Frames whose refined pose the toy finds worse."""


class FakeOptimizer:
    """Goes from the initial poses to the true ones, a part of the way each step."""

    def __init__(
        self, engine, footage: Footage, config: RefineConfig, scope: Scope, start=None
    ) -> None:
        self.engine = engine
        self.footage = footage
        self.config = config
        self.scope = scope
        self.start = start
        self.steps = 0
        self.configs: list[RefineConfig] = []

    def step(self, config: RefineConfig, on_frame=ignore_frame) -> StepReport:
        self.engine._begin("step")
        for _ in range(FRAMES_PER_STEP):
            time.sleep(self.engine.pause_s / FRAMES_PER_STEP)
            on_frame()
        self.steps += 1
        self.configs.append(config)
        share = 1.0 - 0.93**self.steps
        total = self.engine.total_steps
        left = float(np.exp(-4.0 * self.steps / total))
        return StepReport(
            step=self.steps,
            total_steps=total,
            terms={
                "rgb": 0.02 * config.weights.rgb * (left + 0.1),
                "geo": 0.3 * config.weights.geo * (left + 0.05),
                "joint": 0.8 * config.weights.joint * (left + 0.02),
            },
            learning_rate=config.schedule.learning_rate * (1.0 - self.steps / (total + 1)),
            residual_angle_deg=8.0 * share,
            motion=self._around_locks(disturbed(true_motion(), 0.35 * (1.0 - share))),
            is_finished=self.steps >= total,
        )

    def _around_locks(self, motion):
        """Keep what is locked as it was at the start, where one was given."""
        if self.start is None:
            return motion
        free = self.scope.free_joints(self.start)
        old, new = LocalPose.from_motion(self.start), LocalPose.from_motion(motion)
        rotmat = torch.where(free[..., None, None], new.rotmat, old.rotmat)
        return LocalPose(rotmat, old.transl).into(motion)

    def save(self, path: Path) -> None:
        path.write_text(str(self.steps))

    def load(self, path: Path) -> None:
        if "load" in self.engine.failures:
            raise self.engine.failures["load"]
        self.steps = int(path.read_text())

    def judge(self, config: RefineConfig, on_progress) -> FrameVerdicts:
        self.engine._begin("judge")
        self.engine._work("Comparing before and after", on_progress)
        share = 0.93**self.steps
        refined, initial = disturbed(true_motion(), 0.35 * share), self.footage.initial
        transl = refined.transl.clone()
        transl[list(GIVEN_UP)] = initial.transl[list(GIVEN_UP)] + 1.0  # Tells it apart.
        return FrameVerdicts(
            step=self.steps,
            motion=replace(refined, transl=transl),
            given_up=GIVEN_UP,
            iou_before=0.7,
            iou_after=0.9,
            frames={
                frame: FrameVerdict(
                    refined_share=0.2 if frame in GIVEN_UP else 1.0,
                    iou_before=0.71,
                    iou_after=0.66 if frame in GIVEN_UP else 0.93,
                    similarity_before=0.52,
                    similarity_after=0.81,
                )
                for frame in range(NUM_FRAMES)
            },
        )

    def inspect(self, frame: int, config: RefineConfig) -> JointReport | None:
        rng = np.random.default_rng(frame)
        projected = rng.uniform((40, 20), (140, 220), (NUM_JOINTS, 2)).astype(np.float32)
        candidates = {
            j: projected[j] + rng.normal(0, config.matching.sigma_px, (65, 2)).astype(np.float32)
            for j in MATCHING_JOINTS
        }
        similarity = {j: rng.uniform(0.2, 0.95, 65).astype(np.float32) for j in MATCHING_JOINTS}
        winners = np.full((NUM_JOINTS, 2), np.nan, np.float32)
        best = np.full(NUM_JOINTS, np.nan, np.float32)
        for j in MATCHING_JOINTS:
            winners[j] = candidates[j][similarity[j].argmax()]
            best[j] = similarity[j].max()
        matched = np.isin(np.arange(NUM_JOINTS), [j for j in MATCHING_JOINTS if j % 5])
        return JointReport(
            frame=frame,
            visible=rng.uniform(size=NUM_JOINTS) > 0.3,
            matched=matched,
            verdicts=tuple(
                "" if j not in MATCHING_JOINTS else "accepted" if matched[j] else "occluded"
                for j in range(NUM_JOINTS)
            ),
            similarity=best,
            projected=projected,
            winners=winners,
            candidates=candidates,
            candidate_similarity=similarity,
            depths=toy_depths((frame,), projected[None]),
        )

    def depth_around(self, frame: int, joint: int):
        self.engine._begin("depth_around")
        return toy_window(frame, joint)
