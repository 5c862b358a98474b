"""Weights on disk: round trip, header, size, and clear words for what cannot be used."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.ghnerf.network.checkpoint import (
    ghnerf_digest,
    load_ghnerf,
    read_ghnerf_header,
    save_ghnerf,
)
from neuhmr.ghnerf.network.config import FeatureHead, ghnerf_preset
from neuhmr.ghnerf.network.model import Ghnerf
from tests.ghnerf.scene import TINY, make_model


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    heads = (FeatureHead(channels=2), FeatureHead(kind="embedding", channels=5))
    model = make_model(replace(TINY, feature_heads=heads, human_encoder="resnet18"))
    path = tmp_path / "ghnerf.safetensors"
    save_ghnerf(model, path, {"step": "12"}, half=False)
    loaded = load_ghnerf(path)
    assert loaded.config == model.config
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    assert read_ghnerf_header(path)["step"] == "12"
    assert len(ghnerf_digest(path)) == 16
    assert not list(tmp_path.glob("*.part"))


def test_loading_never_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    model.config = replace(TINY, pretrained=True)
    save_ghnerf(model, tmp_path / "half.safetensors", {})
    assert not load_ghnerf(str(tmp_path / "half.safetensors")).config.pretrained


def test_the_open_configuration_is_small_and_loses_less_than_a_thousandth(tmp_path: Path) -> None:
    model = Ghnerf(ghnerf_preset("ghnerf_resnet18"))
    with torch.no_grad():
        model.pyramid.to_full[0].norm.running_var.fill_(1e-9)  # pyright: ignore
    path = tmp_path / "half.safetensors"
    save_ghnerf(model, path, {})
    assert path.stat().st_size < 16e6
    loaded = load_ghnerf(path).state_dict()
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded[name], tensor, rtol=1e-3, atol=1e-7, msg=name)
