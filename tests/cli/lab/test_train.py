from pathlib import Path

import pytest
import tyro

from neuhmr.cli.lab.train import Train, TrainGhnerf, TrainHumanEncoder
from neuhmr.cli.lab.train_motion_prior import TrainMotionPrior
from neuhmr.errors import NeuhmrError
from neuhmr.lab.training.ghnerf import config as ghnerf_config
from neuhmr.lab.training.ghnerf import training as ghnerf_training
from neuhmr.lab.training.human_encoder import training as encoder_training
from neuhmr.lab.training.motion_prior import training as prior_training
from neuhmr.lab.training.run import StepOutcome
from neuhmr.motion_prior.network import MotionPriorConfig

FOLDERS = ["--data", "people", "--val", "val", "--out", "run"]


@pytest.fixture
def asked(monkeypatch):
    """Record what would be trained."""
    configs = []

    def keep(config):
        configs.append(config)
        return iter([StepOutcome(7, {"color": 0.5}, 1e-3, 0.1)])

    monkeypatch.setattr(ghnerf_training, "train_ghnerf", keep)
    return configs


def test_options_of_ghnerf_reach_its_training(asked):
    options = [
        "--row", "GHNeRF+DINO", "--targets", "all", "--sources", "2", "--rays", "1000",
        "--smallest", "150", "--heatmap-weight", "5", "--halve-every", "900", "--steps", "7",
        "--teacher", "mediapipe", "--encoder", "encoder.safetensors", "--opacity-weight", "0.05",
        "--outline-share", "0.3", "--hull", "--coarse-pixel", "4", "--mixed",
        "--fixed-norms", "--frozen",
        "--average", "0.01", "--source-spread", "1",
    ]  # fmt: skip
    result = tyro.cli(Train, args=["ghnerf", *FOLDERS, *options, "--device", "cpu"]).run()
    assert result == {"written": "run", "steps": 7, "interrupted": False, "color_loss": 0.5}
    (config,) = asked
    assert (config.row, config.targets, config.teacher) == ("ghnerf_dino", "all", "mediapipe")
    assert (config.draw.sources, config.draw.rays, config.draw.coarse_rays) == (2, 1000, 250)
    assert config.draw.sizes == (150.0, 256.0)
    assert (config.draw.source_spread, config.draw.pool) == (1, 5)
    assert (config.weights.heatmaps, config.halve_every) == (5.0, 900)
    assert (config.encoder, config.weights.opacity) == (Path("encoder.safetensors"), 0.05)
    assert (config.draw.outline_share, config.mixed) == (0.3, True)
    network = ghnerf_config.network_config(config)
    assert (network.hull, network.coarse_pixel, network.fine_tuned) == (True, 4, False)
    assert config.fixed_norms and config.average == 0.01
    # What was not asked for is the paper's.
    assert (config.learning_rate, config.weights.perceptual) == (5e-4, 0.01)


def test_options_of_the_human_encoder_reach_its_training(monkeypatch):
    configs = []

    def keep(config):
        configs.append(config)
        return iter([StepOutcome(5, {"parts": 0.5}, 1e-3, 0.1)])

    monkeypatch.setattr(encoder_training, "train_human_encoder", keep)
    options = ["--row", "GHNeRF+ResNet34", "--pictures", "3", "--mixed", "--steps", "5"]
    options += ["--smallest", "80"]
    result = tyro.cli(Train, args=["human-encoder", *FOLDERS, *options, "--device", "cpu"]).run()
    assert result["steps"] == 5 and not result["interrupted"]
    (config,) = configs
    assert (config.network.human_encoder, config.pictures, config.mixed) == ("resnet34", 3, True)
    assert config.draw.sizes == (80.0, 256.0)
    folders = {"data": Path("people"), "val": Path("val"), "out": Path("run"), "device": "cpu"}
    with pytest.raises(NeuhmrError, match="--pictures is 0"):
        TrainHumanEncoder(**folders, pictures=0).run()
    with pytest.raises(NeuhmrError, match="--smallest is 300 and --largest 256; expected"):
        TrainHumanEncoder(**folders, smallest=300.0).run()


def test_the_motion_prior_is_validated_on_the_recordings_that_it_learns_from(monkeypatch):
    configs = []

    def keep(config):
        configs.append(config)
        return iter([StepOutcome(9, {"joints": 0.5}, 1e-3, 0.1)])

    monkeypatch.setattr(prior_training, "train_motion_prior", keep)
    options = [
        "--data",
        "mocap",
        "--out",
        "run",
        *("--windows", "6", "--fresh", "12", "--reuse", "4", "--drawers", "2"),
        *("--width", "32", "--layers", "2", "--generated", "5", "--minutes", "0.5"),
        "--learns-all",
        "--steps",
        "9",
        "--device",
        "cpu",
    ]
    assert tyro.cli(Train, args=["motion-prior", *options]).run()["steps"] == 9
    (config,) = configs
    assert config.data == config.val == Path("mocap")
    assert (config.windows, config.steps, config.learning_rate) == (6, 9, 8e-4)
    assert (config.fresh, config.reuse, config.drawers, config.generated) == (12, 4, 2, 5)
    assert config.network == MotionPriorConfig(width=32, layers=2, heads=8, hidden=96)
    assert config.seconds == 30.0
    assert config.learns_all
    with pytest.raises(NeuhmrError, match="--windows is 0"):
        TrainMotionPrior(data=Path("mocap"), out=Path("run"), device="cpu", windows=0).run()
    with pytest.raises(NeuhmrError, match="--fresh is 40, at least 48"):
        TrainMotionPrior(data=Path("mocap"), out=Path("run"), device="cpu", fresh=40).run()
    with pytest.raises(NeuhmrError, match="--width is 40"):
        TrainMotionPrior(data=Path("mocap"), out=Path("run"), device="cpu", width=40).run()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": 0}, "--sources is 0"),
        ({"smallest": 200.0, "largest": 100.0}, "--smallest is 200 and --largest 100; expected"),
        ({"source_spread": 3}, "--source-spread is 3; expected .* --sources, which is 3"),
        ({"average": 1.0}, "--average is 1; expected a share below 1"),
        ({"smallest": 0.5}, r"--smallest is 0\.5 and .* 32 <= smallest <= largest"),
    ],
)
def test_impossible_numbers_are_named(asked, options, message):
    train = TrainGhnerf(
        data=Path("people"), val=Path("val"), out=Path("run"), device="cpu", **options
    )
    with pytest.raises(NeuhmrError, match=message):
        train.run()


def test_a_share_of_weights_to_start_with_needs_them(tmp_path):
    train = TrainMotionPrior(data=tmp_path, out=tmp_path / "run", start_share=0.2)
    with pytest.raises(NeuhmrError, match="--start-share was given without --start"):
        train.run()


@pytest.mark.parametrize(
    ("option", "value"), [("fit_share", 0.0), ("fit_share", 1.0), ("start_share", 1.0)]
)
def test_shares_out_of_range_are_refused(tmp_path, option, value):
    train = TrainMotionPrior(data=tmp_path, out=tmp_path / "run", **{option: value})
    with pytest.raises(NeuhmrError, match=f"--{option.replace('_', '-')} is"):
        train.run()
