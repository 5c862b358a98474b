"""The perceptual term: how different patches look to VGG-16 (as in ENeRF)."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.errors import CheckpointError
from neuhmr.lab.extra import lab_extra

LAYERS = (3, 8, 15, 22)
"""relu1_2, relu2_2, relu3_3 and relu4_3 in torchvision's list of layers."""
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class PerceptualLoss(nn.Module):
    """Mean absolute difference of VGG-16's features over four layers; its weights are frozen."""

    mean: Tensor
    std: Tensor

    def __init__(self, path: Path) -> None:
        """Read torchvision's weights.

        Raises:
            CheckpointError: the file is missing, damaged or of another network.
            MissingDependencyError: torchvision is not installed.
        """
        with lab_extra("The perceptual term", ", or leave --vgg out"):
            from torchvision.models.vgg import cfgs, make_layers

        super().__init__()
        network = make_layers(cfgs["D"][: cfgs["D"].index(512) + 4], batch_norm=False)
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            # Only the convolutions: the classifier is nine tenths of the file.
            network.load_state_dict(
                {name: state[f"features.{name}"] for name in network.state_dict()}
            )
        except (OSError, RuntimeError, KeyError, UnpicklingError, TypeError) as error:
            raise CheckpointError(
                f"{path} cannot be used as weights of VGG-16 ({str(error).splitlines()[0]}); give "
                "torchvision's vgg16-*.pth, or leave --vgg out."
            ) from error
        kept = list(network.children())[: LAYERS[-1] + 1]
        self.layers = nn.ModuleList(kept).eval().requires_grad_(False)
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(
        self,
        rendered: Float[Tensor, "patches 3 height width"],
        truth: Float[Tensor, "patches 3 height width"],
    ) -> Float[Tensor, ""]:
        """Compare patches in [0, 1]."""
        seen, wanted = ((patch - self.mean) / self.std for patch in (rendered, truth))
        total = rendered.new_zeros(())
        for index, layer in enumerate(self.layers):
            seen, wanted = layer(seen), layer(wanted)
            if index in LAYERS:
                total = total + (seen - wanted).abs().mean() / len(LAYERS)
        return total
