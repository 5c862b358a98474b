"""The one way to refined poses; whatever refines walks it.

    Opened -> Subject -> Drafted -> Person -> Anchored -> RefineProblem -> Run -> Result

Each stage is a value that makes the next one; the first is in `neuhmr/opening.py`. So a caller may
stop after any of them, look, change a setting, go back to an earlier value, and go on from there.
Settings are given to each stage as the user means them, for 30 frames a second; the stages adapt
them to the clip's own rate. Long stages report to `on_progress`, which may raise `Cancelled`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.conditioning import (
    AvatarBuild,
    build_avatar,
    condition_avatar,
    pair_from_anchors,
)
from neuhmr.anchors.frame_features import encode_frames
from neuhmr.anchors.registration import register_anchors
from neuhmr.anchors.scoring import select_anchors
from neuhmr.anchors.selection import AnchorSelection
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.errors import ClipError
from neuhmr.ghn.renderable import HumanNetwork
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.motion_prior.checkpoint import load_landmark_prior, load_motion_prior
from neuhmr.progress import OnProgress, ignore_progress
from neuhmr.refine.draft.draft import Draft, draft_motion
from neuhmr.refine.draft.joint_sightings import make_finder
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """One person in one clip, cut out, with initial poses; all on one device."""

    crops: PersonCrops
    initial: Motion
    """Row for row with the crops."""
    model: SmplModel
    network: HumanNetwork
    """Frozen: refinement changes poses, never appearance."""
    fps: float
    """Frames per second of the video."""
    origin: Mapping[str, str] = field(default_factory=dict)
    """Which files it was made of, see `neuhmr.refine.run_identity`; empty where nobody knows."""
    keypoints: FrameKeypoints | None = None
    """Those that somebody else found in the frames, for the keypoint term."""
    is_believed: bool = False
    """Whether the initial poses were made by `neuhmr init`, and so with a motion prior already."""

    def draft(self, config: RefineConfig, on_progress: OnProgress = ignore_progress) -> "Drafted":
        """Encode the frames, and draft better poses without rendering if that is wished."""
        settings = config.at_rate(self.fps).draft
        features = encode_frames(self.network, self.crops, on_progress)
        draft = None
        if settings.enabled:
            finder = make_finder(self.network.joint_prototypes(), features, self.crops)
            load_prior = load_landmark_prior if self.is_believed else load_motion_prior
            draft = draft_motion(
                self.crops,
                self.initial,
                self.model,
                settings,
                on_progress,
                finder,
                load_prior(device=self.initial.transl.device),
                self.fps,
                self.is_believed,
            )
        return Drafted(subject=self, features=features, draft=draft)


def make_subject(
    crops: PersonCrops,
    motion: Motion,
    model: SmplModel,
    network: HumanNetwork,
    fps: float,
    device: torch.device | str = "cpu",
    keypoints: ClipKeypoints | None = None,
    is_believed: bool = False,
) -> Subject:
    """Begin with pictures of a person that are cut out already, row for row with the poses.

    `is_believed` says that the motion prior had its say in the poses.

    Raises:
        ClipError: no pose is valid.
    """
    if not bool(motion.valid.any()):
        raise ClipError(
            "No frame has a valid pose, so there is nothing to refine; the pose file marks every "
            "frame as one where nobody was seen. Pick another person or another pose file."
        )
    if isinstance(network, torch.nn.Module):
        network.requires_grad_(False).eval()
    crops = crops.to(device)
    return Subject(
        crops=crops,
        initial=motion.to(device),
        model=model.to(device),
        network=network,
        fps=fps,
        keypoints=None if keypoints is None else FrameKeypoints.given(keypoints, crops),
        is_believed=is_believed,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Drafted:
    """A subject whose frames are encoded and whose poses are drafted."""

    subject: Subject
    features: Float[Tensor, "frames channels feature_height feature_width"]
    draft: Draft | None
    """None where no draft was wished."""

    @property
    def start(self) -> Motion:
        """Poses to go on with: the draft's, or the initial ones without one."""
        initial = self.subject.initial
        return initial if self.draft is None else self.draft.pose.into(initial)

    def person(self, on_progress: OnProgress = ignore_progress) -> "Person":
        """Condition a first avatar on two frames that are chosen without rendering.

        Raises:
            ClipError: no frame shows enough of the person.
        """
        subject = self.subject
        build = build_avatar(
            subject.crops, self.start, subject.model, subject.network, on_progress=on_progress
        )
        return Person(drafted=self, build=build)


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """A drafted subject that can be rendered in any pose."""

    drafted: Drafted
    build: AvatarBuild

    def anchors(
        self,
        config: RefineConfig,
        includes: Collection[int] = (),
        excludes: Collection[int] = (),
        on_progress: OnProgress = ignore_progress,
    ) -> "Anchored":
        """Choose the frames whose features will describe the joints (NeuHMR section 3.3.1).

        Args:
            config: how many.
            includes: rows the user wants as anchors.
            excludes: rows the user wants never as anchors.
            on_progress: told of every candidate.

        Raises:
            ClipError: no frame that is left shows enough of the person.
        """
        selection = select_anchors(
            self.build.avatar,
            self.drafted.subject.crops,
            self.drafted.start,
            start=self.build.conditioning_rows[0],
            config=config.anchors,
            includes=includes,
            excludes=excludes,
            on_progress=on_progress,
        )
        return Anchored(person=self, selection=selection)


@dataclass(frozen=True, kw_only=True, eq=False)
class Anchored:
    """A person whose anchor frames are chosen."""

    person: Person
    selection: AnchorSelection

    def register(
        self,
        config: RefineConfig,
        heatmaps: ClipHeatmaps | None = None,
        scope: Scope | None = None,
        pair: tuple[int, int] | None = None,
        on_progress: OnProgress = ignore_progress,
    ) -> RefineProblem:
        """Condition the avatar on the best pair of anchors and describe the joints.

        Args:
            config: how far a visible joint may lie behind the surface.
            heatmaps: finds keypoints where they count; trained on the subject's network.
            scope: what refinement may change; everything by default.
            pair: rows to condition the avatar on instead.
            on_progress: told of every anchor.
        """
        drafted, subject = self.person.drafted, self.person.drafted.subject
        pair = pair or pair_from_anchors(self.selection)
        build = self.person.build
        avatar = condition_avatar(
            subject.crops, drafted.start, build.avatar.body, subject.network, pair, build.cloth
        )
        descriptors = register_anchors(
            avatar,
            subject.crops,
            drafted.start,
            drafted.features,
            self.selection.anchors,
            config.matching.epsilon,
            subject.network.joint_prototypes(),
            on_progress,
        )
        return RefineProblem(
            crops=subject.crops,
            initial=subject.initial,
            model=subject.model,
            avatar=avatar,
            features=drafted.features,
            descriptors=descriptors,
            conditioning_rows=pair,
            selection=self.selection,
            draft=drafted.draft,
            scope=scope or Scope(),
            heatmaps=heatmaps,
            keypoints=subject.keypoints,
            fps=subject.fps,
            origin=subject.origin,
        )


def prepare(
    subject: Subject,
    config: RefineConfig,
    on_progress: OnProgress = ignore_progress,
    heatmaps: ClipHeatmaps | None = None,
    scope: Scope | None = None,
) -> RefineProblem:
    """Do every stage before the first step.

    Raises:
        ClipError: no frame shows enough of the person.
    """
    person = subject.draft(config, on_progress).person(on_progress)
    anchored = person.anchors(config, on_progress=on_progress)
    return anchored.register(config, heatmaps, scope, on_progress=on_progress)
