from pathlib import Path

import pytest
import torch
from torchmetrics.functional.image.lpips import _LPIPS
from torchvision.models.vgg import cfgs, make_layers

from neuhmr.errors import CheckpointError
from neuhmr.lab.metrics.lpips import load_lpips


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vgg") / "vgg16.pth"
    layers = make_layers(cfgs["D"])
    torch.save({f"features.{name}": t for name, t in layers.state_dict().items()}, path)
    return path


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(3, 48, 40, generator=generator), torch.rand(3, 48, 40, generator=generator)


def test_it_agrees_with_torchmetrics(weights: Path) -> None:
    image, target = pictures()
    other = _LPIPS(pretrained=True, net="vgg", pnet_rand=True)
    features = {
        name.removeprefix("features."): tensor
        for name, tensor in torch.load(weights, weights_only=True).items()
    }
    for name, tensor in other.net.named_parameters():
        _, index, kind = name.split(".")
        tensor.data.copy_(features[f"{index}.{kind}"])
    expected = float(other(image[None], target[None], normalize=True))
    assert load_lpips(weights)(image, target) == pytest.approx(expected, rel=1e-4)


def test_identical_pictures_do_not_differ(weights: Path) -> None:
    image, _ = pictures()
    assert load_lpips(weights)(image, image) == 0.0


def test_another_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="VGG16 weights were expected"):
        load_lpips(path)
    with pytest.raises(CheckpointError, match="cannot be used for LPIPS"):
        load_lpips(tmp_path / "missing.pth")
