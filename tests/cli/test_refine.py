"""`neuhmr refine`: files in, files out, interrupted and resumed."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.body25 import body25_points
from neuhmr.body.model_files import load_body_model
from neuhmr.cli import main
from neuhmr.cli.refine import Refine
from neuhmr.cli.refine_run import _mean_terms
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.errors import BodyModelError
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghnerf.clips.clip_checkpoint import load_heatmaps_of_body, save_clip_heatmaps
from neuhmr.progress import OnFrame, ignore_frame
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.field.snapshot import RefineSnapshot
from neuhmr.refine.settings import RefineConfig
from refine.untrained_heatmaps import untrained_heatmaps
from synthetic_body import make_synthetic_body
from tests.full_disk import full_disk
from tests.ghn.scene import make_ghn
from tests.painted_clip import HEIGHT, WIDTH, turning_motion

EPOCHS = 4  # of one step each: six frames, eight to a step


def refine(clip: Path, weights: Path, out: Path, *options: str, distrust: bool = False) -> int:
    """Refine with a short draft; `distrust` makes the guard give back every frame."""
    words = ["refine", str(clip), "--out", str(out), "--checkpoint", str(weights)]
    words += ["--epochs", str(EPOCHS), "--device", "cpu", *options]
    words += ["--set", "draft.steps=20", "draft.typical_misfit=0"]
    return main([*words, *(["guard.bias=-10"] if distrust else [])])


def poses(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as data:
        return np.concatenate([data[key] for key in ("global_orient", "body_pose", "transl")], 1)


@pytest.fixture(scope="module")
def straight(
    painted_clip: Path, tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Poses of an uninterrupted run with the default seed."""
    out = tmp_path_factory.mktemp("straight") / "straight.npz"
    assert refine(painted_clip, tiny_weights, out) == 0
    return out


@pytest.fixture
def interrupt_at(monkeypatch: pytest.MonkeyPatch):
    """Press Ctrl-C during a step."""

    def arrange(step: int) -> None:
        original = Refiner.step

        def interrupted(
            self: Refiner, live: RefineConfig | None = None, on_frame: OnFrame = ignore_frame
        ) -> RefineSnapshot:
            if self.steps_done == step - 1:
                signal.raise_signal(signal.SIGINT)
            return original(self, live, on_frame)

        monkeypatch.setattr(Refiner, "step", interrupted)

    return arrange


def test_refine_writes_poses_and_a_report(
    painted_clip: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report_path = tmp_path / "out.npz", tmp_path / "report.json"
    assert refine(painted_clip, tiny_weights, out, "--json", "--report", str(report_path)) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["written"] == str(out)
    assert (result["steps"], result["frames"], result["interrupted"]) == (EPOCHS, 6, False)
    assert set(result["scores"]) == {"initial", "refined"}
    content = read_motion_file(out)
    assert content.motion.valid.all()
    assert content.camera is not None and content.camera.height == 128
    assert "refined by neuhmr" in content.source
    report = json.loads(report_path.read_text())
    assert report["settings"]["schedule.epochs"] == EPOCHS
    assert len(report["losses_per_epoch"]) == EPOCHS
    assert len(report["per_frame"]) == 6 and 0.0 < report["iou_before"] <= 1.0
    assert report["peak_rss_mb"] == result["peak_rss_mb"] > 50.0
    assert report["scores"]["refined"]["mpjpe_mm"] == result["scores"]["refined"]["mpjpe_mm"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.npz", "report.json"]


def test_an_epochs_losses_are_the_means_of_its_steps() -> None:
    steps = [{"rgb": 1.0, "geo": 0.5}, {"rgb": 4.0, "geo": 0.5}, {"rgb": 1.0, "geo": 0.5}]
    assert _mean_terms(steps) == {"rgb": 2.0, "geo": 0.5}


def test_settings_reach_the_refiner(painted_clip: Path, tiny_weights: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    options = ("--rgb", "0.5", "--sigma", "3", "--samples", "16", "--epsilon", "0.1",
               "--anchors", "3", "--learning-rate", "0.004", "--seed", "5")  # fmt: skip
    out = tmp_path / "o.npz"
    assert refine(painted_clip, tiny_weights, out, *options, "--report", str(report)) == 0
    settings = json.loads(report.read_text())["settings"]
    assert settings["weights.rgb"] == 0.5
    assert settings["matching.sigma_px"] == 3.0
    assert settings["matching.num_samples"] == 16
    assert settings["matching.epsilon"] == 0.1
    assert settings["schedule.learning_rate"] == 0.004
    assert settings["seed"] == 5
    assert len(json.loads(report.read_text())["anchor_frames"]) == 3


def test_an_interrupted_run_keeps_what_it_has_and_resumes_to_the_same_poses(
    painted_clip: Path,
    tiny_weights: Path,
    straight: Path,
    tmp_path: Path,
    interrupt_at,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.npz"
    interrupt_at(2)
    assert refine(painted_clip, tiny_weights, out, "--json") == 130
    halfway = json.loads(capsys.readouterr().out)
    assert (halfway["steps"], halfway["interrupted"]) == (2, True)
    assert np.abs(poses(out) - poses(straight)).max() > 1e-4, "the second half moves nothing"
    assert (tmp_path / "out.npz.resume.safetensors").is_file()

    monkeypatch.undo()
    assert refine(painted_clip, tiny_weights, out, "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["steps"] == EPOCHS
    np.testing.assert_array_equal(poses(out), poses(straight))
    assert not (tmp_path / "out.npz.resume.safetensors").exists()


def test_the_guard_judges_a_run_that_is_through_and_only_where_it_is_on(
    painted_clip: Path, tiny_weights: Path, straight: Path, tmp_path: Path, capsys
) -> None:
    initial = poses(painted_clip.with_name("clip.poses.npz"))
    for name, options, reverted in (
        ("on", (), [0, 1, 2, 3, 4, 5]),
        ("off", ("--guard", "off"), []),
    ):
        out = tmp_path / f"{name}.npz"
        assert refine(painted_clip, tiny_weights, out, *options, "--json", distrust=True) == 0
        assert json.loads(capsys.readouterr().out)["reverted_frames"] == reverted
    # The root is turned by half a turn, which has two axes.
    np.testing.assert_allclose(poses(tmp_path / "on.npz")[:, 3:], initial[:, 3:], atol=1e-5)
    assert np.abs(poses(tmp_path / "off.npz") - initial).max() > 1e-3


def test_an_interrupted_run_keeps_its_poses_whatever_the_guard_thinks_of_them(
    painted_clip: Path, tiny_weights: Path, tmp_path: Path, interrupt_at, capsys
) -> None:
    interrupt_at(2)
    out = tmp_path / "out.npz"
    assert refine(painted_clip, tiny_weights, out, "--json", distrust=True) == 130
    assert json.loads(capsys.readouterr().out)["reverted_frames"] == []
    initial = poses(painted_clip.with_name("clip.poses.npz"))
    assert np.abs(poses(out) - initial).max() > 1e-3


def test_what_is_outside_the_range_or_locked_keeps_its_pose(
    painted_clip: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out, initial = tmp_path / "o.npz", poses(painted_clip.with_name("clip.poses.npz"))
    options = ("--range", "1:4", "--lock", "left_arm", "place", "2")
    assert refine(painted_clip, tiny_weights, out, *options, "--guard", "off") == 0
    change = np.abs(poses(out) - initial)
    change[:, :3] = 0.0  # The root is turned by half a turn, which has two axes.
    assert change[[0, 2, 5]].max() < 1e-5, "outside the range, or locked"
    assert change[:, 72:].max() < 1e-5, "positions are locked"
    # Rotations of the left shoulder, joint 16, and of the left hip, joint 1.
    assert change[:, 48:51].max() < 1e-5 < 1e-3 < change[[1, 3, 4], 3:6].max()


def test_a_device_that_is_not_there_is_refused(
    painted_clip: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.npz"
    assert refine(painted_clip, tiny_weights, out, "--device", "cuda:77") == 2
    assert "cuda:77" in capsys.readouterr().err and not out.exists()


def test_the_same_seed_gives_the_same_poses(
    painted_clip: Path, tiny_weights: Path, straight: Path, tmp_path: Path
) -> None:
    for name, seed in (("same", "0"), ("other", "1")):
        assert refine(painted_clip, tiny_weights, tmp_path / f"{name}.npz", "--seed", seed) == 0
    np.testing.assert_array_equal(poses(tmp_path / "same.npz"), poses(straight))
    assert np.abs(poses(tmp_path / "other.npz") - poses(straight)).max() > 0


def test_a_clip_without_masks_uses_the_body_as_its_mask(
    painted_clip: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    clip = tmp_path / "bare.mp4"
    clip.write_bytes(painted_clip.read_bytes())
    initial = painted_clip.with_name("clip.poses.npz")
    out = tmp_path / "o.npz"
    assert refine(clip, tiny_weights, out, "--poses", str(initial)) == 0
    assert torch.isfinite(read_motion_file(out).motion.body_pose).all()


@pytest.fixture(scope="module")
def heatmaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of heatmaps that belong to the tiny network."""
    path = tmp_path_factory.mktemp("heatmaps") / "heatmaps.safetensors"
    save_clip_heatmaps(untrained_heatmaps(), make_ghn(), path, {"note": "untrained"})
    return path


def test_keypoints_are_named_in_the_report_where_they_count(
    painted_clip: Path,
    tiny_weights: Path,
    heatmaps: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, report_path = tmp_path / "o.npz", tmp_path / "r.json"
    options = ("--keypoint", "0.5", "--heatmaps", str(heatmaps), "--report", str(report_path))
    assert refine(painted_clip, tiny_weights, out, *options) == 0
    assert "% found, weighted term" in capsys.readouterr().out
    report = json.loads(report_path.read_text())
    assert report["settings"]["weights.keypoint"] == 0.5
    first, last = report["losses_per_epoch"][0], report["losses_per_epoch"][-1]
    assert report["keypoints"]["before"] == first["keypoint"] > 0.0
    assert report["keypoints"]["after"] == last["keypoint"] > 0.0
    assert 0.0 < report["keypoints"]["found"] <= 1.0


def test_keypoints_that_cannot_be_found_are_refused_in_one_sentence(
    painted_clip: Path,
    tiny_weights: Path,
    heatmaps: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    foreign = tmp_path / "foreign.safetensors"
    save_clip_heatmaps(untrained_heatmaps(), make_ghn(seed=5), foreign, {})
    out = tmp_path / "o.npz"
    for options, expected in (
        (("--keypoint", "1", "--heatmaps", str(foreign)), "was trained on other avatar weights"),
        (("--keypoint", "1", "--heatmaps", str(tmp_path / "no.safetensors")), "no weights at"),
        (("--heatmaps", str(heatmaps)), "give --keypoint above 0"),
        (("--keypoint", "-1"), "--keypoint is -1.0, at least 0.0 was expected"),
    ):
        assert refine(painted_clip, tiny_weights, out, *options) == 2
        assert expected in capsys.readouterr().err.strip().splitlines()[-1]
    assert not out.exists()


def test_other_detectors_keypoints_pull_and_are_refused_where_they_have_no_say(
    painted_clip: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, truth = load_body_model(), turning_motion()
    camera = camera_from_focal(1.1 * HEIGHT, HEIGHT, WIDTH)
    points = camera.project(body25_points(truth.pose(model))).numpy()
    np.save(tmp_path / "k.npy", points - 0.5)
    out, keypoints = tmp_path / "o.npz", ("--keypoints-2d", str(tmp_path / "k.npy"))
    for options, expected in (
        (keypoints, "counts for nothing without --keypoint"),
        ((*keypoints, "--keypoint", "1", "--preset", "paper"), "has no 2D keypoints"),
    ):
        assert refine(painted_clip, tiny_weights, out, *options) == 2
        assert expected in capsys.readouterr().err
    report = tmp_path / "r.json"
    options = (*keypoints, "--keypoint", "5", "--guard", "off", "--report", str(report))
    assert refine(painted_clip, tiny_weights, out, *options) == 0
    told = json.loads(report.read_text())["keypoints"]
    assert told["found"] == 1.0 and told["after"] < told["before"]


def test_bodies_without_known_keypoints_are_refused(tiny_weights: Path) -> None:
    with pytest.raises(BodyModelError, match=r"782 vertices.* 6890"):
        load_heatmaps_of_body(load_ghn(tiny_weights), make_synthetic_body())


def test_a_disk_that_fills_up_leaves_the_old_result(
    painted_clip: Path, tmp_path: Path, tiny_weights: Path, capsys
) -> None:
    out = tmp_path / "o.npz"
    out.write_text("old")
    words = ["refine", str(painted_clip), "--out", str(out), "--overwrite", "--device", "cpu"]
    words += ["--checkpoint", str(tiny_weights), "--epochs", "1", "--set", "draft.steps=2"]
    with full_disk():
        assert main(words) == 2
    assert "o.npz could not be written (File too large)" in capsys.readouterr().err
    assert out.read_text() == "old" and list(tmp_path.iterdir()) == [out]


def test_a_file_of_settings_comes_between_the_preset_and_single_settings(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[weights]\nrgb = 0.5\ngeo = 0.25\n[schedule]\nepochs = 2\n")
    command = Refine(
        clip=tmp_path / "clip.mp4",
        out=tmp_path / "out.npz",
        settings=path,
        set=("weights.geo=0.75",),
        epochs=3,
        preset="paper",
    )
    config = command.config()
    assert (config.weights.rgb, config.weights.geo, config.schedule.epochs) == (0.5, 0.75, 3)
    assert config.draft.enabled is False and config.name == "paper"
