"""LPIPS, the distance between deep features of two pictures (arXiv:1801.03924), with VGG16.

The learned weights of its channels come with torchmetrics; those of VGG16 are the user's to give.
"""

import pickle
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.errors import CheckpointError
from neuhmr.lab.extra import lab_extra

TAPS: tuple[int, ...] = (3, 8, 15, 22, 29)
"""Layers of VGG16 after whose ReLU features are compared: relu1_2, 2_2, 3_3, 4_3, 5_3."""
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of pictures in [-1, 1], per channel, as LPIPS was trained."""


class Lpips(nn.Module):
    """Compares pictures in [0, 1]."""

    def __init__(self, vgg: nn.Sequential, heads: list[Tensor]) -> None:
        super().__init__()
        self.vgg = vgg
        self.heads = heads
        self.shift = torch.tensor(SHIFT)[:, None, None]
        self.scale = torch.tensor(SCALE)[:, None, None]

    @torch.no_grad()
    def forward(
        self, image: Float[Tensor, "3 height width"], target: Float[Tensor, "3 height width"]
    ) -> float:
        """Measure how different two pictures look; 0 for identical ones."""
        x = (2.0 * torch.stack([image, target]).cpu() - 1.0 - self.shift) / self.scale
        distance, heads = 0.0, iter(self.heads)
        for index, layer in enumerate(self.vgg):
            x = layer(x)
            if index in TAPS:
                unit = x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-8)
                squared = (unit[0] - unit[1]).square()
                distance += float((squared * next(heads)[:, None, None]).sum(dim=0).mean())
        return distance


def load_lpips(vgg_weights: Path) -> Lpips:
    """Build LPIPS from torchvision's VGG16 weights for ImageNet (vgg16-397923af.pth).

    Raises:
        CheckpointError: the file is missing or holds something else.
        MissingDependencyError: torchvision or torchmetrics is not installed.
    """
    with lab_extra("LPIPS", ", or leave --vgg-weights out"):
        import torchmetrics
        from torchvision.models.vgg import cfgs, make_layers

    layers = make_layers(cfgs["D"])
    try:
        state = torch.load(vgg_weights, map_location="cpu", weights_only=True)
        layers.load_state_dict(
            {key.removeprefix("features."): state[key] for key in state if "features." in key}
        )
    except (OSError, RuntimeError, TypeError, AttributeError, pickle.UnpicklingError) as error:
        first_line = str(error).split("\n")[0]
        raise CheckpointError(
            f"{vgg_weights} cannot be used for LPIPS ({first_line}); torchvision's VGG16 weights "
            "were expected: pass vgg16-397923af.pth, or leave LPIPS out."
        ) from error
    layers = layers[: TAPS[-1] + 1].eval().requires_grad_(False)
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    return Lpips(layers, _heads(Path(torchmetrics.__file__).parent))


def _heads(torchmetrics: Path) -> list[Tensor]:
    path = torchmetrics / "functional" / "image" / "lpips_models" / "vgg.pth"
    state = torch.load(path, map_location="cpu", weights_only=True)
    return [state[f"lin{level}.model.1.weight"][0, :, 0, 0] for level in range(len(TAPS))]
