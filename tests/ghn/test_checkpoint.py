"""Weights on disk: round trip, header, and clear words for what cannot be used."""

from pathlib import Path

import torch

from neuhmr.ghn.checkpoint import (
    OPEN_WEIGHTS_PATH,
    load_ghn,
    read_checkpoint_header,
    save_ghn,
    weights_digest,
)
from tests.ghn.scene import make_ghn


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    ghn = make_ghn()
    path = tmp_path / "ghn.safetensors"
    save_ghn(ghn, path, {"step": "12"}, half=False)
    loaded = load_ghn(path)
    assert loaded.config == ghn.config
    for name, tensor in ghn.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    assert read_checkpoint_header(path)["step"] == "12"
    assert len(weights_digest(path)) == 16
    assert not list(tmp_path.glob("*.part"))


def test_half_precision_loses_less_than_a_thousandth(tmp_path: Path) -> None:
    ghn = make_ghn()
    save_ghn(ghn, tmp_path / "half.safetensors", {})
    loaded = load_ghn(tmp_path / "half.safetensors").state_dict()
    for name, tensor in ghn.state_dict().items():
        torch.testing.assert_close(loaded[name], tensor, rtol=1e-3, atol=1e-4)


def test_the_shipped_weights_load_frozen_and_are_small() -> None:
    ghn = load_ghn()
    assert not ghn.training and not any(p.requires_grad for p in ghn.parameters())
    assert OPEN_WEIGHTS_PATH.stat().st_size < 16e6
