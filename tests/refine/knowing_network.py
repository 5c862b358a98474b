"""The splat network with a notion of what joints look like in anybody."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.registration import register_anchors
from neuhmr.pipeline import Subject, make_subject
from refine.splat_avatar import SplatNetwork, textured_network
from refine.splat_clip import SplatClip, wrong_by_rotations


@dataclass(frozen=True)
class KnowingNetwork(SplatNetwork):
    """Has prototypes, so that drafts look for joints."""

    prototypes: Float[Tensor, "joints channels"] | None = None

    def joint_prototypes(self) -> Float[Tensor, "joints channels"] | None:
        return self.prototypes


def knowing_subject(clip: SplatClip, degrees: float = 12.0) -> Subject:
    """Cut out a clip with wrong poses, for a network that knows joints as they truly look."""
    plain = textured_network(clip.model, clip.truth.betas)
    truth = make_subject(clip.crops, clip.truth, clip.model, plain, 30.0)
    features = plain.image_features(clip.crops.images.float() / 255.0 * clip.crops.masks[:, None])
    rows = tuple(range(len(clip.truth)))
    registered = register_anchors(clip.avatar, clip.crops, clip.truth, features, rows, 0.2, None)
    network = KnowingNetwork(plain.colors, plain.channels, registered.descriptors)
    initial = wrong_by_rotations(clip.truth, degrees, 0.1)
    return make_subject(truth.crops, initial, clip.model, network, 30.0)
