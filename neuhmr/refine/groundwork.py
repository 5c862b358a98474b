"""A person made renderable: what command line and window do before anchors are chosen."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.conditioning import AvatarBuild, build_avatar
from neuhmr.anchors.frame_features import encode_frames
from neuhmr.anchors.renderable import HumanNetwork
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.progress import OnProgress, ignore_progress
from neuhmr.refine.draft.draft import Draft, draft_motion
from neuhmr.refine.draft.draft_config import DraftConfig
from neuhmr.refine.draft.joint_sightings import make_finder


@dataclass(frozen=True, kw_only=True)
class Groundwork:
    """One person in one clip, encoded, drafted, and with a first avatar."""

    crops: PersonCrops
    initial: Motion
    """Row for row with the crops."""
    model: SmplModel
    ghn: HumanNetwork
    features: Float[Tensor, "frames channels feature_height feature_width"]
    draft: Draft | None
    """None where the configuration wants no draft."""
    build: AvatarBuild
    """Conditioned on frames that were chosen without rendering."""

    @property
    def start(self) -> Motion:
        """Poses that the avatar was made with: the draft's, or the initial ones without one."""
        return self.initial if self.draft is None else self.draft.pose.into(self.initial)


def lay_groundwork(
    crops: PersonCrops,
    motion: Motion,
    model: SmplModel,
    ghn: HumanNetwork,
    config: DraftConfig,
    on_progress: OnProgress = ignore_progress,
) -> Groundwork:
    """Encode the frames, draft better poses, and condition an avatar on two of the frames.

    Args:
        crops: the person's frames.
        motion: initial poses, row for row with the crops; at least one of them valid.
        model: the body model of those poses.
        ghn: the network.
        config: whether and how poses are drafted.
        on_progress: told how every stage gets on; may raise to cancel.

    Raises:
        ClipError: no frame shows enough of the person.
    """
    features = encode_frames(ghn, crops, on_progress)
    draft = None
    if config.steps > 0:
        finder = make_finder(ghn.joint_prototypes(), features, crops)
        draft = draft_motion(crops, motion, model, config, on_progress, finder)
    start = motion if draft is None else draft.pose.into(motion)
    return Groundwork(
        crops=crops,
        initial=motion,
        model=model,
        ghn=ghn,
        features=features,
        draft=draft,
        build=build_avatar(crops, start, model, ghn, on_progress=on_progress),
    )
