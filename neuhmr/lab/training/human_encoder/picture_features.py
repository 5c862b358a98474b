"""A human encoder that looks at one picture, and what its features say there."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghnerf.network.config import FeatureKind, GhnerfConfig
from neuhmr.ghnerf.network.heads import make_feature_head, read_feature_heads
from neuhmr.ghnerf.network.human_encoder import HumanEncoder


class PictureFeatures(nn.Module):
    """A human encoder, and heads that read its features from one picture as GHNeRF's do from many.

    Args:
        config: names the encoder and the features.
    """

    def __init__(self, config: GhnerfConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = HumanEncoder(config)
        self.heads = nn.ModuleList(
            make_feature_head(config.human_channels, head) for head in config.feature_heads
        )

    def forward(
        self,
        images: Float[Tensor, "pictures 3 height width"],
        pixels: Float[Tensor, "pictures rays 2"],
    ) -> Float[Tensor, "pictures rays channels"]:
        """Predict the features of some pixels of pictures whose sides are multiples of 32."""
        maps = self.encoder(images)
        read = sample_at_pixels(maps, pixels, (images.shape[2], images.shape[3]), "border")
        kinds: list[FeatureKind] = [head.kind for head in self.config.feature_heads]
        return read_feature_heads(self.heads, kinds, functional.relu(read))
