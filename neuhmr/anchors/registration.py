"""What each joint looks like: features averaged over the anchors that see it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.settings import DEPTH_TOLERANCE
from neuhmr.anchors.visibility import joint_visibility, render_joint_depths
from neuhmr.body.motion import Motion
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghn.renderable import Renderable
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class JointDescriptors(TensorStruct):
    """Appearance of the joints, independent of any frame."""

    descriptors: Float[Tensor, "joints channels"]
    """Unit length; zero for joints that no anchor sees."""
    counts: Int[Tensor, " joints"]
    """How many anchors see each joint; joints with none take no part in matching."""


def normalize_features(
    features: Float[Tensor, "*batch channels"],
) -> Float[Tensor, "*batch channels"]:
    """Scale feature vectors to unit length, so that dot products are cosine similarities."""
    return torch.nn.functional.normalize(features.float(), dim=-1)


def register_joints(
    features: Float[Tensor, "anchors channels feature_height feature_width"],
    pixels: Float[Tensor, "anchors joints 2"],
    visible: Bool[Tensor, "anchors joints"],
    image_size: tuple[int, int],
    prototypes: Float[Tensor, "joints channels"] | None = None,
) -> JointDescriptors:
    """Average each joint's feature over the anchors that see it (NeuHMR Eq. 9).

    Args:
        features: encoded anchor frames.
        pixels: projected joints (px of the image).
        visible: Eq. 8 of every anchor.
        image_size: (height, width) of the image in which `pixels` are measured.
        prototypes: `joint_prototypes` of the network, if it has any.

    Note:
        Features are brought to unit length before averaging, so that a brightly lit anchor does
        not outvote the others, and the mean again after, since matching compares directions.
        Where poses are wrong in the same way in all anchors, no average brings a descriptor back
        to its joint; the prototype, added at equal weight, does (a deviation from NeuHMR).
    """
    sampled = normalize_features(sample_at_pixels(features.float(), pixels, image_size))
    counts = visible.sum(dim=0)
    total = (sampled * visible[..., None]).sum(dim=0)
    descriptors = normalize_features(total / counts.clamp_min(1)[:, None])
    if prototypes is not None:
        descriptors = normalize_features(descriptors + normalize_features(prototypes))
    return JointDescriptors(descriptors * (counts > 0)[:, None], counts)


def register_anchors(
    avatar: Renderable,
    crops: PersonCrops,
    motion: Motion,
    features: Float[Tensor, "frames channels feature_height feature_width"],
    rows: Sequence[int],
    tolerance: float = DEPTH_TOLERANCE,
    prototypes: Float[Tensor, "joints channels"] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> JointDescriptors:
    """Test visibility in every anchor row and register the joints there.

    `on_progress` is told before every anchor, and may raise to cancel.
    """
    pixels, visible = [], []
    for done, row in enumerate(rows):
        on_progress(Progress("Registering joints", done, len(rows)))
        camera = crops.cameras[row]
        depths = render_joint_depths(avatar, pose_frame(avatar.body, motion, row), camera)
        pixels.append(depths.pixels)
        visible.append(joint_visibility(depths, camera.height, camera.width, tolerance))
    return register_joints(
        features[list(rows)],
        torch.stack(pixels),
        torch.stack(visible),
        (crops.cameras.height, crops.cameras.width),
        prototypes,
    )
