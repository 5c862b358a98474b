"""A person of the library that can be rendered, as the window sees it."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.anchors.conditioning import condition_avatar
from neuhmr.body.motion import Motion
from neuhmr.clip.crops import PersonCrops
from neuhmr.errors import CheckpointError, ClipError
from neuhmr.ghn.renderable import Renderable
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.pipeline import Person
from neuhmr.progress import OnProgress
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.scene_belief import joint_depth_errors
from neuhmr.refine.settings import RefineConfig
from workbench.engine.avatar_pictures import frame_quality, preview_frame, view_person
from workbench.engine.avatar_rendering import AvatarRendering, FrameQuality
from workbench.engine.exchange import Image, motion_row
from workbench.engine.free_view import Viewpoint
from workbench.engine.interface import AvatarStage
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, ViewHeatmaps
from workbench.engine.keypoints import Heatmaps, look_at_anchors, render_view, report_keypoints
from workbench.engine.refinement import NeuhmrAnchors


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuhmrAvatar(AvatarStage):
    """A person with the avatar that is shown."""

    person: Person
    avatar: Renderable
    """Conditioned on `conditioning_frames`."""
    crops_here: PersonCrops
    """On the CPU."""
    heatmaps: Heatmaps | None
    errors_here: Float[np.ndarray, "rows joints"] | None
    """Expected ones along the viewing rays (m); NaN where nothing is known."""
    wanted_pair: tuple[int, int] | None = None
    """Rows that the user wants it to be conditioned on; None lets anchors decide."""

    def register(
        self,
        config: RefineConfig,
        includes: frozenset[int],
        excludes: frozenset[int],
        on_progress: OnProgress,
    ) -> tuple["NeuhmrAvatar", NeuhmrAnchors]:
        """Choose anchors, condition the avatar on the best pair of them, describe the joints."""
        start = self.person.drafted.start.to("cpu")
        anchored = self.person.anchors(
            config, _rows_of(start, includes), _rows_of(start, excludes), on_progress
        )
        model = None if self.heatmaps is None else self.heatmaps.model
        problem = anchored.register(config, model, pair=self.wanted_pair, on_progress=on_progress)
        avatar = show_person(
            self.config,
            self.person,
            problem.avatar,
            problem.conditioning_rows,
            model,
            self.heatmaps_missing,
            self.weights,
        )
        avatar = replace(avatar, wanted_pair=self.wanted_pair)
        return avatar, show_anchors(config, problem, start)

    def crop(self, frame: int) -> Image | None:
        """Show the person's box of one frame, black outside the mask."""
        crops, row = self.crops_here, self._crop_row(frame)
        if row is None:
            return None
        masked = crops.images[row].float() * crops.masks[row]
        return masked.permute(1, 2, 0).round().to(torch.uint8).numpy()

    def depth_errors(self, frame: int) -> Float[np.ndarray, " joints"] | None:
        """Say how far each joint is expected to be off along its viewing ray (m)."""
        row = self._crop_row(frame)
        if self.errors_here is None or row is None or np.isnan(self.errors_here[row]).any():
            return None
        return self.errors_here[row]

    def preview(self, motion: Motion, frame: int, stride: int) -> AvatarRendering | None:
        """Render the avatar in the crop of one frame, every `stride`-th pixel."""
        return preview_frame(self.avatar, self._crops, motion, frame, stride)

    def quality(self, motion: Motion, frame: int) -> FrameQuality | None:
        """Compare the crop of one frame with its rendering; None where nobody was seen."""
        return frame_quality(self.avatar, self._crops, motion, frame)

    def view(
        self, motion: Motion, frame: int, viewpoint: Viewpoint, size: tuple[int, int]
    ) -> Image | None:
        """Render the person from a free view, filling (height, width).

        Raises:
            WorkbenchError: the person is not before the view.
        """
        return view_person(self.avatar, self._crops, motion, frame, viewpoint, size)

    def conditioned_on(self, frames: tuple[int, int]) -> "NeuhmrAvatar":
        """Show the network these two frames instead; registering later keeps to them.

        Raises:
            ClipError: nobody was seen in one of them.
        """
        drafted = self.person.drafted
        rows = self._rows_of_pair(frames)
        avatar = condition_avatar(
            self._crops, drafted.start, self.avatar.body, drafted.subject.network, rows,
            self.person.build.cloth,
        )  # fmt: skip
        model = None if self.heatmaps is None else self.heatmaps.model
        shown = show_person(
            self.config, self.person, avatar, rows, model, self.heatmaps_missing, self.weights
        )
        return replace(shown, wanted_pair=rows)

    def _rows_of_pair(self, frames: tuple[int, int]) -> tuple[int, int]:
        start = self.person.drafted.start.to("cpu")
        first, second = (motion_row(start, frame) for frame in frames)
        if first is None or second is None:
            missing = frames[0] if first is None else frames[1]
            raise ClipError(
                f"Nobody was seen in frame {missing}, so the avatar cannot be made from it; choose "
                "a frame with a pose."
            )
        return first, second

    @property
    def _crops(self) -> PersonCrops:
        return self.person.drafted.subject.crops

    def keypoints(
        self, motion: Motion, frame: int, source: KeypointSource
    ) -> KeypointReport | None:
        """Find keypoints in a frame's rendered heatmaps; None where nobody was seen.

        Raises:
            CheckpointError: heatmaps are missing.
        """
        subject = self.person.drafted.subject
        here = motion.to(subject.initial.transl.device)
        return report_keypoints(self._known_heatmaps(), subject.crops, here, frame, source)

    def view_heatmaps(
        self, motion: Motion, frame: int, source: KeypointSource, viewpoint: Viewpoint
    ) -> ViewHeatmaps | None:
        """Render color and heatmaps of the person from a free view; None where nobody was seen.

        Raises:
            CheckpointError: heatmaps are missing.
            WorkbenchError: the person is not before the view.
        """
        subject = self.person.drafted.subject
        here = motion.to(subject.initial.transl.device)
        return render_view(self._known_heatmaps(), subject.crops, here, frame, source, viewpoint)

    def _known_heatmaps(self) -> Heatmaps:
        if self.heatmaps is None:
            raise CheckpointError(self.heatmaps_missing)
        return self.heatmaps

    def _crop_row(self, frame: int) -> int | None:
        frames = self.crops_here.frame_index.numpy()
        row = int(np.searchsorted(frames, frame))
        return row if row < len(frames) and frames[row] == frame else None


def show_person(
    config: RefineConfig,
    person: Person,
    avatar: Renderable,
    rows: tuple[int, int],
    heatmaps: ClipHeatmaps | None,
    heatmaps_missing: str,
    weights: str,
) -> NeuhmrAvatar:
    """Show a person to the window.

    Args:
        config: settings that the poses were drafted with.
        person: who is rendered.
        avatar: conditioned on these rows.
        rows: of the frames that the avatar was conditioned on.
        heatmaps: network of the keypoints, if it can be used.
        heatmaps_missing: why it cannot.
        weights: digest of the network that renders.
    """
    crops = person.drafted.subject.crops
    crops_here = crops.to("cpu")
    frames = crops_here.frame_index.tolist()
    errors = joint_depth_errors(person.drafted.draft)
    ious = person.build.silhouette_iou.cpu().tolist()
    return NeuhmrAvatar(
        config=config,
        conditioning_frames=(frames[rows[0]], frames[rows[1]]),
        silhouette_iou={f: iou for f, iou in zip(frames, ious, strict=True) if iou == iou},
        crop_size=(crops.cameras.height, crops.cameras.width),
        weights=weights,
        heatmaps_missing=heatmaps_missing,
        person=person,
        avatar=avatar,
        crops_here=crops_here,
        errors_here=None if errors is None else errors.cpu().numpy(),
        heatmaps=look_at_anchors(heatmaps, avatar, crops, person.drafted.start, rows),
    )


def show_anchors(config: RefineConfig, problem: RefineProblem, start: Motion) -> NeuhmrAnchors:
    """Show the chosen anchors to the window.

    Args:
        config: settings that they were chosen and registered with.
        problem: what came of it.
        start: poses that the avatar was made with, on the CPU.
    """
    selection = problem.selection
    frames, valid = start.frame_index.numpy(), start.valid.numpy()
    return NeuhmrAnchors(
        config=config,
        frames=frames[valid],
        orientations=selection.orientations.cpu().numpy()[valid],
        anchors=tuple(int(frames[row]) for row in selection.anchors),
        scores={
            int(frames[row]): score
            for row, score in zip(selection.candidates, selection.scores, strict=True)
        },
        anchors_seeing=problem.descriptors.counts.cpu().numpy(),
        problem=problem,
    )


def _rows_of(motion: Motion, frames: frozenset[int]) -> list[int]:
    found = [motion_row(motion, frame) for frame in sorted(frames)]
    return [row for row in found if row is not None]
