"""`neuhmr refine --resume` goes on with the very same run only, and says at once what differs."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from neuhmr.cli import main, refine_run
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.masks import pack_masks, read_masks, write_masks
from neuhmr.clip.video import open_video, write_video
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.refine.field.refiner import Refiner
from tests.painted_clip import HEIGHT, WIDTH

KNOWN_WITHIN_S = 3.0
"""Of computing; opening the clip and the networks included."""


@pytest.fixture(scope="module")
def begun(painted_clip: Path, tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of one step, and all that it needs."""
    folder = tmp_path_factory.mktemp("begun")
    for path in painted_clip.parent.glob("clip.*"):
        shutil.copy(path, folder)
    shutil.copy(tiny_weights, folder / "weights.safetensors")
    original = Refiner.step

    def interrupted(self: Refiner, *given: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return original(self, *given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Refiner, "step", interrupted)
        assert refine(folder) == 130
    return folder


def refine(folder: Path, *options: str) -> int:
    words = ["refine", str(folder / "clip.mp4"), "--out", str(folder / "out.npz")]
    words += ["--checkpoint", str(folder / "weights.safetensors"), "--device", "cpu"]
    return main([*words, "--epochs", "4", *options, "--set", "draft.steps=20"])


@pytest.fixture
def run(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def refuse(run: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Callable[..., str]:
    """Go on, which must be refused before any work; give the sentence."""

    def go_on(*options: str) -> str:
        def work(*_arguments: object) -> None:
            raise AssertionError("the draft began")

        monkeypatch.setattr(refine_run, "prepare", work)
        kept = {path: path.read_bytes() for path in run.iterdir()}
        started = time.process_time()
        assert refine(run, "--resume", *options) == 2
        assert time.process_time() - started < KNOWN_WITHIN_S
        assert {path: path.read_bytes() for path in run.iterdir()} == kept
        return capsys.readouterr().err.strip().splitlines()[-1]

    return go_on


def state(run: Path) -> Path:
    return run / "out.npz.resume.safetensors"


def change_state(run: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change tensors and leave the header, as a careless hand or a bad disk would."""
    with safe_open(state(run), framework="pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    change(tensors)
    save_file(tensors, state(run), metadata=header)


def test_the_same_run_goes_on_and_needs_no_leave_to_replace_its_own_result(run: Path) -> None:
    assert refine(run, "--resume") == 0
    assert not state(run).exists()
    assert refine(run, "--resume") == 2, "the run is complete, and so is its result"


def other_clip(run: Path) -> None:
    frames = [255 - frame for frame in open_video(run / "clip.mp4").frames()]
    write_video(run / "clip.mp4", frames, 10.0)


def other_masks(run: Path) -> None:
    masks = read_masks(run / "clip.masks.npz")
    every = [masks.mask(frame) for frame in range(len(masks))]
    rows, columns = np.nonzero(every[0])
    every[0][rows[0], columns[0]] = False
    write_masks(run / "clip.masks.npz", pack_masks(every))


def other_camera(run: Path) -> None:
    write_camera(run / "clip.camera.json", camera_from_focal(1.2 * HEIGHT, HEIGHT, WIDTH))


def other_poses(run: Path) -> None:
    with np.load(run / "clip.poses.npz") as data:
        arrays = dict(data)
    arrays["body_pose"][0, 5] += 0.01
    np.savez(run / "clip.poses.npz", **arrays)


def other_weights(run: Path) -> None:
    ghn = load_ghn(run / "weights.safetensors")
    with torch.no_grad():
        next(ghn.parameters()).mul_(1.5)
    save_ghn(ghn, run / "weights.safetensors", {})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (other_clip, "clip"),
        (other_masks, "masks"),
        (other_camera, "camera"),
        (other_poses, "poses"),
        (other_weights, "avatar weights"),
    ],
)
def test_another_input_is_named_before_any_work(change, named: str, run: Path, refuse) -> None:
    change(run)
    assert f"belongs to a run with other {named}; give the same" in refuse()


def test_another_setting_is_named_with_what_it_was(refuse) -> None:
    said = refuse("--rgb", "0.7")
    assert "with other settings (weights.rgb was 1.0); give the same" in said
    assert "with other range or locked parts" in refuse("--lock", "head")


def drop(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["field.trunk.0.weight"]


def reshape(tensors: dict[str, torch.Tensor]) -> None:
    tensors["field.trunk.0.weight"] = tensors["field.trunk.0.weight"][:-1].clone()


def poison(tensors: dict[str, torch.Tensor]) -> None:
    tensors["field.trunk.0.weight"][0, 0] = torch.nan


def flip(tensors: dict[str, torch.Tensor]) -> None:
    tensors["order"] = tensors["order"].flip(0) + 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop, "field.trunk.0.weight is missing"),
        (reshape, "field.trunk.0.weight has the shape"),
        (poison, "field.trunk.0.weight holds NaN or Inf"),
        (flip, "its numbers have changed"),
    ],
)
def test_a_state_that_is_not_whole_is_refused_before_any_work(
    change, said: str, run: Path, refuse
) -> None:
    change_state(run, change)
    assert f"cannot be read ({said}" in refuse()


def test_a_state_cut_short_or_of_another_version_is_refused(run: Path, refuse) -> None:
    whole = state(run).read_bytes()
    state(run).write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in refuse()
    save_file({"field.a": torch.zeros(1)}, state(run), metadata={"fingerprint": "0"})
    assert "of another version" in refuse()
    header = {"format": "neuhmr-run-2", "identity": "{", "shapes": "{}", "digest": ""}
    save_file({"field.a": torch.zeros(1)}, state(run), metadata=header)
    assert "cannot be read" in refuse()


def test_a_run_that_would_start_again_over_an_interrupted_one_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "out.npz").unlink()
    assert refine(run) == 2
    assert "keeps an interrupted run; add --resume" in capsys.readouterr().err
    assert refine(run, "--overwrite", "--json") == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 4
