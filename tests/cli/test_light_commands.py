"""What commands import: help nothing heavy, `convert` no torch, `evaluate` torch and little else.

Modules are counted, not seconds, so that a busy machine changes nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neuhmr.cli.dispatch import COMMANDS
from tests.cli.motions import make_motion, save_motion
from tests.painted_clip import make_painted_clip

HEAVY = {
    "PIL", "av", "imageio", "imageio_ffmpeg", "jaxtyping", "lightning", "mediapipe", "numpy",
    "psutil", "pyrender", "rich", "roma", "safetensors", "scipy", "smplx", "spconv", "timm",
    "torch", "torchmetrics", "torchvision", "trimesh", "viser",
}  # fmt: skip
"""All that the program is built on, but for tyro, which writes the help."""
READS_FILES = {"jaxtyping", "numpy", "rich"}

HELP_OF_ALL = """
import contextlib, io, json, sys
from neuhmr.cli.dispatch import COMMANDS, main
found, known = {}, set()
def note(program, words, name):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        program(words)
    assert out.getvalue(), name
    found[name] = sorted(set(sys.modules) - known)
    known.update(sys.modules)
for words in [], ["--help"], ["--version"], *([name, "--help"] for name in COMMANDS):
    note(main, words, " ".join(words))
from workbench.__main__ import main
note(main, ["--help"], "neuhmr-workbench --help")
print(json.dumps(found))
"""
"""Notes, name by name, what each help imports that those before it had not."""


def top_levels(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def modules_of(code: str, *arguments: object) -> str:
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout


def modules_after(*words: object, exit_code: int = 0) -> list[str]:
    """Run a command in a process of its own and list what it has imported."""
    code = (
        "import json, sys; from neuhmr.cli.dispatch import main; "
        f"assert main(sys.argv[1:]) == {exit_code}; "
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    return json.loads(modules_of(code, *words).splitlines()[-1])


@pytest.fixture(scope="module")
def imported_for_help() -> dict[str, list[str]]:
    return json.loads(modules_of(HELP_OF_ALL))


@pytest.mark.parametrize("name", [*COMMANDS, "neuhmr-workbench"])
def test_help_of_a_command_imports_nothing_heavy(
    name: str, imported_for_help: dict[str, list[str]]
) -> None:
    assert not top_levels(imported_for_help[f"{name} --help"]) & HEAVY


@pytest.mark.parametrize("words", ["", "--help", "--version"])
def test_the_overview_does_without_heavy_modules_and_the_parser(
    words: str, imported_for_help: dict[str, list[str]]
) -> None:
    found = imported_for_help[words]
    assert not top_levels(found) & HEAVY and "tyro._cli" not in found


@pytest.mark.parametrize("to", ["motion", "smplx", "amass", "wham", "bvh", "trc", "html"])
def test_converting_does_without_torch(to: str, tmp_path: Path) -> None:
    source = save_motion(tmp_path / "a.npz", make_motion())
    found = modules_after("convert", source, tmp_path / "b.npz", "--to", to)
    assert (tmp_path / "b.npz").is_file()
    assert top_levels(found) & HEAVY == READS_FILES


def test_evaluating_imports_torch_but_not_what_slows_it(tmp_path: Path) -> None:
    motion = save_motion(tmp_path / "m.npz", make_motion(noise=0.1))
    truth = save_motion(tmp_path / "t.npz", make_motion())
    found = modules_after("evaluate", motion, "--truth", truth)
    assert top_levels(found) & HEAVY == {*READS_FILES, "torch"}
    # roma and compiled code load it; it takes as long as all the rest of torch.
    assert "torch._dynamo" not in found


def test_poses_in_millimeters_are_refused_before_what_refines_is_imported(tmp_path: Path) -> None:
    clip = make_painted_clip(tmp_path)
    with np.load(clip.with_name("clip.poses.npz")) as poses:
        arrays = dict(poses)
    np.savez(tmp_path / "mm.npz", **(arrays | {"transl": 1000.0 * arrays["transl"]}))
    words = ("refine", clip, "--poses", tmp_path / "mm.npz", "--out", tmp_path / "out.npz")
    found = modules_after(*words, exit_code=2)
    assert not top_levels(found) & {"lightning", "mediapipe", "roma", "scipy", "smplx", "timm"}
    assert "torch._dynamo" not in found and "neuhmr.placed_clip" in found
