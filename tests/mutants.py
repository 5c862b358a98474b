"""Change the code in small ways and see whether a test notices: `make mutants`.

mutmut makes the changes, one function at a time, and runs the tests that call the function; this
file says which tests lie near which package, draws a sample, and gathers the scores. mutmut leaves
decorated functions alone: properties, whatever computes without gradients, fixtures. Changes to
texts alone are left out here. Types are not checked at run time meanwhile: a wrong one that only
the checker sees would count as noticed, though no test says what the code should do.

    python tests/mutants.py                   a sample of every package
    python tests/mutants.py refining clip     of the packages of these groups
    python tests/mutants.py --sample 0        every mutant there is: many hours
    python tests/mutants.py --again           the last run's survivors, with all tests of the files
                                              of today that reach them
    python tests/mutants.py --show            the last run's survivors, as differences
"""

import argparse
import fnmatch
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "mutants"
SOURCES = ("neuhmr", "workbench")
BESIDE = ("tests", "sample_data", "docs", "README.md")
NOTICED = "killed"


@dataclass(frozen=True)
class Group:
    """Packages that the same tests should watch."""

    packages: dict[str, str]
    """Names and patterns of files."""
    tests: tuple[str, ...]
    spared: str = "-"
    """Folder whose code and tests are left out."""


GROUPS = {
    "refining": Group(
        {
            "anchors": "neuhmr/anchors/*.py",
            "refine": "neuhmr/refine/*.py",
            "opening": "neuhmr/opening.py",
            "placed_clip": "neuhmr/placed_clip.py",
            "pipeline": "neuhmr/pipeline.py",
        },
        (
            "tests/refine",
            "tests/anchors",
            "tests/test_pipeline.py",
            "tests/test_opening.py",
        ),
    ),
    "files": Group(
        {
            "export": "neuhmr/export/*.py",
            "formats": "neuhmr/formats/*.py",
            "cli": "neuhmr/cli/*.py",
        },
        ("tests/export", "tests/formats", "tests/cli"),
        spared="cli/lab",
    ),
    "clip": Group({"clip": "neuhmr/clip/*.py"}, ("tests/clip",)),
    "window": Group(
        {"engine": "workbench/engine/*.py", "core": "workbench/core/*.py"},
        ("tests/workbench/core", "tests/workbench/engine"),
    ),
}


def main() -> None:
    """Run the groups that are named, each in a process of its own, and say how they scored."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("groups", nargs="*", help=", ".join(GROUPS))
    parser.add_argument("--sample", type=int, default=40, help="of each package; 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--deselect", nargs="*", default=[], help="tests to leave out")
    parser.add_argument("--again", action="store_true", help="only survivors of the last run")
    parser.add_argument("--show", action="store_true", help="survivors of the last run")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    words = parser.parse_args()
    for name in words.groups or GROUPS:
        if words.here:
            drawn = _survivors(GROUPS[name]) if words.again else []
            _mutate(GROUPS[name], words.sample, words.seed, words.processes, drawn)
            continue
        if not words.show:
            if words.again:
                _take_new_tests(FOLDER / name / "mutants")
            else:
                _prepare(name, words.deselect)
            _run_apart(name, sys.argv[1:])
        _say(name, words.show)


def _prepare(name: str, deselected: list[str]) -> None:
    """Make a folder in which mutmut finds the tree and what to do with it."""
    folder, group = FOLDER / name, GROUPS[name]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for linked in (*SOURCES, *BESIDE):
        (folder / linked).symlink_to(ROOT / linked)
    shutil.copy(ROOT / "pyproject.toml", folder)
    left_out = [f"--ignore-glob=*/{group.spared}/*", *(f"--deselect={t}" for t in deselected)]
    wanted: dict[str, str | Iterable[str]] = {
        "source_paths": SOURCES,
        "only_mutate": group.packages.values(),
        "do_not_mutate": (f"*/{group.spared}/*",),
        "also_copy": BESIDE,
        "pytest_add_cli_args_test_selection": [t for t in group.tests if (ROOT / t).exists()],
        "pytest_add_cli_args": (
            "-oaddopts=--import-mode=importlib",
            "-pno:cacheprovider",
            *left_out,
        ),
        # A fork of a process that has run the tests would find their caches filled.
        "process_isolation": "forkserver",
        "timeout_multiplier": "3",
        "timeout_constant": "40",
        "track_dependencies": "false",
        "use_git_change_detection": "false",
    }
    lines = ["[mutmut]"]
    for key, value in wanted.items():
        lines.append(f"{key} = " + (value if isinstance(value, str) else "\n  ".join(["", *value])))
    (folder / "setup.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _run_apart(name: str, words: list[str]) -> None:
    """Let mutmut run in a process of its own, since it changes what can be imported."""
    options = [word for word in words if word not in GROUPS]
    command = [sys.executable, str(ROOT / "tests" / "mutants.py"), name, "--here", *options]
    log = FOLDER / name / "log.txt"
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(command, cwd=log.parent, stdout=out, stderr=out, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: mutmut failed; see {log}")


def _take_new_tests(folder: Path) -> None:
    """Forget the last run's tests, and which of them calls what."""
    shutil.rmtree(folder / "tests")
    for noted in folder.glob("mutmut-stats*.json"):
        noted.unlink()


def _survivors(group: Group) -> list[str]:
    """List the mutants in the current folder that no test has noticed, or not in time."""
    return [
        key
        for pattern in group.packages.values()
        for key, status in _tried(Path.cwd(), pattern).items()
        if status != NOTICED
    ]


def _mutate(group: Group, size: int, seed: int, processes: int, drawn: list[str]) -> None:
    """Make all mutants in the current folder, then try those that are named, or a sample."""
    import mutmut.__main__ as mutmut
    from mutmut.utils.file_utils import copy_src_dir
    from mutmut.workers.isolation import ForkServerRunner

    _leave_texts_alone()
    # mutmut has just run the unchanged code when it noted which test calls what.
    ForkServerRunner.run_clean_tests = lambda self, tests: 0
    Path("mutants").mkdir(exist_ok=True)
    copy_src_dir()
    mutmut.create_mutants(processes)
    if drawn:
        _run_whole_files(mutmut)
    else:
        for pattern in group.packages.values():
            found = sorted(_verdicts(Path.cwd(), pattern))
            drawn += random.Random(seed).sample(found, min(size, len(found))) if size else found
    mutmut._run(drawn, processes)


def _run_whole_files(mutmut: Any) -> None:
    """Run all tests of a file that holds one which calls the changed function.

    What a fixture or a cache makes once for many tests is noted as the first one's call alone.
    """
    from mutmut.state import state

    collect = mutmut.collect_or_load_stats

    def collect_and_widen(*given: Any, **options: Any) -> None:
        collect(*given, **options)
        for tests in state().tests_by_mangled_function_name.values():
            files = {test.split("::")[0] for test in tests}
            tests |= {t for t in state().duration_by_test if t.split("::")[0] in files}

    mutmut.collect_or_load_stats = collect_and_widen


def _leave_texts_alone() -> None:
    from mutmut.mutation import mutators

    def without_texts(operator: Callable[[Any], Iterable[Any]]) -> Callable[[Any], Iterable[Any]]:
        return lambda node: () if _is_said(node) else operator(node)

    mutators.mutation_operators[:] = [
        (kind, without_texts(operator))
        for kind, operator in mutators.mutation_operators
        if operator is not mutators.operator_string
    ]


def _is_said(node: Any) -> bool:
    """Tell whether a call passes a text, as errors and warnings do."""
    import libcst as cst

    texts = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
    return isinstance(node, cst.Call) and any(isinstance(arg.value, texts) for arg in node.args)


def _verdicts(folder: Path, pattern: str) -> dict[str, int | None]:
    """Read mutmut's exit codes of the files that fit a pattern, by mutant."""
    found: dict[str, int | None] = {}
    for meta in sorted((folder / "mutants").rglob("*.py.meta")):
        if fnmatch.fnmatch(str(meta.relative_to(folder / "mutants").with_suffix("")), pattern):
            found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def _tried(folder: Path, pattern: str) -> dict[str, str]:
    """Say what became of each mutant that was tried."""
    from mutmut.stats import status_by_exit_code

    codes = _verdicts(folder, pattern)
    return {key: status_by_exit_code[code] for key, code in codes.items() if code is not None}


def _say(name: str, with_differences: bool) -> None:
    """Print the scores of a group's packages, and what survived."""
    for package, pattern in GROUPS[name].packages.items():
        tried, number = _tried(FOLDER / name, pattern), len(_verdicts(FOLDER / name, pattern))
        counts = ", ".join(
            f"{number} {status}" for status, number in Counter(tried.values()).items()
        )
        print(f"{package}: {len(tried)} of {number} mutants tried; {counts}")
        for key, status in tried.items():
            if status == NOTICED:
                continue
            print(f"  {status}: {key}")
            if with_differences:
                command = [sys.executable, "-m", "mutmut", "show", key]
                folder = FOLDER / name
                shown = subprocess.run(
                    command, cwd=folder, capture_output=True, text=True, check=True
                )
                print(shown.stdout)


if __name__ == "__main__":
    main()
