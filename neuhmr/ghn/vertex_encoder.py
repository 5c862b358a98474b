"""What the reference views say about each vertex of the body.

Note:
    GP-NeRF learns one code per vertex of SMPL. Here the query is a function of the vertex's
    canonical position and skinning weights, so nothing in the weights knows a vertex by its number,
    and the same weights serve any SMPL-format body.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.ghn.canonical import CanonicalBody, position_code, position_code_channels


class VertexEncoder(nn.Module):
    """Cross-attention from vertices to their image features in each view."""

    def __init__(self, evidence_channels: int, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Sequential(
            nn.Linear(position_code_channels() + 24, 2 * channels),
            nn.ReLU(),
            nn.Linear(2 * channels, channels),
        )
        self.key = nn.Linear(evidence_channels, channels)
        self.value = nn.Linear(evidence_channels, channels)
        self.out = nn.Linear(channels, channels)

    def forward(
        self,
        canonical: CanonicalBody,
        evidence: Float[Tensor, "views vertices evidence"],
    ) -> Float[Tensor, "vertices channels"]:
        """Mix the views' evidence per vertex; the query is kept, so unseen vertices have a code.

        Args:
            canonical: the body.
            evidence: image features, color and visibility of each vertex in each view.
        """
        position = position_code(canonical.vertices)
        query = self.query(torch.cat([position, canonical.lbs_weights], dim=-1))
        split = (self.heads, query.shape[-1] // self.heads)
        keys = self.key(evidence).unflatten(-1, split)
        values = self.value(evidence).unflatten(-1, split)
        scores = (query.unflatten(-1, split) * keys).sum(dim=-1) / split[1] ** 0.5
        mixed = (scores.softmax(dim=0)[..., None] * values).sum(dim=0)
        return query + self.out(mixed.flatten(start_dim=-2))
