"""What was computed for the stages' tabs; each piece says what it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from neuhmr.body.motion import Motion
from workbench.core.identity import SameObjects
from workbench.engine.avatar_rendering import FrameQuality
from workbench.engine.depth_tests import DepthTests, DepthWindow
from workbench.engine.exchange import Image
from workbench.engine.free_view import Viewpoint
from workbench.engine.interface import AnchorStage, AvatarStage
from workbench.engine.optimizer import JointReport

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class PerFrame(Generic[T]):
    """Values of frames, all computed from the same things."""

    key: SameObjects = field(default_factory=SameObjects)
    values: Mapping[int, T] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, key: SameObjects) -> Mapping[int, T]:
        """Look up what belongs to `key`; nothing of anything else."""
        return self.values if key == self.key else {}

    def plus(self, key: SameObjects, frame: int, value: T) -> "PerFrame[T]":
        """Add a frame; what belongs to anything else is dropped."""
        return PerFrame(key, MappingProxyType({**self.of(key), frame: value}))


@dataclass(frozen=True, eq=False)
class MatchSummary:
    """One frame's matches in a few numbers per joint."""

    similarity: Float[np.ndarray, " joints"]
    """Of the winner; NaN for joints that are never matched."""
    distance_px: Float[np.ndarray, " joints"]
    """From the joint to the winner (px of the crop)."""
    accepted: Bool[np.ndarray, " joints"]

    @staticmethod
    def of(report: JointReport) -> "MatchSummary":
        """Sum a report up."""
        return MatchSummary(report.similarity, distances_px(report), report.matched)


def distances_px(report: JointReport) -> Float[np.ndarray, " joints"]:
    """Measure from each joint to its most similar candidate (px of the crop)."""
    return np.linalg.norm(report.winners - report.projected, axis=-1)


@dataclass(frozen=True, eq=False)
class SimilarityMap:
    """How much a crop resembles a joint's descriptor, place by place."""

    anchors: AnchorStage
    frame: int
    joint: int
    cosines: Float[np.ndarray, "rows columns"] | None
    """None where no anchor sees the joint."""


@dataclass(frozen=True, eq=False)
class OrbitPicture:
    """The person from where the 3D view stands."""

    avatar: AvatarStage
    motion: Motion
    frame: int
    viewpoint: Viewpoint
    image: Image | None
    is_fine: bool
    problem: str = ""
    """Why there is no picture, in the user's words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StageResults:
    """Swapped as a whole, as the rest of the state is."""

    matches: PerFrame[MatchSummary] = field(default_factory=PerFrame[MatchSummary])
    quality: PerFrame[FrameQuality] = field(default_factory=PerFrame[FrameQuality])
    depths: tuple[AnchorStage, DepthTests] | None = None
    """The anchors, and their joints' depths."""
    window: tuple[SameObjects, DepthWindow] | None = None
    """Depths around a joint, and what they belong to."""
    similarity: SimilarityMap | None = None
    orbit: OrbitPicture | None = None

    def depths_of(self, anchors: AnchorStage | None) -> DepthTests | None:
        """Look the depths of these anchors up; None where they are yet to be rendered."""
        if self.depths is None or self.depths[0] is not anchors:
            return None
        return self.depths[1]

    def window_of(self, key: SameObjects) -> DepthWindow | None:
        """Look depths around a joint up; None where they are yet to be rendered."""
        return self.window[1] if self.window is not None and self.window[0] == key else None

    def similarity_of(
        self, anchors: AnchorStage | None, frame: int, joint: int
    ) -> Float[np.ndarray, "rows columns"] | None:
        """Look a similarity map up; None where it is yet to be computed, or cannot be."""
        found = self.similarity
        if found is None or found.anchors is not anchors:
            return None
        return found.cosines if (found.frame, found.joint) == (frame, joint) else None
