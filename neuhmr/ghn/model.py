"""The generalizable human NeRF (NeuHMR section 3.2): images of a person in, an avatar out."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.body.skeleton import MATCHING_JOINTS, NUM_JOINTS
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.canonical import CanonicalBody, canonical_body
from neuhmr.ghn.cloth_reach import ClothReach
from neuhmr.ghn.config import GhnConfig
from neuhmr.ghn.image_encoder import ImageEncoder
from neuhmr.ghn.matching_encoder import MatchingEncoder
from neuhmr.ghn.radiance_field import RadianceField
from neuhmr.ghn.reference import ReferenceEvidence, prepare_evidence
from neuhmr.ghn.vertex_encoder import VertexEncoder
from neuhmr.ghn.views import ReferenceViews
from neuhmr.ghn.volume import VolumeEncoder, VolumePlan, plan_volume


class Ghn(nn.Module):
    """Phi of NeuHMR Eq. 5; its weights hold for any SMPL-format body."""

    def __init__(self, config: GhnConfig) -> None:
        super().__init__()
        self.config = config
        evidence_channels = config.feature_channels + 3 + 2
        self.encoder = ImageEncoder(config.backbone, config.feature_channels)
        self.vertex_encoder = VertexEncoder(
            evidence_channels, config.volume_channels, config.attention_heads
        )
        self.volume_encoder = VolumeEncoder(config, config.hidden_channels)
        self.field = RadianceField(
            config.feature_channels, config.hidden_channels, config.hidden_channels
        )
        self.matcher = None
        if config.matching_backbone is not None:
            self.matcher = MatchingEncoder(
                config.matching_backbone, config.matching_channels, config.matching_width
            )

    def image_features(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> Float[Tensor, "frames channels feature_height feature_width"]:
        """Features to find joints by, of masked images in [0, 1] (NeuHMR Eqs. 9 and 12).

        F of the paper, or the features of the matching encoder where there is one.
        """
        return self.rendering_features(images) if self.matcher is None else self.matcher(images)

    def joint_prototypes(self) -> Float[Tensor, "joints channels"] | None:
        """What `image_features` looks like at each of the 24 joints, whoever it is.

        Unit length; zero for joints that are not matched. None where nothing has learnt it.
        """
        if self.matcher is None:
            return None
        known = torch.nn.functional.normalize(self.matcher.prototypes, dim=-1)
        table = known.new_zeros(NUM_JOINTS, known.shape[1])
        return table.index_copy(0, torch.tensor(MATCHING_JOINTS, device=known.device), known)

    def rendering_features(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> Float[Tensor, "frames channels quarter_height quarter_width"]:
        """F of the paper: what avatars are conditioned on, at a quarter of the resolution."""
        return self.encoder(images)

    def plan(self, body: ShapedBody) -> tuple[CanonicalBody, VolumePlan]:
        """Work out everything that depends on a body's shape alone."""
        canonical = canonical_body(body)
        return canonical, plan_volume(canonical, self.config)

    def condition(
        self,
        views: ReferenceViews,
        body: ShapedBody,
        plan: tuple[CanonicalBody, VolumePlan] | None = None,
        features: Float[Tensor, "views channels quarter_height quarter_width"] | None = None,
        cloth: ClothReach | None = None,
    ) -> Avatar:
        """Learn a person from a few views (two in NeuHMR).

        Args:
            views: masked images with the body posed in them; any number from one on.
            body: the person's shape.
            plan: result of `plan` for that body, if it is at hand.
            features: result of `rendering_features` for the views' images, if it is at hand.
            cloth: where clothes may be; None leaves it to the network.
        """
        canonical, volume_plan = self.plan(body) if plan is None else plan
        if features is None:
            features = self.rendering_features(views.images)
        evidence = prepare_evidence(views, features, canonical)
        codes = self.vertex_encoder(canonical, vertex_evidence(evidence))
        volume = self.volume_encoder(codes, volume_plan)
        if not torch.is_grad_enabled():
            # One body is rendered many times now; in training it is rendered once or twice.
            volume = volume.folded(self.config.band_width)
        return Avatar(body, canonical, volume, evidence, self.field, self.config, cloth)


def vertex_evidence(evidence: ReferenceEvidence) -> Float[Tensor, "views vertices evidence"]:
    """Features, color, visibility and facing of every vertex in every view."""
    pixels = evidence.cameras.project(evidence.vertices)
    colors = sample_at_pixels(
        evidence.pixels[:, :3], pixels, (evidence.cameras.height, evidence.cameras.width)
    )
    features = sample_at_pixels(evidence.features, pixels, evidence.feature_size, padding="border")
    return torch.cat([features, colors, evidence.cues], dim=-1)
