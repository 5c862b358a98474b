"""Density and color of samples near the body (NeuHMR Eq. 6).

Note:
    GP-NeRF flattens the views' features before the color head, which fixes their number; here views
    are pooled by learned weights. Colors are blended from the views' own pixels, and regressed only
    where no view sees the place. The density starts from the body's own surface: a network of zeros
    renders the bare body instead of fog.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.tensor_struct import TensorStruct

SURFACE_SCALE = 0.006
"""Width of the initial density's edge (m)."""
SURFACE_OFFSET = 0.008
"""How far outside the bare body the initial density's edge lies (m): cloth."""
DENSITY_SCALE = 60.0
"""Density (1/m) of one unit of the head's output."""
VIEW_CUES = 3
"""Numbers per view beside features and color: visibility, mask, facing."""
SHAPE_CUES = 9
"""Numbers per sample about where it is relative to the surface."""


@dataclass(frozen=True)
class ViewSamples(TensorStruct):
    """What each reference view shows at each sample."""

    features: Float[Tensor, "views samples channels"]
    colors: Float[Tensor, "views samples 3"]
    cues: Float[Tensor, "views samples cues"]
    """Visibility of the nearest vertex, the mask at the sample, how squarely the surface faces."""


def shape_cues(
    signed: Float[Tensor, " samples"], distances: Float[Tensor, " samples"], band_width: float
) -> Float[Tensor, "samples cues"]:
    """Encode the height above the surface and the distance to it (m)."""
    height = (signed / band_width)[:, None]
    phases = height * torch.pi * 2.0 ** torch.arange(3).to(height)
    distance = (distances / band_width)[:, None]
    parts = [height, height.abs(), distance, phases.sin(), phases.cos()]
    return torch.cat(parts, dim=-1)


class RadianceField(nn.Module):
    """The heads: pooled views, volume feature and shape cues to density, then color."""

    def __init__(self, feature_channels: int, volume_features: int, hidden: int) -> None:
        super().__init__()
        own = feature_channels + 3 + VIEW_CUES
        pooled = 2 * (feature_channels + 3)
        self.view_weight = nn.Sequential(nn.Linear(own, 16), nn.ReLU(), nn.Linear(16, 1))
        self.trunk = nn.Sequential(
            nn.Linear(volume_features + pooled + VIEW_CUES + SHAPE_CUES, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.density = nn.Linear(hidden, 1)
        self.blend = nn.Sequential(nn.Linear(own + hidden, 32), nn.ReLU(), nn.Linear(32, 1))
        self.color = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, 4))
        for head in (self.density, self.view_weight[2], self.blend[2]):
            for parameter in head.parameters():
                nn.init.zeros_(parameter)

    @staticmethod
    def _own(views: ViewSamples) -> Float[Tensor, "views samples own"]:
        return torch.cat([views.features, views.colors, views.cues], dim=-1)

    def hidden(
        self,
        volume: Float[Tensor, "samples volume"],
        views: ViewSamples,
        shape: Float[Tensor, "samples cues"],
    ) -> Float[Tensor, "samples hidden"]:
        """Pool the views by learned weights (mean and variance) and mix with the volume."""
        own = self._own(views)
        weights = (self.view_weight(own) + 2.0 * views.cues[..., :1]).softmax(dim=0)
        seen = own[..., : -views.cues.shape[-1]]
        mean = (weights * seen).sum(dim=0)
        variance = (weights * (seen - mean).square()).sum(dim=0)
        best_cues = views.cues.amax(dim=0)
        return self.trunk(torch.cat([volume, mean, variance, best_cues, shape], dim=-1))

    def sigmas(
        self, hidden: Float[Tensor, "samples hidden"], signed: Float[Tensor, " samples"]
    ) -> Float[Tensor, " samples"]:
        """Density (1/m), never negative; `signed` is the height above the bare body (m)."""
        start = ((SURFACE_OFFSET - signed) / SURFACE_SCALE).clamp(-6.0, 6.0)
        return DENSITY_SCALE * functional.softplus(self.density(hidden)[:, 0] + start)

    def colors(
        self, hidden: Float[Tensor, "samples hidden"], views: ViewSamples
    ) -> Float[Tensor, "samples 3"]:
        """Color in [0, 1]: pixels of the views, and a regressed color where they do not know."""
        own = self._own(views)
        shared = hidden.expand(own.shape[0], -1, -1)
        logits = self.blend(torch.cat([own, shared], dim=-1)) + 4.0 * views.cues[..., :1]
        blended = (logits.softmax(dim=0) * views.colors).sum(dim=0)
        regressed = self.color(hidden)
        doubt = torch.sigmoid(regressed[:, 3:] - 1.0 - 2.0 * views.cues[..., :1].amax(dim=0))
        return blended + doubt * (torch.sigmoid(regressed[:, :3]) - blended)
