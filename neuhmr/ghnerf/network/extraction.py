"""Keypoints from the network itself: heatmaps of a rendered view, and a volume of scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.errors import CheckpointError
from neuhmr.ghnerf.keypoints.keypoints3d import (
    VOLUME_PEAKS,
    Keypoints3d,
    PointScores,
    VolumeConfig,
    keypoints_from_volume,
    score_volume,
)
from neuhmr.ghnerf.keypoints.peaks import PeakConfig
from neuhmr.ghnerf.network.evidence import EncodedViews
from neuhmr.ghnerf.network.image_rendering import GhnerfImage
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import TargetView


@dataclass(frozen=True, kw_only=True)
class SpaceConfig:
    """How keypoints are found in space."""

    volume: VolumeConfig = field(default_factory=VolumeConfig)
    peaks: PeakConfig = VOLUME_PEAKS
    """Its filter is in cells of 2 cm."""


def has_heatmaps(model: Ghnerf) -> bool:
    """Tell whether the network renders heatmaps; plain ENeRF does not."""
    return any(head.kind == "heatmaps" for head in model.config.feature_heads)


def heatmaps_of(model: Ghnerf, image: GhnerfImage) -> Float[Tensor, "joints height width"]:
    """Take the heatmaps out of a rendered view.

    Raises:
        CheckpointError: the network renders none.
    """
    return image.features[..., _heatmap_channels(model)].permute(2, 0, 1)


def keypoints_from_field(
    model: Ghnerf,
    looks: Sequence[tuple[EncodedViews, TargetView]],
    config: SpaceConfig | None = None,
) -> Keypoints3d:
    """Find keypoints where the field itself scores highest (GHNeRF, section 3.4).

    The features of a point depend on the camera in front of which cost volumes stand, so several
    are asked and their scores averaged. A score is the heatmap's value times the opacity: away
    from the surface heatmaps were never supervised.

    Args:
        model: with heatmaps.
        looks: cameras to look from, around the subject, each with the source views near it; their
            boxes are the first one's.
        config: grid and peaks.

    Raises:
        CheckpointError: the network renders no heatmaps.
        DatasetError: a camera does not see the subject.
    """
    config = config or SpaceConfig()
    channels = _heatmap_channels(model)

    def scorer(encoded: EncodedViews, reference: TargetView) -> PointScores:
        def scores(points: Float[Tensor, "points 3"]) -> Float[Tensor, "points joints"]:
            values = model.query(encoded, reference, points)
            opacities = 1.0 - torch.exp(-values.sigmas)
            return values.features[:, channels] * opacities[:, None]

        return scores

    volume = score_volume(looks[0][1].box, [scorer(*look) for look in looks], config.volume)
    return keypoints_from_volume(volume.scores, volume.origin, volume.spacing, config.peaks)


def _heatmap_channels(model: Ghnerf) -> slice:
    if not has_heatmaps(model):
        raise CheckpointError(
            "These weights render no heatmaps, which keypoints come from; choose weights trained "
            "with `neuhmr train ghnerf --targets heatmaps`"
        )
    return model.config.feature_slice("heatmaps")
