"""What the workbench asks of the library: the stages of a clip, each of which makes the next.

`workbench.engine.engine.NeuhmrEngine` wraps the library; the tests run the same window over a toy.
"frame" is always a video frame; which row of a motion belongs to it is the engine's business.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from neuhmr.body.motion import Motion
from neuhmr.clip.masks import MaskSequence
from neuhmr.clip.open_request import OpenRequest
from neuhmr.geometry.cameras import Camera
from neuhmr.progress import OnProgress
from neuhmr.refine.correction.skeleton import Skeleton
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from workbench.engine.avatar_rendering import AvatarRendering, FrameQuality
from workbench.engine.depth_tests import DepthTests
from workbench.engine.exchange import (
    BodyFrame,
    ExportKind,
    ExportRequest,
    Image,
    PaintedBody,
    VideoSource,
)
from workbench.engine.free_view import Viewpoint
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, ViewHeatmaps
from workbench.engine.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True, eq=False)
class Footage(ABC):
    """An opened clip."""

    path: Path
    video: VideoSource
    camera: Camera
    camera_is_guessed: bool
    masks: MaskSequence | None = None
    """Of the person, one per video frame; None where the body's outline stands in."""
    masks_digest: str = ""
    """Equal for equal masks."""
    initial: Motion | None
    """What the estimator gave; None until the initializer has run."""
    truth: Motion | None
    source: str
    """Where the initial poses come from, in the user's words."""
    remarks: tuple[str, ...] = ()
    """What the user should know about them, one sentence each."""
    people: Mapping[str, Motion] = field(default_factory=dict)
    """Poses of everybody in the file that the initial poses are from, by id; empty where there is
    only one."""
    person: str = ""
    """Which of them the initial poses are of."""
    body_name: str
    faces: Int[np.ndarray, "faces 3"]

    @abstractmethod
    def initialise(self, on_progress: OnProgress) -> "Footage":
        """Find first poses and masks, and save them beside the clip."""

    @abstractmethod
    def build_avatar(self, config: RefineConfig, on_progress: OnProgress) -> "AvatarStage":
        """Cut the person out, draft better poses, and condition the avatar."""

    @abstractmethod
    def read_motion(self, path: Path) -> Motion:
        """Read a motion that was exported as "motion" for this clip.

        Raises:
            PoseFileError: it cannot be read, or has other frames than the initial poses.
        """

    @abstractmethod
    def pose(self, motion: Motion, frame: int) -> BodyFrame | None:
        """Pose the body in one frame; None where nobody was seen. Cheap, any thread."""

    @abstractmethod
    def joints(self, motion: Motion) -> Float[np.ndarray, "rows joints 3"]:
        """Place the joints in all rows of a motion (m, each frame's camera frame)."""

    @abstractmethod
    def skeleton(self, motion: Motion) -> Skeleton:
        """Say how long the person's bones are. Cheap, any thread."""

    @abstractmethod
    def overlay(self, image: Image, frame: int, bodies: list[PaintedBody]) -> Image:
        """Draw bodies over a frame of any size. Always called from the same thread."""

    @abstractmethod
    def export(
        self, motion: Motion, request: ExportRequest, on_progress: OnProgress
    ) -> tuple[str, ...]:
        """Write a motion; a video of it for "overlay".

        Returns:
            What the user should know about what was written, one sentence each.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class AvatarStage(ABC):
    """The person, ready to be rendered in any pose."""

    config: RefineConfig
    """Settings that the poses were drafted with."""
    conditioning_frames: tuple[int, int]
    silhouette_iou: dict[int, float]
    """Mesh against mask by frame, in [0, 1]; frames that were not looked at are absent."""
    crop_size: tuple[int, int]
    """(height, width) of the renderings (px)."""
    weights: str = ""
    """Which weights render it, in a few characters; "" where nobody knows."""
    heatmaps_missing: str = ""
    """Why heatmaps cannot be rendered, in the user's words; "" where they can."""

    @abstractmethod
    def register(
        self,
        config: RefineConfig,
        includes: frozenset[int],
        excludes: frozenset[int],
        on_progress: OnProgress,
    ) -> "tuple[AvatarStage, AnchorStage]":
        """Choose anchors and describe the joints; the avatar is conditioned anew on them.

        Args:
            config: how anchors are chosen and joints are registered.
            includes: frames that are to be anchors.
            excludes: frames that are not.
            on_progress: told of every candidate.
        """

    @abstractmethod
    def crop(self, frame: int) -> Image | None:
        """Show the person's box of one frame, black outside the mask. Cheap, any thread."""

    @abstractmethod
    def depth_errors(self, frame: int) -> Float[np.ndarray, " joints"] | None:
        """Say how far each joint is expected to be off along its viewing ray, beside the hips (m).

        None where nobody was seen, or where nothing is known of it. Cheap, any thread.
        """

    @abstractmethod
    def preview(self, motion: Motion, frame: int, stride: int) -> AvatarRendering | None:
        """Render the avatar in the crop of one frame, every `stride`-th pixel."""

    @abstractmethod
    def quality(self, motion: Motion, frame: int) -> FrameQuality | None:
        """Compare the crop of one frame with its rendering; None where nobody was seen."""

    @abstractmethod
    def view(
        self, motion: Motion, frame: int, viewpoint: Viewpoint, size: tuple[int, int]
    ) -> Image | None:
        """Render the person from a free view, filling (height, width).

        Raises:
            WorkbenchError: the person is not before the view.
        """

    @abstractmethod
    def conditioned_on(self, frames: tuple[int, int]) -> "AvatarStage":
        """Show the network these two frames instead; registering later keeps to them.

        Raises:
            ClipError: nobody was seen in one of them.
        """

    @abstractmethod
    def keypoints(
        self, motion: Motion, frame: int, source: KeypointSource
    ) -> KeypointReport | None:
        """Find keypoints in a frame's rendered heatmaps; None where nobody was seen.

        Raises:
            CheckpointError: heatmaps are missing.
        """

    @abstractmethod
    def view_heatmaps(
        self, motion: Motion, frame: int, source: KeypointSource, viewpoint: Viewpoint
    ) -> ViewHeatmaps | None:
        """Render color and heatmaps of the person from a free view; None where nobody was seen.

        Raises:
            CheckpointError: heatmaps are missing.
            WorkbenchError: the person is not before the view.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class AnchorStage(ABC):
    """The frames whose features describe the joints."""

    config: RefineConfig
    """Settings that they were chosen and registered with."""
    frames: Int[np.ndarray, " rows"]
    orientations: Float[np.ndarray, "rows 3"]
    """Side of the body that each frame shows: unit vectors in the body's own frame (+z front)."""
    anchors: tuple[int, ...]
    """Frames, best first."""
    scores: dict[int, float]
    """How badly the frames that were tried render; the least is the best."""
    anchors_seeing: Int[np.ndarray, " joints"]
    """How many anchors see each joint; joints with none are not matched."""

    @abstractmethod
    def make_optimizer(
        self, config: RefineConfig, scope: Scope, start: Motion | None = None
    ) -> Optimizer:
        """Get an optimizer ready.

        Args:
            config: settings.
            scope: what it may change.
            start: poses to begin with, which it also is to be judged against; None for the
                draft's or the initial ones.

        Raises:
            ClipError: the scope leaves nothing to refine.
        """

    @abstractmethod
    def depth_tests(self) -> DepthTests:
        """Render the joints' depths in all anchors, as they were when joints were registered."""

    @abstractmethod
    def similarity_map(self, frame: int, joint: int) -> Float[np.ndarray, "rows columns"] | None:
        """Compare all of a frame's crop with a joint's descriptor: cosines, coarser than pixels.

        None where there is no such frame, or no anchor sees the joint.
        """

    def unseen_joints(self) -> tuple[int, ...]:
        """List the joints that no anchor sees."""
        return tuple(int(joint) for joint in np.flatnonzero(self.anchors_seeing == 0))


class Engine(Protocol):
    """Where clips come from; each opened clip knows the way on.

    Long verbs report progress; the callback may raise `Cancelled`.
    """

    @property
    def device(self) -> str:
        """Where tensors live, for the status line."""
        ...

    def open(self, request: OpenRequest, on_progress: OnProgress) -> Footage:
        """Read a clip and whatever lies beside it."""
        ...

    def default_config(self) -> RefineConfig:
        """What the sliders start from."""
        ...

    def export_kinds(self) -> tuple[ExportKind, ...]:
        """What can be written on this machine."""
        ...
