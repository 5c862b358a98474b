"""GHNeRF's human features in a monocular clip, where no second camera looks on.

The human-feature encoder and the heatmap head ride on the GHN's samples: f_n of GHNeRF Eq. 3 is the
GHN's own intermediate feature, and the source views of h are frames of the clip, warped through the
canonical body. With the avatar's two frames as sources, joints are where those frames show them;
with the frame itself as the source, the heatmaps are a second opinion on that frame's pose.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.body.smpl_model import PosedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.radiance_field import VIEW_CUES
from neuhmr.ghn.reference import ReferenceEvidence, prepare_evidence
from neuhmr.ghn.views import ReferenceViews
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.heads import make_feature_head
from neuhmr.ghnerf.network.human_encoder import HumanEncoder
from neuhmr.rendering.volume_rendering import Rendering
from neuhmr.tensor_struct import TensorStruct

PADDED_TO = 32
"""Sides of images are padded to multiples of the encoder's coarsest stride."""


@dataclass(frozen=True)
class HeatmapRendering(TensorStruct):
    """What rays see, heatmaps among it."""

    rendering: Rendering
    heatmaps: Float[Tensor, "rays joints"]
    """M of GHNeRF section 3.3, in [0, 1]."""


class ClipHeatmaps(nn.Module):
    """Encoder, pooling and head of the human features of clips.

    Args:
        config: the encoder and the heads; sampling and the cost volumes are the GHN's business.
        hidden_channels: of the GHN's intermediate feature.
    """

    def __init__(self, config: GhnerfConfig, hidden_channels: int) -> None:
        super().__init__()
        self.config = config
        self.hidden_channels = hidden_channels
        self.encoder = HumanEncoder(config)
        self.view_score = nn.Sequential(
            nn.Linear(config.human_channels + VIEW_CUES, 16), nn.ReLU(), nn.Linear(16, 1)
        )
        self.head = make_feature_head(
            hidden_channels + config.human_channels + VIEW_CUES, config.feature_heads[0]
        )

    def look(self, views: ReferenceViews, avatar: Avatar) -> ReferenceEvidence:
        """Encode source views and tie them to the avatar's body.

        Args:
            views: any number of frames; each is warped by the pose it comes with.
            avatar: the person.
        """
        height, width = views.images.shape[-2:]
        missing = (-height % PADDED_TO, -width % PADDED_TO)
        padded = functional.pad(views.images, (0, missing[1], 0, missing[0]))
        features = self.encoder(padded)
        stride = padded.shape[-2] // features.shape[-2]
        return prepare_evidence(views, features, avatar.canonical, stride)

    def heatmaps(
        self,
        hidden: Float[Tensor, "samples hidden"],
        sources: ReferenceEvidence,
        offsets: Float[Tensor, "samples 3"],
        nearest: Tensor,
    ) -> Float[Tensor, "samples joints"]:
        """Predict m = phi_h(f_n, h) of samples (GHNeRF Eq. 4)."""
        seen = sources.sample(offsets, nearest)
        human = functional.relu(seen.features)
        scores = self.view_score(torch.cat([human, seen.cues], dim=-1)) + 2.0 * seen.cues[..., :1]
        weights = scores.softmax(dim=0)
        pooled = (weights * torch.cat([human, seen.cues], dim=-1)).sum(dim=0)
        return torch.sigmoid(self.head(torch.cat([hidden, pooled], dim=-1)))


def render_heatmaps(
    model: ClipHeatmaps,
    avatar: Avatar,
    sources: ReferenceEvidence,
    posed: PosedBody,
    camera: Camera,
    pixels: Float[Tensor, "rays 2"] | None = None,
    generator: torch.Generator | None = None,
) -> HeatmapRendering:
    """Render color, occupancy, depth and heatmaps of the person in one forward.

    Args:
        model: the human features.
        avatar: the person.
        sources: result of `model.look`.
        posed: the body in the camera's frame, no batch axes.
        camera: one camera, of the clip or free.
        pixels: where to look (px); all pixels of the camera, row by row, if None.
        generator: jitters samples along rays, as in training.
    """
    if pixels is None:
        pixels = camera.pixel_grid().reshape(-1, 2)
    joints = model.config.channels
    colors, flat = torch.zeros(len(pixels), 3).to(pixels), torch.zeros(len(pixels)).to(pixels)
    empty = HeatmapRendering(
        Rendering(colors, flat, flat), torch.zeros(len(pixels), joints).to(pixels)
    )
    samples = avatar.samples(posed, camera, pixels, generator)
    if len(samples.slots) == 0:
        return empty
    values = avatar.look_up(samples, posed)
    seen = avatar.shade(samples, values)
    table_weights = values.weights.reshape(-1)
    chosen = (table_weights.detach()[samples.slots] > avatar.config.color_threshold).nonzero()[:, 0]
    heatmaps = model.heatmaps(
        values.hidden[chosen], sources, values.offsets[chosen], samples.nearest[chosen]
    )
    slots = samples.slots[chosen]
    rays = slots // samples.depths.shape[1]
    hits = torch.zeros(len(samples.hits), joints).to(heatmaps)
    hits = hits.index_add(0, rays, table_weights[slots, None] * heatmaps)
    return HeatmapRendering(
        Rendering(
            empty.rendering.colors.index_copy(0, samples.hits, seen.colors),
            empty.rendering.opacities.index_copy(0, samples.hits, seen.opacities),
            empty.rendering.depths.index_copy(0, samples.hits, seen.depths),
        ),
        empty.heatmaps.index_copy(0, samples.hits, hits),
    )
