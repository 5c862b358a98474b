"""Training of a clip's heatmaps: what is drawn, that it learns, what it writes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghnerf.clips.clip_checkpoint import load_clip_heatmaps
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.lab.training.clip_heatmaps.batches import draw_heatmap_batch
from neuhmr.lab.training.clip_heatmaps.training import (
    TRAINED_SHARE,
    ClipHeatmapTrainingConfig,
    frame_loss,
    load_keypoint_people,
    train_clip_heatmaps,
)
from neuhmr.lab.training.encoder_checkpoint import save_human_encoder
from neuhmr.lab.training.human_encoder.picture_features import PictureFeatures
from neuhmr.lab.training.run import parameter_groups
from neuhmr.lab.training.run_config import cosine_rate
from tests.ghn.scene import make_ghn
from tests.lab.training.people_folder import write_people
from tests.lab.training.recorded import assert_recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heatmaps")
    write_people(folder, 2)
    save_ghn(make_ghn(), folder / "start.safetensors", {}, half=False)
    return folder


def config_for(folder: Path, out: Path, **changes) -> ClipHeatmapTrainingConfig:
    base = ClipHeatmapTrainingConfig(
        data=folder, val=folder, out=out, start=folder / "start.safetensors", steps=4, rays=128,
        model=GhnerfConfig(human_channels=16), checkpoint_every=2, validate_every=4, val_people=1,
        warmup=1,
    )  # fmt: skip
    return replace(base, **changes)


def test_batches_ask_the_frame_at_a_wrong_pose_or_the_anchors_at_a_true_one(folder: Path) -> None:
    ghn = load_ghn(folder / "start.safetensors")
    person = load_keypoint_people(folder, ghn, 1)[0]
    own, anchors = 0, 0
    for seed in range(12):
        batch = draw_heatmap_batch(person, 200, torch.Generator().manual_seed(seed))
        distances = (batch.target.cameras.project(batch.target.posed.joints[None])[0]).isfinite()
        assert distances.all()
        assert batch.pixels.min() >= 0.5
        assert (batch.pixels[:, 0] <= batch.target.cameras.width - 0.5).all()
        if len(batch.sources.images) == 1:
            own += 1
            torch.testing.assert_close(batch.sources.images[0], batch.target.images)
            torch.testing.assert_close(batch.sources.posed.vertices[0], batch.target.posed.vertices)
        else:
            anchors += 1
            torch.testing.assert_close(batch.sources.images, batch.anchors.images)
        near = batch.pixels[:100][:, None] - batch.keypoints[None, :, :2]
        # Each is within the drawn square of some keypoint, unless the picture's edge was nearer.
        assert (near.abs().amax(dim=-1).amin(dim=1) <= 3 * batch.sigma + 1).float().mean() > 0.9
    assert own >= 3 and anchors >= 2


@pytest.mark.slow
def test_training_lowers_the_loss_and_writes_weights_that_load(
    folder: Path, tmp_path: Path
) -> None:
    config = config_for(folder, tmp_path, steps=60, validate_every=60)
    ghn = load_ghn(folder / "start.safetensors")
    people = load_keypoint_people(folder, ghn)

    def fixed_loss(model: ClipHeatmaps) -> float:
        generator = torch.Generator().manual_seed(9)
        with torch.no_grad():
            draws = [frame_loss(model, ghn, p, config, generator) for p in people for _ in "123"]
        return torch.stack(draws).mean().item()

    torch.manual_seed(0)
    untrained = ClipHeatmaps(config.model, ghn.config.hidden_channels).eval()
    for _ in train_clip_heatmaps(config):
        pass
    model = load_clip_heatmaps(ghn, tmp_path / "clip_heatmaps.safetensors")
    assert fixed_loss(model) < 0.95 * fixed_loss(untrained)
    assert model.config.human_channels == 16
    entry = json.loads((tmp_path / "clip_heatmaps_log.jsonl").read_text())
    assert entry["step"] == 60 and 0 <= entry["pck_from_frame"] <= 1
    assert 0 < entry["pck_of_wrong_pose"] <= 1


def test_stopping_and_resuming_equals_running_through(folder: Path, tmp_path: Path) -> None:
    through = [s.losses["heatmap"] for s in train_clip_heatmaps(config_for(folder, tmp_path / "a"))]
    steps = train_clip_heatmaps(config_for(folder, tmp_path / "b"))
    stopped = [next(steps).losses["heatmap"] for _ in range(2)]
    steps.close()
    resumed = train_clip_heatmaps(config_for(folder, tmp_path / "b", resume=True))
    stopped += [s.losses["heatmap"] for s in resumed]
    assert stopped == pytest.approx(through, rel=1e-4)
    run = tmp_path / "b"
    assert_recorded(run / "clip_heatmaps_run.json", run / "clip_heatmaps.safetensors")


def test_a_trained_encoder_is_taken_read_alike_and_learns_slowly(folder, tmp_path) -> None:
    path = tmp_path / "encoder.safetensors"
    config = config_for(folder, tmp_path, encoder=path)
    torch.manual_seed(5)
    alone = PictureFeatures(config.model).eval()
    save_human_encoder(alone.encoder, alone.heads, config.model, path, {})
    next(train_clip_heatmaps(replace(config, learning_rate=1e-9, steps=1)))
    model = load_clip_heatmaps(load_ghn(config.start), tmp_path / "clip_heatmaps.safetensors")
    h = torch.rand(6, config.model.human_channels)
    inputs = torch.zeros(6, model.head.get_submodule("0").in_features)
    inputs[:, model.hidden_channels : model.hidden_channels + h.shape[1]] = h
    with torch.no_grad():
        torch.testing.assert_close(model.head(inputs), alone.heads[0](h), rtol=5e-3, atol=5e-3)
    shares = [
        group["share"] for group in parameter_groups(model.requires_grad_(True), TRAINED_SHARE)
    ]
    assert shares == [1.0, 0.1]


def test_the_rate_falls_along_a_cosine_after_its_warm_up() -> None:
    config = ClipHeatmapTrainingConfig(
        data=Path(), val=Path(), out=Path(), steps=100, learning_rate=1e-3, warmup=10
    )
    assert cosine_rate(config)(0) == pytest.approx(1e-4)
    assert cosine_rate(config)(50) == pytest.approx(1e-3 * 0.51)
    assert cosine_rate(config)(100) == pytest.approx(2e-5)


def test_keypoints_of_prepared_people_lie_on_them(folder: Path) -> None:
    ghn = load_ghn(folder / "start.safetensors")
    person = load_keypoint_people(folder, ghn, 1)[0]
    pixels = person.prepared.cameras.project(person.keypoints)
    joints = person.prepared.cameras.project(person.prepared.posed.joints)
    elbow = load_body_model().parents[20]
    torch.testing.assert_close(pixels[:, 6], joints[:, elbow])
