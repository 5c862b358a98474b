"""Human encoders: exact mixing, resolutions, freezing, and words for a missing network."""

from typing import Any

import pytest
import timm
import torch
from torch.nn import functional

from neuhmr.errors import CheckpointError
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.human_encoder import DinoTokens, HumanEncoder, ResnetPyramid


def test_mixing_before_resizing_equals_resizing_all_channels_first() -> None:
    torch.manual_seed(0)
    pyramid = ResnetPyramid("resnet18", 6, pretrained=False).eval()
    images = torch.randn(1, 3, 32, 64)
    with torch.no_grad():
        stages = pyramid.backbone(images)
        resized = [
            functional.interpolate(stage, size=(16, 32), mode="bilinear", align_corners=False)
            for stage in stages
        ]
        pyramid_512 = torch.cat(resized, dim=1)
        weight = torch.cat([mix.weight for mix in pyramid.mixes], dim=1)  # pyright: ignore
        expected = functional.conv2d(pyramid_512, weight, pyramid.mixes[0].bias)  # pyright: ignore
        found = pyramid(images)
    assert pyramid_512.shape[1] == 512
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_dino_has_an_eighth_of_the_resolution_of_any_image() -> None:
    torch.manual_seed(0)
    tokens = DinoTokens(6, pretrained=False).eval()
    assert tokens.mix.in_channels == 768 and len(tokens.backbone.blocks) == 12
    with torch.no_grad():
        assert tokens(torch.randn(2, 3, 32, 64)).shape == (2, 6, 4, 8)


@pytest.mark.parametrize("fine_tuned", [False, True])
def test_a_frozen_backbone_neither_learns_nor_counts(fine_tuned: bool) -> None:
    config = GhnerfConfig(fine_tuned=fine_tuned, human_channels=4)
    encoder = HumanEncoder(config).train()
    before = {name: tensor.clone() for name, tensor in encoder.pyramid.backbone.named_buffers()}
    encoder(torch.rand(2, 3, 32, 32)).sum().backward()
    backbone = encoder.pyramid.backbone
    assert all((p.grad is not None) == fine_tuned for p in backbone.parameters())
    same = [torch.equal(before[name], tensor) for name, tensor in backbone.named_buffers()]
    assert all(same) is not fine_tuned
    assert all(p.grad is not None for p in encoder.pyramid.mixes.parameters())  # pyright: ignore


def test_without_a_network_the_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(CheckpointError, match=r"pretrained weights of resnet34 could not be down"):
        HumanEncoder(GhnerfConfig(human_encoder="resnet34", pretrained=True))
