"""Training of the human encoder on single pictures: it learns, resumes, writes what loads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import DatasetError
from neuhmr.lab.moments.heatmaps import draw_heatmaps
from neuhmr.lab.moments.moment_pictures import shown
from neuhmr.lab.moments.moments import read_moments
from neuhmr.lab.moments.surface_truth import surface_at
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.human_encoder import training as encoder_training
from neuhmr.lab.training.human_encoder.batches import cut_to_subject, draw_pictures
from neuhmr.lab.training.human_encoder.picture_features import PictureFeatures
from neuhmr.lab.training.human_encoder.training import (
    HumanEncoderTrainingConfig,
    train_human_encoder,
)
from neuhmr.lab.training.human_encoder.validation import validate_encoder
from tests.lab.training.recorded import assert_recorded
from tests.lab.training.ring_folder import write_ring

DRAW = DrawConfig(rays=64, sizes=(512.0, 512.0), with_surface=True)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ring")
    write_ring(folder, people=2)
    return folder


def config_for(people: Path, out: Path, **changes) -> HumanEncoderTrainingConfig:
    base = HumanEncoderTrainingConfig(
        data=people, val=people, out=out, steps=4, pictures=2, draw=DRAW, checkpoint_every=2,
        validate_every=4, val_moments=1,
    )  # fmt: skip
    return replace(base, **changes)


def test_stopping_and_resuming_equals_running_through(people, tmp_path):
    through = [sum(s.losses.values()) for s in train_human_encoder(config_for(people, tmp_path))]
    steps = train_human_encoder(config_for(people, tmp_path / "b"))
    stopped = [sum(next(steps).losses.values()) for _ in range(2)]
    steps.close()  # pyright: ignore
    resumed = train_human_encoder(config_for(people, tmp_path / "b", resume=True))
    stopped += [sum(s.losses.values()) for s in resumed]
    assert stopped == pytest.approx(through, rel=1e-4)
    assert_recorded(tmp_path / "encoder_run.json", tmp_path / "encoder.safetensors")
    entry = json.loads((tmp_path / "encoder_log.jsonl").read_text())
    assert entry["step"] == 4 and 0 <= entry["pck"] <= 1 and entry["embedding"] > 0
    again = config_for(people, tmp_path / "c", start=tmp_path / "encoder.safetensors", steps=1)
    (first,) = train_human_encoder(again)
    assert sum(first.losses.values()) < through[0]


@pytest.mark.slow
def test_training_lowers_every_loss(people, tmp_path):
    config = config_for(people, tmp_path, steps=30, learning_rate=2e-3, warmup=1)
    outcomes = list(train_human_encoder(replace(config, validate_every=1000)))
    assert set(outcomes[0].losses) == {"heatmaps", "parts", "embedding"}
    for name in outcomes[0].losses:
        first, last = ([s.losses[name] for s in part] for part in (outcomes[:8], outcomes[-8:]))
        assert sum(last) < 0.9 * sum(first), name


def test_pixels_stay_where_they_were_on_the_picture(people, generator):
    moment = read_moments(people)[0]
    batch = draw_pictures([moment, moment], DRAW, load_body_model(), generator)
    assert batch.images.shape[-1] % 32 == 0 and batch.images.shape[-2] % 32 == 0
    for image, pixels, truth in zip(batch.images, batch.pixels, batch.truths, strict=True):
        column, row = pixels.long().unbind(dim=-1)
        torch.testing.assert_close(image[:, row, column].T, truth.colors, rtol=1e-4, atol=1e-4)
        assert truth.surface is not None and bool(truth.surface.is_body.any())


def test_recordings_without_a_known_body_are_refused(people, tmp_path, monkeypatch):
    bodiless = [replace(moment, body=None) for moment in read_moments(people)]
    monkeypatch.setattr(encoder_training, "read_moments", lambda *_: bodiless)
    with pytest.raises(DatasetError, match=r"person_0000\d+_0 has no true body"):
        next(train_human_encoder(config_for(people, tmp_path / "run")))
    assert not (tmp_path / "run").exists()


class KnowsTheTruth(PictureFeatures):
    """Answers with a picture's own truth."""

    def __init__(self, moment, config) -> None:
        super().__init__(config)
        self.moment = moment

    def forward(self, images, pixels):
        picture = shown(self.moment, 0)
        _, corner = cut_to_subject(picture, self.moment)
        whole = draw_heatmaps(picture.keypoints, picture.camera.height, picture.camera.width)
        places = pixels[0] + corner
        column = places[:, 0].long().clamp(0, picture.camera.width - 1)
        row = places[:, 1].long().clamp(0, picture.camera.height - 1)
        surface = surface_at(
            self.moment.body, load_body_model(), picture.camera, picture.T_camera_world,
            self.moment.box, places,
        )  # fmt: skip
        parts = torch.nn.functional.one_hot(surface.parts, 14).float()
        return torch.cat([whole[:, row, column].T, parts, surface.embedding + 0.1], dim=1)[None]


def test_the_truth_scores_full_marks_and_a_shift_its_size(people, tmp_path):
    moment = read_moments(people)[0]
    knows = KnowsTheTruth(moment, config_for(people, tmp_path).network)
    scores = validate_encoder(knows, [moment], load_body_model(), 512.0)
    assert scores.pck > 0.9 and scores.parts == 1.0
    assert scores.embedding == pytest.approx(0.1, abs=1e-4)
