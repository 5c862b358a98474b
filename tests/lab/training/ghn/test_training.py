"""Training of the GHN: it learns, resumes exactly, stops on bad numbers, writes what loads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.errors import DatasetError, NonFiniteError
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghn.model import Ghn
from neuhmr.lab.training.ghn.batches import PreparedPerson, draw_pixels, draw_rows
from neuhmr.lab.training.ghn.training import (
    GhnTrainingConfig,
    begin,
    learning_rate_at,
    load_people,
    step_loss,
    train_ghn,
)
from tests.lab.training.people_folder import write_people
from tests.lab.training.recorded import assert_recorded


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    write_people(folder, 2)
    return folder


def fixed_loss(ghn: Ghn, person: PreparedPerson, config: GhnTrainingConfig) -> float:
    """Eq. 7 over a few draws that are the same for every network."""
    generator = torch.Generator().manual_seed(99)
    with torch.no_grad():
        losses = [step_loss(ghn, person, config, generator).total() for _ in range(6)]
    return torch.stack(losses).mean().item()


def config_for(people: Path, out: Path, **changes) -> GhnTrainingConfig:
    base = GhnTrainingConfig(
        data=people, val=people, out=out, steps=4, rays=64, checkpoint_every=2,
        validate_every=4, val_people=1, warmup=1,
    )  # fmt: skip
    return replace(base, **changes)


@pytest.mark.slow
def test_stopping_and_resuming_equals_running_through(people: Path, tmp_path: Path) -> None:
    through = [s.losses["color"] for s in train_ghn(config_for(people, tmp_path / "a"))]
    steps = train_ghn(config_for(people, tmp_path / "b"))
    stopped = [next(steps).losses["color"] for _ in range(2)]
    steps.close()
    resumed = train_ghn(config_for(people, tmp_path / "b", resume=True))
    stopped += [s.losses["color"] for s in resumed]
    assert stopped == pytest.approx(through, rel=1e-5)
    assert_recorded(tmp_path / "a/run.json", tmp_path / "a/ghn.safetensors")


@pytest.mark.slow
def test_training_lowers_the_loss_and_writes_weights_that_load(
    people: Path, tmp_path: Path
) -> None:
    config = config_for(
        people, tmp_path, steps=20, learning_rate=1e-3, final_learning_rate=1e-3, validate_every=20
    )
    untrained = begin(config)
    for _ in train_ghn(config):
        pass
    person = load_people(people, untrained, 1)[0]
    trained = load_ghn(tmp_path / "ghn.safetensors")
    before, after = (fixed_loss(ghn, person, config) for ghn in (untrained, trained))
    assert after < 0.7 * before
    entry = json.loads((tmp_path / "log.jsonl").read_text())
    assert entry["step"] == 20 and 0 < entry["iou"] <= 1
    assert (tmp_path / "val_000020.png").stat().st_size > 1000
    assert not any(p.requires_grad for p in trained.parameters())


def test_a_loss_that_is_no_number_stops_with_its_name_and_step(
    people: Path, tmp_path: Path
) -> None:
    ghn = begin(config_for(people, tmp_path))
    with torch.no_grad():
        ghn.field.color[2].bias.fill_(float("nan"))
    save_ghn(ghn, tmp_path / "start.safetensors", {})
    with pytest.raises(NonFiniteError, match="color loss is nan at step 0"):
        next(train_ghn(config_for(people, tmp_path, start=tmp_path / "start.safetensors")))


def test_an_empty_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"neuhmr people .* --preset train"):
        next(train_ghn(config_for(tmp_path, tmp_path / "out")))


def test_the_learning_rate_decays_exponentially_after_its_warm_up() -> None:
    config = GhnTrainingConfig(
        data=Path(), val=Path(), out=Path(), steps=100, learning_rate=1e-4,
        final_learning_rate=1e-6, warmup=10,
    )  # fmt: skip
    # Half way is the geometric mean of both ends.
    assert learning_rate_at(50, config) == pytest.approx(1e-5)
    assert learning_rate_at(0, config) == pytest.approx(1e-5)
    assert learning_rate_at(100, config) == pytest.approx(1e-6)


def test_anchors_look_from_opposite_sides_and_are_no_targets(people: Path, tmp_path: Path) -> None:
    person = load_people(people, begin(config_for(people, tmp_path)), 1)[0]
    for seed in range(5):
        anchors, targets = draw_rows(person, 2, torch.Generator().manual_seed(seed))
        first, second = person.view_directions[anchors]
        assert (first @ second).item() < 0
        assert not set(anchors.tolist()) & set(targets.tolist())


def test_rays_stand_for_all_pixels_of_the_person_and_its_surroundings() -> None:
    mask = torch.zeros(80, 60, dtype=torch.bool)
    mask[20:60, 20:40] = True
    pixels, weights = draw_pixels(mask, 4000, torch.Generator().manual_seed(0))
    columns, rows = pixels[:, 0].long(), pixels[:, 1].long()
    on_person = mask[rows, columns]
    # 800 pixels of the person; 60 x 40 around it, as surroundings are a square's reach of 10.
    assert weights.mean().item() == pytest.approx(1.0)
    assert weights[on_person].sum().item() / len(weights) == pytest.approx(800 / 2400, rel=0.05)
    on_edge = (rows - 20 < 2) | (59 - rows < 2) | (columns - 20 < 2) | (39 - columns < 2)
    assert weights[on_edge & on_person].mean() < weights[~on_edge & on_person].mean()


def test_cut_out_anchors_show_the_person_where_their_cameras_say(people: Path) -> None:
    person = load_people(people, begin(config_for(people, people)), 1)[0]
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        views = person.cut_views(torch.tensor([0, 2]), torch.ones(3), generator)
        assert views.images.shape[-1] % 32 == views.images.shape[-2] % 32 == 0
        pixels = views.cameras.project(views.posed.vertices)
        shown = sample_at_pixels(views.masks[:, None], pixels, tuple(views.masks.shape[-2:]))
        assert (shown > 0.1).float().mean() > 0.95
        assert views.images[views.masks[:, None].expand_as(views.images) == 0].max() == 0


def test_half_of_the_anchors_are_cut_out_as_a_segmenter_would(people: Path) -> None:
    person = load_people(people, begin(config_for(people, people)), 1)[0]
    upper = person.masks.clone()
    upper[:, person.masks[0].nonzero()[:, 0].median() :] = False
    person = replace(person, input_masks=upper)
    are_cut = []
    for seed in range(24):
        generator = torch.Generator().manual_seed(seed)
        views = person.cut_views(torch.tensor([0, 2]), torch.ones(3), generator)
        pixels = views.cameras.project(views.posed.vertices)
        shown = sample_at_pixels(views.masks[:, None], pixels, tuple(views.masks.shape[-2:]))
        are_cut.append((shown[0] > 0.1).float().mean().item() < 0.9)
    assert 6 <= sum(are_cut) <= 18


def test_a_wider_band_keeps_the_weights_and_is_written_with_them(
    people: Path, tmp_path: Path
) -> None:
    first = begin(config_for(people, tmp_path))
    save_ghn(first, tmp_path / "start.safetensors", {}, half=False)
    config = config_for(people, tmp_path, start=tmp_path / "start.safetensors", band_width=0.07)
    begun = begin(config)
    assert begun.config == replace(first.config, band_width=0.07)
    for name, tensor in begun.state_dict().items():
        torch.testing.assert_close(tensor, first.state_dict()[name])
    save_ghn(begun, tmp_path / "wide.safetensors", {})
    assert load_ghn(tmp_path / "wide.safetensors").config.band_width == 0.07


def test_training_that_starts_at_weights_continues_them(people: Path, tmp_path: Path) -> None:
    first = begin(config_for(people, tmp_path))
    save_ghn(first, tmp_path / "start.safetensors", {}, half=False)
    begun = begin(config_for(people, tmp_path, start=tmp_path / "start.safetensors", seed=5))
    for name, tensor in begun.state_dict().items():
        torch.testing.assert_close(tensor, first.state_dict()[name])
    assert all(p.requires_grad for p in begun.parameters())
