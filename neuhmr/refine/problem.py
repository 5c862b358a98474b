"""Everything refinement needs to know about one person in one clip."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.registration import JointDescriptors
from neuhmr.anchors.selection import AnchorSelection
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.ghn.renderable import Renderable
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.refine.draft.draft import Draft
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings.config import USUAL_RATE


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
    fps: float = USUAL_RATE
    """Frames per second of the video."""
    heatmaps: ClipHeatmaps | None = None
    """Finds keypoints in the frames; needed only where they count."""
    keypoints: FrameKeypoints | None = None
    """Those that were found so far; see `look_for_keypoints`."""
    origin: Mapping[str, str] = field(default_factory=dict)
    """Which files it was made of, see `neuhmr.refine.run_identity`; empty where nobody knows."""

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

    def started_at(self, poses: Motion) -> "RefineProblem":
        """Refine poses that somebody put right: they count as initial ones, and as the draft's.

        What the draft found out about the scene stays. Frames in which nobody was seen before stay
        out, as there is no picture of the person.
        """
        here = poses.to(self.initial.transl.device)
        initial = replace(here, valid=here.valid & self.initial.valid)
        draft = self.draft and replace(self.draft, pose=LocalPose.from_motion(initial))
        return replace(self, initial=initial, draft=draft)

    def active_rows(self) -> tuple[int, ...]:
        """Rows that refinement visits: valid, in scope, not locked."""
        return self.scope.rows(self.initial)

    def start(self) -> LocalPose:
        """Poses from which refinement starts: the draft's where they may change at all."""
        initial = LocalPose.from_motion(self.initial)
        if self.draft is None:
            return initial
        free = self.scope.free_joints(self.initial)
        free_transl = self.scope.free_translations(self.initial)
        drafted = self.draft.pose
        rotmat = torch.where(free[..., None, None], drafted.rotmat, initial.rotmat)
        return LocalPose(rotmat, torch.where(free_transl[:, None], drafted.transl, initial.transl))
