"""The program's own files in a result's name: all that its imports reach, and nothing else."""

from pathlib import Path

import pytest

from neuhmr.lab.benchmarks.pose import benchmark_clips, match_distances, method_runs, workspace
from neuhmr.lab.benchmarks.program_digest import PACKAGE, import_closure, program_digest

FILES = {
    "__init__.py": "",
    "entry.py": "from made.near import helper\nimport torch",
    "near/__init__.py": "",
    "near/helper.py": "def help():\n    from . import inner",
    "near/inner.py": "try:\n    from ..far.place import thing\nexcept ImportError:\n    pass",
    "far/__init__.py": "import made.beside",
    "far/place.py": "thing = 1",
    "far/data/table.npz": "numbers",
    "far/data/weights.safetensors": "numbers",
    "far/unreached.py": "from made import entry",
    "beside.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import made.types",
    "types.py": "",
    "other/__init__.py": "",
    "other/table.npz": "numbers",
}  # fmt: skip
UNREACHED = {
    "far/unreached.py", "other/__init__.py", "other/table.npz", "far/data/weights.safetensors"
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Write a small package."""
    root = tmp_path / "made"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def digest_now(root: Path) -> str:
    """Hash the files as they are, where a process would keep its first answer."""
    program_digest.cache_clear()
    return program_digest("made.entry", root=root)


def names(files: list[Path], root: Path) -> set[str]:
    return {file.relative_to(root).as_posix() for file in files}


def test_imports_are_followed_wherever_they_stand(made: Path) -> None:
    assert names(import_closure(["made.entry"], made), made) == set(FILES) - UNREACHED
    assert names(import_closure(["made.types"], made), made) == {"__init__.py", "types.py"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_digest_changes_with_every_file_reached_and_no_other(made: Path, name: str) -> None:
    before = digest_now(made)
    (made / name).write_text(FILES[name] + "\n")
    assert (digest_now(made) == before) == (name in UNREACHED)


def test_a_missing_module_is_named(made: Path) -> None:
    with pytest.raises(ValueError, match=r"no module made\.near\.gone below .*made"):
        program_digest("made.entry", "made.near.gone", root=made)
    with pytest.raises(ValueError, match="no module torch"):
        program_digest("torch", root=made)


def test_a_process_reads_the_program_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = digest_now(made)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read again"))
    assert program_digest("made.entry", root=made) == first


def test_results_depend_on_all_that_refinement_runs() -> None:
    reached = names(import_closure([method_runs.__name__]), PACKAGE)
    assert reached >= {
        "initial/silhouettes.py", "losses/image.py", "ghnerf/clips/clip_heatmaps.py",
        "refine/priors/pose_prior.npz", "body/data/open_body.npz", "metrics/pose_scores.py",
        "lab/benchmarks/pose/method_runs.py", "lab/benchmarks/pose/smplify.py",
    }  # fmt: skip
    assert not [name for name in reached if name.startswith(("cli/", "lab/training/"))]


@pytest.mark.parametrize(
    ("module", "file"),
    [
        (benchmark_clips.__name__, "lab/people/stage/stage_renderer.py"),
        (benchmark_clips.__name__, "lab/people/presets.py"),
        (match_distances.__name__, "initial/landmark_body.py"),
        (workspace.DETECTING, "initial/mediapipe_detector.py"),
        (workspace.STARTING, "initial/silhouettes.py"),
        (workspace.STARTING, "lab/people/errors/limb_flips.py"),
    ],
)
def test_what_is_kept_depends_on_what_makes_it(module: str, file: str) -> None:
    assert file in names(import_closure([module]), PACKAGE)
