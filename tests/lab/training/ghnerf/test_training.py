"""Training of GHNeRF: it learns, resumes exactly, stops on bad numbers, writes what loads."""

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.errors import CheckpointError, DatasetError, NonFiniteError
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghnerf.network.checkpoint import load_ghnerf, save_ghnerf
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.lab.moments.heatmaps import draw_heatmaps
from neuhmr.lab.moments.moments import read_moments
from neuhmr.lab.training.encoder_checkpoint import save_human_encoder
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.ghnerf.config import (
    GhnerfTrainingConfig,
    draw_config,
    encoder_rate,
    learning_rate_at,
    network_config,
)
from neuhmr.lab.training.ghnerf.training import (
    begin,
    begin_run,
    require_known_features,
    take_over,
    train_ghnerf,
)
from neuhmr.lab.training.ghnerf.validation import joint_accuracy
from neuhmr.lab.training.human_encoder.picture_features import PictureFeatures
from tests.lab.training.recorded import assert_recorded
from tests.lab.training.ring_folder import write_ring

DRAW = DrawConfig(sources=2, pool=3, rays=96, coarse_rays=32, sizes=(512.0, 512.0))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ring")
    write_ring(folder)
    return folder


def config_for(people: Path, out: Path, **changes) -> GhnerfTrainingConfig:
    base = GhnerfTrainingConfig(
        data=people, val=people, out=out, row="enerf_heatmap", steps=4, draw=DRAW,
        checkpoint_every=2, validate_every=4, val_moments=1,
    )  # fmt: skip
    return replace(base, **changes)


def test_stopping_and_resuming_equals_running_through(people, tmp_path):
    through = [sum(s.losses.values()) for s in train_ghnerf(config_for(people, tmp_path / "a"))]
    steps = train_ghnerf(config_for(people, tmp_path / "b"))
    stopped = [sum(next(steps).losses.values()) for _ in range(2)]
    assert isinstance(steps, Generator)
    steps.close()
    resumed = train_ghnerf(config_for(people, tmp_path / "b", resume=True))
    stopped += [sum(s.losses.values()) for s in resumed]
    assert stopped == pytest.approx(through, rel=1e-5)
    assert_recorded(tmp_path / "a/run.json", tmp_path / "a/ghnerf.safetensors")
    entry = json.loads((tmp_path / "a/log.jsonl").read_text())
    assert entry["step"] == 4 and entry["psnr_db"] > 3 and 0 <= entry["pck"] <= 1
    assert entry["heatmap_mse"] > 0 and entry["zero_mse"] > 0
    assert (tmp_path / "a/val_000004.png").stat().st_size > 1000
    trained = load_ghnerf(tmp_path / "a/ghnerf.safetensors")
    assert trained.config == network_config(config_for(people, tmp_path))


@pytest.mark.slow
def test_training_lowers_the_loss(people, tmp_path):
    losses = [s.losses["heatmaps"] for s in train_ghnerf(config_for(
        people, tmp_path, steps=60, learning_rate=2e-3, validate_every=1000
    ))]  # fmt: skip
    # Sixty steps teach how wide and bright a person's heatmaps are, not yet where joints lie.
    assert sum(losses[-10:]) < 0.95 * sum(losses[:10])


def test_every_target_is_supervised(people, tmp_path):
    config = config_for(people, tmp_path, targets="all", coordinates=True)
    first = next(train_ghnerf(config))
    assert set(first.losses) == {"color", "heatmaps", "parts", "embedding", "coordinates"}

    plain = next(train_ghnerf(config_for(people, tmp_path / "plain", row="enerf")))
    assert set(plain.losses) == {"color"}


def test_a_loss_that_is_no_number_stops_with_its_name_and_step(people, tmp_path):
    broken = begin(config_for(people, tmp_path))
    with torch.no_grad():
        for parameter in broken.fine.heads.parameters():
            parameter.fill_(torch.nan)
    save_ghnerf(broken, tmp_path / "broken.safetensors", {})
    config = config_for(people, tmp_path, start=tmp_path / "broken.safetensors")
    with pytest.raises(NonFiniteError, match=r"the color loss is nan at step 0 \(person_0000"):
        next(train_ghnerf(config))


def test_the_average_that_was_asked_for_is_what_is_written(people, tmp_path):
    config = config_for(people, tmp_path, steps=3, learning_rate=0.02, average=0.25)
    steps = train_ghnerf(config)
    while next(steps).step < 2:
        pass
    steps.close()
    list(train_ghnerf(replace(config, resume=True)))
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    written = load_ghnerf(tmp_path / "ghnerf.safetensors").state_dict()
    name = "pyramid.top.weight"
    last, average = state["module"][name], state["averaged"][f"module.{name}"]
    assert torch.equal(written[name], average.half().float())  # Files hold 16-bit numbers.
    assert (last - average).abs().max() > 1e-3


def test_a_checkpoint_of_another_method_is_refused(people, tmp_path):
    next(train_ghnerf(config_for(people, tmp_path)))
    other = config_for(people, tmp_path, row="enerf", resume=True)
    with pytest.raises(CheckpointError, match="resume with the options that it began with"):
        next(train_ghnerf(other))


def test_another_method_takes_over_what_both_have(people, tmp_path):
    first = config_for(people, tmp_path, row="enerf_heatmap")
    given = begin(first)
    save_ghnerf(given, tmp_path / "start.safetensors", {}, half=False)
    config = config_for(
        people, tmp_path, row="ghnerf_resnet18", start=tmp_path / "start.safetensors"
    )
    model = begin(replace(config, seed=5))
    assert model.config.human_encoder == "resnet18"
    assert torch.equal(model.pyramid.top.weight, given.pyramid.top.weight)
    # Its heads also read the human features: another shape, so they begin anew.
    name = "fine.heads.feature_heads.0.0.weight"
    assert model.state_dict()[name].shape[1] > given.state_dict()[name].shape[1]


def test_weights_that_share_nothing_are_refused(people, tmp_path, monkeypatch):
    model, other = (Ghnerf(network_config(config_for(people, tmp_path))) for _ in range(2))
    monkeypatch.setattr(other, "state_dict", lambda: {"nothing": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="has no weights for this network"):
        take_over(model, other, tmp_path / "other.safetensors")


def test_features_that_nobody_knows_are_refused(people, tmp_path):
    moments = [replace(moment, body=None) for moment in read_moments(people)]
    config = config_for(people, tmp_path, targets="parts")
    require_known_features(read_moments(people), config)
    with pytest.raises(DatasetError, match="Nobody knows the body parts"):
        require_known_features(moments, config)
    require_known_features(moments, replace(config, teacher=str(tmp_path)))
    require_known_features(moments, replace(config, targets="heatmaps"))
    with pytest.raises(DatasetError, match="leave --coordinates out"):
        require_known_features(moments, replace(config, teacher=str(tmp_path), coordinates=True))


def test_a_frozen_encoder_keeps_its_backbone(people, tmp_path):
    config = config_for(people, tmp_path, row="ghnerf_resnet18", frozen=True, steps=2)
    torch.manual_seed(config.seed)
    first = begin(config).state_dict()
    list(train_ghnerf(config))
    after = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["module"]
    moved = {name for name in first if not torch.equal(first[name], after[name])}
    assert "human_encoder.pyramid.mixes.0.weight" in moved
    assert not [name for name in moved if ".backbone." in name]


def test_an_encoder_of_its_own_is_taken_and_learns_slowly(people, tmp_path):
    path = tmp_path / "encoder.safetensors"
    config = config_for(people, tmp_path, row="ghnerf_resnet18", targets="all", encoder=path)
    torch.manual_seed(11)
    alone = PictureFeatures(network_config(config)).eval()
    save_human_encoder(alone.encoder, alone.heads, alone.config, path, {})
    model = begin(config).eval()
    assert model.human_encoder is not None
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        maps, own = alone.encoder(images), model.human_encoder(images)
    torch.testing.assert_close(own, maps, rtol=2e-3, atol=2e-3)
    assert encoder_rate(config) == 1e-4
    with pytest.raises(CheckpointError, match="expected resnet34 with 64"):
        begin(replace(config, row="ghnerf_resnet34"))
    with pytest.raises(CheckpointError, match="this method has none"):
        begin(replace(config, row="enerf"))


def test_heads_first_say_of_a_sample_what_pictures_say_of_its_pixels(people, tmp_path):
    path = tmp_path / "encoder.safetensors"
    config = config_for(people, tmp_path, row="ghnerf_resnet18", targets="all", encoder=path)
    alone = PictureFeatures(network_config(config)).eval()
    save_human_encoder(alone.encoder, alone.heads, alone.config, path, {})
    heads = begin(config).eval().fine.heads
    images, pixels = torch.rand(1, 3, 32, 32), torch.rand(1, 7, 2) * 32.0
    with torch.no_grad():
        said = alone(images, pixels)[0]
        h = sample_at_pixels(alone.encoder(images), pixels, (32, 32), "border")
        # One view weighs one, and f_n counts for nothing yet.
        given = heads.predict_features(torch.rand(7, 64), h, torch.rand(1, 7, 4))
    torch.testing.assert_close(given, said, rtol=5e-3, atol=5e-3)


def test_rates_halve_and_a_pretrained_encoder_has_its_own(people, tmp_path):
    assert learning_rate_at(50_000, 5e-4, 50_000) == pytest.approx(2.5e-4)
    config = config_for(people, tmp_path, row="ghnerf_resnet18")
    assert encoder_rate(config) == config.learning_rate
    assert encoder_rate(replace(config, pretrained=True)) == 1e-4
    assert encoder_rate(replace(config, pretrained=True, row="ghnerf_dino")) == 1e-5
    for row, rate in (("ghnerf_resnet18", 1e-4), ("enerf_heatmap", config.learning_rate)):
        start = tmp_path / f"{row}.safetensors"
        save_ghnerf(begin(replace(config, row=row)), start, {})
        assert encoder_rate(replace(config, start=start)) == rate, "a start brings its encoder"
    chosen = replace(config, encoder_learning_rate=3e-5)
    run = begin_run(begin(chosen), chosen)
    run.descend({"size": next(iter(run.module.parameters())).square().sum()}, 5e-4)
    assert [group["lr"] for group in run.optimizer.param_groups] == pytest.approx([5e-4, 3e-5])
    assert all(len(group["params"]) > 20 for group in run.optimizer.param_groups)


def test_the_surface_is_looked_up_only_for_losses_that_need_it(people, tmp_path):
    assert not draw_config(config_for(people, tmp_path)).with_surface
    assert draw_config(config_for(people, tmp_path, targets="parts")).with_surface
    assert draw_config(config_for(people, tmp_path, vgg=Path("vgg16.pth"))).patch == 64


def test_joints_count_when_near_and_sure():
    keypoints = torch.zeros(25, 3)
    keypoints[:, 2] = 1.0
    keypoints[:, 0] = torch.arange(25) * 2.0 + 5.5
    keypoints[:, 1] = 20.5
    # The torso, joints 5 to 9, is 8 px long: 1.6 px is near enough.
    maps = draw_heatmaps(keypoints, 40, 64, sigma=2.0)
    assert joint_accuracy(maps, keypoints) == 1.0
    moved = keypoints.clone()
    moved[0, 1] += 3.0
    assert joint_accuracy(maps, moved) == pytest.approx(24 / 25)
    maps[1] *= 0.05
    assert joint_accuracy(maps, keypoints) == pytest.approx(24 / 25)
    missing = keypoints.clone()
    missing[[5, 2], 2] = 0.0
    assert joint_accuracy(maps, missing) is None
