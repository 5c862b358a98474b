"""The 3D networks that turn a cost volume into voxel features and depth (as in ENeRF)."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.ghnerf.network.convolution import ConvBlock3d, UpBlock3d

VOXEL_CHANNELS = 8


class CostRegularization(nn.Module):
    """A U-Net over rows, columns and planes with summed skip connections.

    Planes are the last axis: where the first three axes are short, torch's CPU convolution falls
    back to a path that takes ten times as long.

    Args:
        in_channels: of the cost volume.
        halvings: how often sides are halved; every side must be a multiple of 2**halvings.
    """

    def __init__(self, in_channels: int, halvings: int) -> None:
        super().__init__()
        widths = [VOXEL_CHANNELS * 2**step for step in range(halvings + 1)]
        self.entry = ConvBlock3d(in_channels, widths[0])
        self.downs = nn.ModuleList(
            nn.Sequential(ConvBlock3d(fine, coarse, stride=2), ConvBlock3d(coarse, coarse))
            for fine, coarse in pairwise(widths)
        )
        self.ups = nn.ModuleList(UpBlock3d(coarse, fine) for fine, coarse in pairwise(widths))
        # One convolution for both results, the features and the depth, reads its input once.
        self.out = nn.Conv3d(widths[0], VOXEL_CHANNELS + 1, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.out.weight)

    def forward(
        self, costs: Float[Tensor, "1 channels rows columns planes"]
    ) -> tuple[Float[Tensor, "1 8 rows columns planes"], Float[Tensor, "rows columns planes"]]:
        """Compute voxel features and the logit of the surface being at each plane."""
        volume = self.entry(costs)
        skips = []
        for down in self.downs:
            skips.append(volume)
            volume = down(volume)
        for up, skip in zip(reversed(self.ups), reversed(skips), strict=True):
            volume = skip + up(volume)
        out = self.out(volume)
        return out[:, :VOXEL_CHANNELS], out[0, VOXEL_CHANNELS]
