"""`neuhmr train all`: its options, its table, its mistakes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neuhmr.cli.dispatch import INTERRUPTED, USER_ERROR, main
from neuhmr.cli.lab import train_all as command
from neuhmr.cli.progress import StopRequest
from neuhmr.lab.training.course import course
from neuhmr.lab.training.course.course import CourseConfig, CourseStep
from neuhmr.lab.training.course.plan import STAGES
from neuhmr.lab.training.run import StepOutcome

WORDS = ["train", "all", "--data", "mocap", "--out"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[CourseConfig]:
    """Record what would be trained, and leave a table."""
    configs: list[CourseConfig] = []

    def keep(config: CourseConfig, on_progress: object) -> Iterator[CourseStep]:
        configs.append(config)
        config.out.mkdir()
        (config.out / "training.md").write_text("| a table |\n")
        yield CourseStep(STAGES[0], StepOutcome(7, {"color": 0.5}, 1e-3, 0.1), 2.0)

    monkeypatch.setattr(course, "train_all", keep)
    return configs


def test_minutes_become_seconds_and_the_table_is_printed(
    tmp_path: Path, asked: list[CourseConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*WORDS, str(tmp_path / "out"), "--minutes", "0.1", "--device", "cpu", "--seed", "3"]
    assert main([*words, "--people", "people"]) == 0
    (config,) = asked
    assert (config.seconds, config.seed, config.device) == (pytest.approx(6.0), 3, "cpu")
    assert (config.data, config.people, config.resume) == (Path("mocap"), Path("people"), False)
    assert config.stages == STAGES and config.processes >= 1
    assert "| a table |" in capsys.readouterr().out


def test_whoever_stops_it_is_told_how_to_go_on(
    tmp_path: Path,
    asked: list[CourseConfig],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def at_once() -> Iterator[StopRequest]:
        request = StopRequest()
        request.is_set = True
        yield request

    monkeypatch.setattr(command, "stop_on_interrupt", at_once)
    out = tmp_path / "out"
    assert main([*WORDS, str(out), "--minutes", "1", "--device", "cpu"]) == INTERRUPTED
    assert "--resume goes on" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--minutes", "0"], "--minutes is 0, more than 0 was expected; change it."),
        (["--minutes", "nan"], "--minutes is nan, more than 0 was expected; change it."),
        (["--minutes", "1", "--device", "cuda:99"], "There is no CUDA device for --device cuda:99"),
        (["--minutes", "1", "--device", "cpu"], "mocap holds no recordings"),
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, str(tmp_path / "out"), *words]) == USER_ERROR
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error
    assert not (tmp_path / "out").exists()
