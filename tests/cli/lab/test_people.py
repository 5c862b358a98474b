from pathlib import Path

import pytest

from neuhmr.cli.lab import people as command
from neuhmr.cli.lab.people import People
from neuhmr.errors import NeuhmrError
from neuhmr.lab.people import generate, training_set, wide_set
from neuhmr.lab.people.errors.error_models import ERROR_KINDS
from neuhmr.lab.training.motion_prior.filmed import making


@pytest.fixture
def asked(monkeypatch):
    """Record what would be made."""
    configs = []

    def keep(config, on_progress=None):
        configs.append(config)
        return [config.out_dir / "person.mp4"]

    monkeypatch.setattr(generate, "generate_people", keep)
    monkeypatch.setattr(training_set, "generate_training_set", keep)
    return configs


@pytest.mark.parametrize(("preset", "people"), [("train", 300), ("val", 12)])
def test_training_and_validation_people_come_from_their_splits(asked, tmp_path, preset, people):
    mocap = tmp_path / "mocap"
    People(out_dir=tmp_path, preset=preset, mocap_dir=mocap).run()
    (config,) = asked
    assert (config.split, config.num_people, config.mocap_dir) == (preset, people, mocap)
    assert (config.camera, config.masks) == ("phone", "segmented")


@pytest.mark.parametrize(
    ("preset", "split", "people"),
    [("views", "train", 160), ("views-val", "val", 10), ("views-test", "test", 8)],
)
def test_views_are_rings_of_sixteen_ideal_cameras(asked, tmp_path, preset, split, people):
    People(out_dir=tmp_path, preset=preset).run()
    (config,) = asked
    assert (config.split, config.num_people) == (split, people)
    assert (config.poses, config.views, config.placing) == (2, 16, "ring")
    assert (config.camera, config.masks) == ("ideal", "exact")


@pytest.mark.parametrize(
    ("preset", "split", "people"), [("fits", "train", 450), ("fits-val", "val", 24)]
)
def test_fits_are_of_people_of_their_split(monkeypatch, tmp_path, preset, split, people):
    configs = []

    def keep(config, on_progress=None):
        configs.append(config)
        return []

    monkeypatch.setattr(making, "make_filmed_fits", keep)
    command = People(
        out_dir=tmp_path, preset=preset, mocap_dir=tmp_path, processes=3, seed=4, frames=9
    )
    result = command.run()
    command.show(result)
    assert configs == [
        making.FilmedFitsConfig(
            out_dir=tmp_path, mocap_dir=tmp_path, split=split, people=people, frames=9, seed=4,
            processes=3,
        )
    ]  # fmt: skip


def test_fits_need_recordings(tmp_path):
    with pytest.raises(NeuhmrError, match=r"--preset fits needs --mocap-dir.*give one"):
        People(out_dir=tmp_path, preset="fits").run()


@pytest.mark.parametrize("option", [{"width": 64}, {"errors": "ray"}, {"views": 2}])
def test_fits_refuse_what_they_would_not_look_at(tmp_path, option):
    with pytest.raises(NeuhmrError, match="films in a way of its own; leave --views"):
        People(out_dir=tmp_path, preset="fits", mocap_dir=tmp_path, **option).run()


def test_the_test_preset_is_eight_clips_of_test_people(asked, tmp_path):
    People(out_dir=tmp_path, preset="test").run()
    (config,) = asked
    assert (config.split, config.clips, config.frames) == ("test", 8, 60)
    assert config.errors == ("ray", "isotropic")


def test_options_overrule_the_preset(asked, tmp_path):
    People(
        out_dir=tmp_path, preset="test", clips=2, frames=10, camera="ideal", masks="exact",
        errors="isotropic",
    ).run()  # fmt: skip
    (config,) = asked
    assert (config.clips, config.frames, config.camera, config.masks) == (2, 10, "ideal", "exact")
    assert config.errors == ("isotropic",)


def test_clips_are_as_they_were(asked, tmp_path):
    People(out_dir=tmp_path).run()
    (config,) = asked
    assert (config.clips, config.frames, config.height, config.width) == (1, 90, 512, 512)
    assert (config.camera, config.masks, config.errors) == ("ideal", "exact", ("ray",))


@pytest.mark.parametrize(
    ("errors", "kinds"), [("own", ("ray",)), ("all", ERROR_KINDS), ("world", ("world",))]
)
def test_own_poses_are_estimated_from_each_video(asked, tmp_path, monkeypatch, errors, kinds):
    seen: list[Path] = []
    monkeypatch.setattr(command, "_estimate_own_poses", lambda video, report: seen.append(video))
    People(out_dir=tmp_path, preset="test", errors=errors).run()
    assert asked[0].errors == kinds
    assert seen == ([] if errors == "world" else [tmp_path / "person.mp4"])


def test_the_wide_preset_makes_what_it_can_and_says_what_it_cannot(tmp_path, monkeypatch, capsys):
    configs = []
    monkeypatch.setattr(wide_set, "generate_wide", lambda config, _: configs.append(config) or [])
    People(out_dir=tmp_path, preset="wide").run()
    People(out_dir=tmp_path, preset="wide", clips=2, frames=12).run()
    assert (configs[0].frames, configs[0].size, len(configs[0].clips)) == (48, 448, 14)
    assert (configs[1].frames, len(configs[1].clips)) == (12, 2)
    assert "family dance are left out" in " ".join(capsys.readouterr().err.split())


def test_the_look_is_passed_on_and_belongs_to_the_wide_preset(tmp_path, monkeypatch):
    configs = []
    monkeypatch.setattr(wide_set, "generate_wide", lambda config, _: configs.append(config) or [])
    People(out_dir=tmp_path, preset="wide", look="cycles").run()
    assert configs[0].look == "cycles"
    with pytest.raises(NeuhmrError, match="--look cycles was given with --preset test"):
        People(out_dir=tmp_path, preset="test", look="cycles").run()


@pytest.mark.parametrize("own", [{"errors": "ray"}, {"views": 2}, {"seed": 4}, {"masks": "exact"}])
def test_the_wide_preset_refuses_what_its_plan_decides(tmp_path, own):
    with pytest.raises(NeuhmrError, match="by its plan; leave --seed"):
        People(out_dir=tmp_path, preset="wide", **own).run()


def test_a_number_that_is_too_small_is_named(tmp_path):
    with pytest.raises(NeuhmrError, match="--frames is 1"):
        People(out_dir=tmp_path, frames=1).run()
