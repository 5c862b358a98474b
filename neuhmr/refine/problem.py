"""Everything refinement needs to know about one person in one clip.

Each stage of the preparation is a function of its own, so that the workbench can show and repeat
it: draft, avatar, anchors, features, registration.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.anchors.conditioning import condition_avatar, pair_from_anchors
from neuhmr.anchors.registration import JointDescriptors, register_anchors
from neuhmr.anchors.renderable import HumanNetwork, Renderable
from neuhmr.anchors.scoring import select_anchors
from neuhmr.anchors.selection import AnchorSelection
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.errors import ClipError
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.progress import OnProgress, ignore_progress
from neuhmr.refine.config import RefineConfig
from neuhmr.refine.draft.draft import Draft
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.groundwork import Groundwork, lay_groundwork


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What refinement may change; the rest keeps its initial pose exactly."""

    rows: tuple[int, ...] | None = None
    """Frame rows to refine; None for all."""
    locked_rows: tuple[int, ...] = ()
    """Frame rows the user is content with."""
    locked_joints: tuple[int, ...] = ()
    """SMPL joints whose rotation stays, 0 for the root's."""
    lock_translation: bool = False


@dataclass(frozen=True, kw_only=True)
class RefineProblem:
    """One person, one clip, one avatar, one set of joint descriptors."""

    crops: PersonCrops
    initial: Motion
    """Row for row with the crops; what is locked keeps these poses."""
    model: SmplModel
    avatar: Renderable
    features: Float[Tensor, "frames channels feature_height feature_width"]
    descriptors: JointDescriptors
    conditioning_rows: tuple[int, int]
    selection: AnchorSelection
    draft: Draft | None = None
    """Better poses to start from; without it refinement starts at the initial ones."""
    scope: Scope = field(default_factory=Scope)
    heatmaps: ClipHeatmaps | None = None
    """Finds keypoints in the frames; needed only where they count."""
    keypoints: FrameKeypoints | None = None
    """Those that were found so far; see `look_for_keypoints`."""

    def __post_init__(self) -> None:
        counts = (len(self.crops.frame_index), len(self.initial), len(self.features))
        if len(set(counts)) != 1:
            raise ValueError(
                "RefineProblem: crops, initial and features have {}, {} and {} frames; they must "
                "agree".format(*counts)
            )

    @property
    def body(self) -> ShapedBody:
        """The person in the rest pose."""
        return self.avatar.body

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of the crops."""
        return self.crops.cameras.height, self.crops.cameras.width

    def descriptors_of(self, row: int) -> JointDescriptors:
        """Joint appearances that a frame is searched for: the same for all frames.

        Overridden where an ablation gives every frame its own.
        """
        return self.descriptors

    def active_rows(self) -> tuple[int, ...]:
        """Rows that refinement visits: valid, in scope, not locked."""
        rows = range(len(self.initial)) if self.scope.rows is None else self.scope.rows
        allowed = set(rows) - set(self.scope.locked_rows)
        return tuple(row for row in self.initial.valid.nonzero()[:, 0].tolist() if row in allowed)

    def start(self) -> LocalPose:
        """Poses from which refinement starts: the draft's where they may change at all."""
        initial = LocalPose.from_motion(self.initial)
        if self.draft is None:
            return initial
        free, free_transl = self.free_joints(), self.free_translations()
        drafted = self.draft.pose
        rotmat = torch.where(free[..., None, None], drafted.rotmat, initial.rotmat)
        return LocalPose(rotmat, torch.where(free_transl[:, None], drafted.transl, initial.transl))

    def free_joints(self) -> Bool[Tensor, "frames 24"]:
        """Tell which rotations may change, root first."""
        free = torch.zeros(len(self.initial), 24, dtype=torch.bool)
        free[list(self.active_rows())] = True
        free[:, list(self.scope.locked_joints)] = False
        return free.to(self.initial.transl.device)

    def free_translations(self) -> Bool[Tensor, " frames"]:
        """Tell which translations may change."""
        free = torch.zeros(len(self.initial), dtype=torch.bool)
        if not self.scope.lock_translation:
            free[list(self.active_rows())] = True
        return free.to(self.initial.transl.device)


def prepare_problem(
    crops: PersonCrops,
    motion: Motion,
    model: SmplModel,
    ghn: HumanNetwork,
    config: RefineConfig,
    includes: Collection[int] = (),
    excludes: Collection[int] = (),
    on_progress: OnProgress = ignore_progress,
    heatmaps: ClipHeatmaps | None = None,
) -> RefineProblem:
    """Build avatar, anchors, features and joint descriptors of one person in one clip.

    Args:
        crops: the person's frames.
        motion: initial poses, row for row with the crops.
        model: the body model of those poses.
        ghn: the network, frozen here: refinement changes poses, never appearance.
        config: the draft's, the anchors' and matching's settings are used.
        includes: rows the user wants as anchors.
        excludes: rows the user wants never as anchors.
        on_progress: told how every stage gets on; may raise to cancel.
        heatmaps: finds keypoints where they count; trained on `ghn`.

    Raises:
        ClipError: no valid frame, or none that shows enough of the person.
    """
    if not bool(motion.valid.any()):
        raise ClipError(
            "No frame has a valid pose, so there is nothing to refine; the pose file marks every "
            "frame as one where nobody was seen. Pick another person or another pose file."
        )
    if isinstance(ghn, torch.nn.Module):
        ghn.requires_grad_(False).eval()
    groundwork = lay_groundwork(crops, motion, model, ghn, config.draft, on_progress)
    return complete_problem(groundwork, config, includes, excludes, on_progress, heatmaps)


def complete_problem(
    groundwork: Groundwork,
    config: RefineConfig,
    includes: Collection[int] = (),
    excludes: Collection[int] = (),
    on_progress: OnProgress = ignore_progress,
    heatmaps: ClipHeatmaps | None = None,
) -> RefineProblem:
    """Choose anchors, condition the avatar on the best pair of them, describe the joints.

    Args:
        groundwork: the person.
        config: the anchors' and matching's settings are used.
        includes: rows the user wants as anchors.
        excludes: rows the user wants never as anchors.
        on_progress: told of every candidate; may raise to cancel.
        heatmaps: finds keypoints where they count; trained on the groundwork's network.
    """
    crops, start, ghn = groundwork.crops, groundwork.start, groundwork.ghn
    selection = select_anchors(
        groundwork.build.avatar,
        crops,
        start,
        start=groundwork.build.conditioning_rows[0],
        config=config.anchors,
        includes=includes,
        excludes=excludes,
        on_progress=on_progress,
    )
    pair = pair_from_anchors(selection)
    avatar = condition_avatar(crops, start, groundwork.build.avatar.body, ghn, pair)
    descriptors = register_anchors(
        avatar,
        crops,
        start,
        groundwork.features,
        selection.anchors,
        config.matching.epsilon,
        ghn.joint_prototypes(),
    )
    return RefineProblem(
        crops=crops,
        initial=groundwork.initial,
        model=groundwork.model,
        avatar=avatar,
        features=groundwork.features,
        descriptors=descriptors,
        conditioning_rows=pair,
        selection=selection,
        draft=groundwork.draft,
        heatmaps=heatmaps,
    )
