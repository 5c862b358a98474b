import pytest
import torch
from torchvision.models.vgg import vgg16

from neuhmr.errors import CheckpointError
from neuhmr.lab.training.ghnerf.perceptual import PerceptualLoss


def test_patches_are_compared_by_vggs_features(tmp_path, generator):
    torch.manual_seed(0)
    network = vgg16(weights=None, init_weights=False)
    convolutions = {f"features.{name}": w for name, w in network.features.state_dict().items()}
    # The real file also holds 0.5 GB of classifier.
    torch.save(convolutions | {"classifier.0.bias": torch.zeros(2)}, tmp_path / "vgg.pth")
    loss = PerceptualLoss(tmp_path / "vgg.pth")
    first, second = torch.rand(2, 1, 3, 16, 16, generator=generator)
    assert float(loss(first, first)) == 0.0
    # The second implementation: torchvision's own layers up to each ReLU.
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    expected = 0.0
    for last in (4, 9, 16, 23):
        a, b = (network.features[:last]((x - mean) / std) for x in (first, second))  # pyright: ignore[reportIndexIssue]
        expected += float((a - b).abs().mean()) / 4
    assert float(loss(first, second)) == pytest.approx(expected, rel=1e-4)
    first.requires_grad_()
    loss(first, second).backward()
    assert first.grad is not None and float(first.grad.abs().max()) > 0
    assert not any(parameter.requires_grad for parameter in loss.parameters())


def test_another_file_is_refused(tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"other.pth cannot be used as weights of VGG-16"):
        PerceptualLoss(tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="No such file"):
        PerceptualLoss(tmp_path / "missing.pth")
