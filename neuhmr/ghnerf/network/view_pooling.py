"""How source views agree on one feature per sample (ENeRF's pooling operator psi)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.ghnerf.network.config import HumanPoolingName
from neuhmr.ghnerf.network.view_moments import view_moments

DIRECTION_CHANNELS = 4
POOLED_CHANNELS = 16
HIDDEN_CHANNELS = 32


class ViewWeights(nn.Module):
    """Learned weights of views, from what each sees and how all of them differ.

    Args:
        channels: of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.direction = nn.Linear(DIRECTION_CHANNELS, channels)
        self.compare = nn.Linear(3 * channels, HIDDEN_CHANNELS)
        self.score = nn.Linear(HIDDEN_CHANNELS, 1)
        for layer in (self.direction, self.compare, self.score):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        features: Float[Tensor, "views samples channels"],
        directions: Float[Tensor, "views samples 4"],
    ) -> tuple[Float[Tensor, "views samples 32"], Float[Tensor, "views samples 1"]]:
        """Compare views; returns what the comparison found and the weights, which sum to one."""
        turned = features + functional.relu(self.direction(directions))
        # The columns that all views share are multiplied once, not once per view.
        own, shared = self.compare.weight.split([self.channels, 2 * self.channels], dim=1)
        mean, variance = view_moments(turned)
        common = functional.linear(torch.cat([variance, mean], dim=-1), shared, self.compare.bias)
        compared = functional.relu(functional.linear(turned, own) + common)
        return compared, torch.softmax(functional.relu(self.score(compared)), dim=0)


class ViewPooling(nn.Module):
    """Sum what the comparison of views found, each by its weight (psi of GHNeRF Eq. 3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = POOLED_CHANNELS
        self.weights = ViewWeights(channels)
        self.out = nn.Linear(HIDDEN_CHANNELS, POOLED_CHANNELS)
        nn.init.kaiming_normal_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self,
        features: Float[Tensor, "views samples channels"],
        directions: Float[Tensor, "views samples 4"],
    ) -> Float[Tensor, "samples 16"]:
        """Pool features of any number of views; their order does not matter."""
        compared, weights = self.weights(features, directions)
        return functional.relu(self.out((weights * compared).sum(dim=0)))


class WeightedMean(nn.Module):
    """Weigh views as `ViewPooling` does, but keep every channel of the features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels
        self.weights = ViewWeights(channels)

    def forward(
        self,
        features: Float[Tensor, "views samples channels"],
        directions: Float[Tensor, "views samples 4"],
    ) -> Float[Tensor, "samples channels"]:
        """Pool features of any number of views; their order does not matter."""
        _, weights = self.weights(features, directions)
        return (weights * features).sum(dim=0)


class PlainMean(nn.Module):
    """Weigh all views alike."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels

    def forward(
        self,
        features: Float[Tensor, "views samples channels"],
        directions: Float[Tensor, "views samples 4"],
    ) -> Float[Tensor, "samples channels"]:
        """Pool features of any number of views; directions are ignored."""
        return features.mean(dim=0)


def human_pooling(kind: HumanPoolingName, channels: int) -> ViewPooling | WeightedMean | PlainMean:
    """Make the pooling of human features h.

    Note:
        GHNeRF says only that views are pooled. ENeRF's own operator ("agg16") squeezes h to 16
        channels, too few to tell 25 joints apart; "agg64", the default, learns the views' weights
        in the same way and keeps all channels.
    """
    match kind:
        case "agg64":
            return WeightedMean(channels)
        case "agg16":
            return ViewPooling(channels)
        case "mean":
            return PlainMean(channels)
