"""Training of matching features: it learns, resumes exactly, writes complete weights."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.errors import CheckpointError, DatasetError
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.lab.training.matching.training import MatchingTrainingConfig, train_matching
from neuhmr.lab.training.run_config import cosine_rate
from tests.ghn.scene import TINY, make_ghn
from tests.lab.training.people_folder import write_people
from tests.lab.training.recorded import assert_recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People, and weights with a small matching encoder to start with."""
    folder = tmp_path_factory.mktemp("matching")
    write_people(folder, 2)
    config = replace(
        TINY, matching_backbone="convnext_atto", matching_channels=8, matching_width=16
    )
    save_ghn(make_ghn(config), folder / "start.safetensors", {}, half=False)
    return folder


def config_for(folder: Path, out: Path, **changes) -> MatchingTrainingConfig:
    base = MatchingTrainingConfig(
        data=folder, val=folder, out=out, start=folder / "start.safetensors", steps=4, frames=3,
        checkpoint_every=2, validate_every=4, val_people=1, warmup=1,
    )  # fmt: skip
    return replace(base, **changes)


def test_stopping_and_resuming_equals_running_through(folder: Path, tmp_path: Path) -> None:
    through = [s.losses["registered"] for s in train_matching(config_for(folder, tmp_path / "a"))]
    steps = train_matching(config_for(folder, tmp_path / "b"))
    stopped = [next(steps).losses["registered"] for _ in range(2)]
    steps.close()
    resumed = train_matching(config_for(folder, tmp_path / "b", resume=True))
    stopped += [s.losses["registered"] for s in resumed]
    assert stopped == pytest.approx(through, rel=1e-5)


def test_only_the_matching_encoder_changes_and_complete_weights_are_written(
    folder: Path, tmp_path: Path
) -> None:
    for _ in train_matching(config_for(folder, tmp_path)):
        pass
    before = load_ghn(folder / "start.safetensors").state_dict()
    after = load_ghn(tmp_path / "ghn.safetensors").state_dict()
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.allclose(before[name], after[name], atol=1e-3)}
    assert changed and all(name.startswith("matcher.") for name in changed)
    assert_recorded(tmp_path / "matching_run.json", tmp_path / "ghn.safetensors")
    entry = json.loads((tmp_path / "matching_log.jsonl").read_text())
    assert entry["step"] == 4 and entry["registered_loss"] > 0


def test_weights_without_a_matching_encoder_are_refused(folder: Path, tmp_path: Path) -> None:
    save_ghn(make_ghn(), tmp_path / "plain.safetensors", {})
    with pytest.raises(CheckpointError, match="no matching encoder"):
        next(train_matching(config_for(folder, tmp_path, start=tmp_path / "plain.safetensors")))


def test_an_empty_folder_is_refused_with_the_remedy(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"neuhmr people .* --preset train"):
        next(train_matching(config_for(folder, tmp_path, data=tmp_path)))


def test_the_rate_follows_a_cosine_after_its_warm_up() -> None:
    config = MatchingTrainingConfig(
        data=Path(), val=Path(), out=Path(), steps=100, learning_rate=1e-3, warmup=10
    )
    assert cosine_rate(config)(0) == pytest.approx(1e-4)
    assert cosine_rate(config)(50) == pytest.approx(1e-3 * 0.51)
    assert cosine_rate(config)(100) == pytest.approx(2e-5)
