"""Every training learns the same wherever it runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.lab.training.clip_heatmaps.training import (
    ClipHeatmapTrainingConfig,
    train_clip_heatmaps,
)
from neuhmr.lab.training.ghn.training import GhnTrainingConfig, train_ghn
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.ghnerf.config import GhnerfTrainingConfig
from neuhmr.lab.training.ghnerf.training import train_ghnerf
from neuhmr.lab.training.human_encoder.training import (
    HumanEncoderTrainingConfig,
    picture_draw,
    train_human_encoder,
)
from neuhmr.lab.training.matching.training import MatchingTrainingConfig, train_matching
from neuhmr.lab.training.motion_prior.training import (
    MotionPriorTrainingConfig,
    train_motion_prior,
)
from neuhmr.lab.training.run import StepOutcome
from tests.lab.people.motion.test_bvh import bvh_text
from tests.lab.training.people_folder import write_people
from tests.lab.training.ring_folder import write_ring
from tests.motion_prior.scene import SMALL

Training = tuple[str, Callable[[Any], Iterator[StepOutcome]], Callable[..., Any], dict[str, Any]]

TRAININGS: dict[str, Training] = {
    "ghn": ("people", train_ghn, GhnTrainingConfig, {"rays": 64, "val_people": 1}),
    "matching": ("people", train_matching, MatchingTrainingConfig, {"val_people": 1}),
    "clip-heatmaps": (
        "people", train_clip_heatmaps, ClipHeatmapTrainingConfig, {"rays": 64, "val_people": 1},
    ),
    "ghnerf": (
        "ring", train_ghnerf, GhnerfTrainingConfig,
        {
            "val_moments": 1, "targets": "all", "hull": True,
            "draw": DrawConfig(rays=64, coarse_rays=16, sizes=(64.0, 64.0), sources=2, pool=3),
        },
    ),
    "human-encoder": (
        "ring", train_human_encoder, HumanEncoderTrainingConfig,
        {"val_moments": 1, "pictures": 2, "draw": picture_draw(64.0, 64.0)},
    ),
    "motion-prior": (
        "mocap", train_motion_prior, MotionPriorTrainingConfig,
        {"windows": 8, "frames": 12, "generated": 2, "network": SMALL},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_people(folder / "people", 1)
    write_ring(folder / "ring")
    (folder / "mocap").mkdir()
    frames = [{"LeftArm": (-60, 0, i % 50), "LeftUpLeg": (0, 0, -(i % 40))} for i in range(140)]
    for name in ("02_01", "07_01"):
        (folder / f"mocap/{name}.bvh").write_text(bvh_text(frames))
    return folder


@pytest.mark.parametrize("name", TRAININGS)
def test_two_steps_have_the_same_losses(
    name: str, data: Path, tmp_path: Path, elsewhere: str
) -> None:
    kind, train, make_config, options = TRAININGS[name]
    places = {"data": data / kind, "val": data / kind, "steps": 2}
    losses = []
    for device in ("cpu", elsewhere):
        config = make_config(**places, **options, out=tmp_path / device, device=device)
        losses.append([outcome.losses for outcome in train(config)])
    for here, there in zip(*losses, strict=True):
        # The prior computes in 16 bits where a device can.
        assert there == pytest.approx(here, rel=2e-2, abs=2e-3)
    logs = [list((tmp_path / device).glob("*log.jsonl")) for device in ("cpu", elsewhere)]
    assert len(logs[0]) == len(logs[1]) == 1


@pytest.mark.parametrize("name", ["ghn", "matching", "clip-heatmaps"])
def test_sixteen_bits_change_a_loss_by_their_rounding(
    name: str, data: Path, tmp_path: Path
) -> None:
    kind, train, make_config, options = TRAININGS[name]
    places = {"data": data / kind, "val": data / kind, "steps": 1}
    losses = []
    for mixed in (False, True):
        config = make_config(**places, **options, out=tmp_path / str(mixed), mixed=mixed)
        losses.append(next(train(config)).losses)
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=5e-2, abs=5e-3)


def test_averages_are_what_is_written(data: Path, tmp_path: Path) -> None:
    _, train, make_config, options = TRAININGS["matching"]
    places = {"data": data / "people", "val": data / "people", "steps": 2, "learning_rate": 0.01}
    config = make_config(**places, **options, out=tmp_path, average=0.25, warmup=1)
    assert len(list(train(config))) == 2
    state = torch.load(tmp_path / "matching_checkpoint.pt", weights_only=True)
    written = load_ghn(tmp_path / "ghn.safetensors").state_dict()["matcher.prototypes"]
    average = state["averaged"]["module.prototypes"]
    torch.testing.assert_close(written, average.half().float())
    assert float((state["module"]["prototypes"] - average).abs().max()) > 1e-4
