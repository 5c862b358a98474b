"""Files of weights: 16-bit numbers where they may be, and clear words for what cannot be used."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from neuhmr.errors import CheckpointError
from neuhmr.ghn.checkpoint import KIND as GHN
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghnerf.clips.clip_checkpoint import KIND as CLIP
from neuhmr.ghnerf.clips.clip_checkpoint import load_clip_heatmaps, save_clip_heatmaps
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.network.checkpoint import KIND as GHNERF
from neuhmr.ghnerf.network.checkpoint import load_ghnerf, save_ghnerf
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.motion_prior.checkpoint import KIND as PRIOR
from neuhmr.motion_prior.checkpoint import load_motion_prior, save_motion_prior
from neuhmr.weights_file import WeightsKind, file_digest, read_tensors
from tests.ghn.scene import make_ghn
from tests.ghnerf.scene import make_model
from tests.motion_prior.scene import random_network

GHN_OF_CLIP = make_ghn()
KINDS: dict[str, tuple[WeightsKind, Callable[[Path], object], Callable[[Path], object]]] = {
    "ghn": (GHN, load_ghn, lambda path: save_ghn(make_ghn(), path, {})),
    "ghnerf": (GHNERF, load_ghnerf, lambda path: save_ghnerf(make_model(), path, {})),
    "motion prior": (
        PRIOR,
        load_motion_prior,
        lambda path: save_motion_prior(random_network(), path, {}),
    ),
    "clip": (
        CLIP,
        lambda path: load_clip_heatmaps(GHN_OF_CLIP, path),
        lambda path: save_clip_heatmaps(
            ClipHeatmaps(GhnerfConfig(), GHN_OF_CLIP.config.hidden_channels), GHN_OF_CLIP, path, {}
        ),
    ),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest):
    return KINDS[request.param]


def test_a_missing_file_is_named_with_the_remedy(kind, tmp_path: Path) -> None:
    names, load, _ = kind
    words = rf"no weights at .*none\.safetensors; pass {names.option} .*`{names.command}`"
    with pytest.raises(CheckpointError, match=words):
        load(tmp_path / "none.safetensors")


def test_a_file_of_another_kind_is_refused(kind, tmp_path: Path) -> None:
    names, load, _ = kind
    text = tmp_path / "text.safetensors"
    text.write_text("not weights")
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        load(text)
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, other)
    with pytest.raises(CheckpointError, match=f"holds format None, expected '{names.format}'"):
        load(other)


def test_weights_of_another_shape_are_refused(kind, tmp_path: Path) -> None:
    names, load, save = kind
    path = tmp_path / "weights.safetensors"
    save(path)
    header, tensors = names.read_header(path), read_tensors(path)
    name = next(name for name, tensor in tensors.items() if tensor.ndim > 1)
    save_file({name: torch.zeros(1, 1)}, path, metadata=header)
    with pytest.raises(CheckpointError, match="does not fit this version"):
        load(path)


def test_only_matrices_are_halved_and_nothing_is_left_behind(tmp_path: Path) -> None:
    names = WeightsKind("test", "neuhmr train test", "--test")
    state = {
        "matrix": torch.tensor([[1.0 + 2.0**-12]]),
        "vector": torch.tensor([1e-9]),
        "count": torch.tensor(3),
    }
    path = tmp_path / "new" / "weights.safetensors"
    names.write(path, state, {"step": "12"})
    assert names.read_header(path)["step"] == "12"
    read = read_tensors(path)
    assert float(read["matrix"]) == 1.0 and read["matrix"].dtype == torch.float32
    assert torch.equal(read["vector"], state["vector"]) and int(read["count"]) == 3
    names.write(path, state, {}, half=False)
    assert torch.equal(read_tensors(path)["matrix"], state["matrix"])
    assert [child.name for child in path.parent.iterdir()] == ["weights.safetensors"]
    assert len(file_digest(path)) == 16
