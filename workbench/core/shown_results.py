"""What was worked out to be shown of one frame or of all: renderings, keypoints, scores."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuhmr.body.motion import Motion
from workbench.engine.exchange import Image
from workbench.engine.free_view import Viewpoint
from workbench.engine.interface import AvatarStage
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, ViewHeatmaps


@dataclass(frozen=True, kw_only=True, eq=False)
class Preview:
    """A rendering of the avatar, and what it shows."""

    frame: int
    motion: Motion
    stride: int
    image: Image
    depth: Float[np.ndarray, "height width"]
    """D, from the camera (m); NaN where there is no body."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HeatmapLook:
    """What was looked up in heatmaps: of which avatar and frame, in which pose."""

    avatar: AvatarStage
    frame: int
    motion: Motion
    source: KeypointSource
    problem: str = ""
    """Why nothing was found, in the user's words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KeypointLook(HeatmapLook):
    """Keypoints found in a frame."""

    report: KeypointReport | None
    """None where nobody was seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ViewLook(HeatmapLook):
    """A free view of a frame's heatmaps."""

    viewpoint: Viewpoint
    rendering: ViewHeatmaps | None
    """None where nobody was seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameScores:
    """One number per frame that says where to look; larger is worse."""

    meaning: str
    """In the user's words, with the unit."""
    frames: Int[np.ndarray, " scored"]
    values: Float[np.ndarray, " scored"]
    before: Float[np.ndarray, " scored"] | None = None
    """The same of the initial poses; None where that says nothing or is not known."""

    def worst_first(self) -> list[int]:
        """Rank the frames."""
        order = np.argsort(-self.values, kind="stable")
        return [int(frame) for frame in self.frames[order]]
