"""What the workbench asks of a refinement under way, and what it is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float

from neuhmr.body.motion import Motion
from neuhmr.progress import OnFrame, OnProgress
from neuhmr.refine.settings import RefineConfig
from workbench.engine.depth_tests import DepthTests, DepthWindow


@dataclass(frozen=True, kw_only=True, eq=False)
class StepReport:
    """Where the optimizer stands after a step."""

    step: int
    total_steps: int
    terms: Mapping[str, float]
    """Weighted loss terms."""
    learning_rate: float
    residual_angle_deg: float
    motion: Motion
    is_finished: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class JointReport:
    """How joint matching sees one frame; positions in px of the crop."""

    frame: int
    visible: Bool[np.ndarray, " joints"]
    matched: Bool[np.ndarray, " joints"]
    verdicts: tuple[str, ...]
    """What became of each joint's match, in words; "" for joints that are never matched."""
    similarity: Float[np.ndarray, " joints"]
    """Cosine similarity of the most similar candidate; NaN for joints that are never matched."""
    projected: Float[np.ndarray, "joints 2"]
    """Where the refined joint lies now."""
    winners: Float[np.ndarray, "joints 2"]
    """The most similar candidate; NaN for joints that are never matched."""
    candidates: dict[int, Float[np.ndarray, "candidates 2"]]
    """Positions that were compared; the first is where the joint is now."""
    candidate_similarity: dict[int, Float[np.ndarray, " candidates"]]
    """Cosine with the descriptor, in [-1, 1]; -1 outside the picture."""
    depths: DepthTests
    """Of this frame alone, at the refined pose."""


@dataclass(frozen=True)
class FrameVerdict:
    """One frame before refinement and after, whether or not the refined pose was kept."""

    refined_share: float
    """How much of the refined pose is kept, in [0, 1]."""
    iou_before: float
    """Silhouette of the rendering against the mask, in [0, 1]."""
    iou_after: float
    similarity_before: float
    """Mean cosine between the visible joints and their descriptors; 0 if none is seen."""
    similarity_after: float


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameVerdicts:
    """Which refined poses hold up when every frame is rendered before and after."""

    step: int
    """The optimizer's step whose poses were judged."""
    motion: Motion
    """The refined poses, blended towards the initial ones where those explain the frame better."""
    given_up: tuple[int, ...]
    """Frames that are more initial than refined."""
    iou_before: float
    """Silhouette of the rendering against the mask, in [0, 1], over all frames."""
    iou_after: float
    """The same for `motion`."""
    frames: Mapping[int, FrameVerdict] = field(default_factory=dict)
    """By frame; those without a valid pose are absent."""


class Optimizer(Protocol):
    """A refinement under way; used on the compute thread only."""

    @property
    def config(self) -> RefineConfig:
        """Settings that it began with; those that may not change while running stay."""
        ...

    def step(self, config: RefineConfig, on_frame: OnFrame) -> StepReport:
        """Move the poses once, under these settings.

        Args:
            config: settings.
            on_frame: told after every frame; where it raises, nothing has changed.

        Raises:
            NonFiniteError: a loss is not a number; nothing has changed then.
        """
        ...

    def save(self, path: Path) -> None:
        """Keep everything needed to go on later."""
        ...

    def load(self, path: Path) -> None:
        """Go on from where another launch stood."""
        ...

    def judge(self, config: RefineConfig, on_progress: OnProgress) -> FrameVerdicts:
        """Render every frame before and after, and give up the poses that got worse."""
        ...

    def inspect(self, frame: int, config: RefineConfig) -> JointReport | None:
        """See how joint matching sees a frame; None where nobody was seen."""
        ...

    def depth_around(self, frame: int, joint: int) -> DepthWindow | None:
        """Render depths around a joint; None where nobody was seen."""
        ...
