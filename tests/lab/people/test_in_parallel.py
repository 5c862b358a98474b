"""People made by several processes: as many as there is time for, and the same ones as by one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuhmr.lab.people import in_parallel
from neuhmr.lab.people.in_parallel import generate_in_parallel
from neuhmr.lab.people.training_set import (
    TrainingSetConfig,
    generate_training_set,
    training_files,
)
from neuhmr.progress import Cancelled, Progress


def set_of(folder: Path, people: int = 2) -> TrainingSetConfig:
    return TrainingSetConfig(out_dir=folder, num_people=people, poses=1, views=1, size=48)


@pytest.mark.slow
def test_processes_make_the_same_people_as_one(tmp_path: Path) -> None:
    made = generate_in_parallel([set_of(tmp_path / "two")], 600.0, processes=2)
    one = replace(set_of(tmp_path / "one"), num_people=1, seed=1)
    generate_training_set(one)
    assert made == 2
    (alone,), (_, second) = training_files(one), training_files(set_of(tmp_path / "two"))
    assert alone.read_bytes() == second.read_bytes()


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> list[TrainingSetConfig]:
    """Let this process do the work, writing empty files, each in ten seconds."""
    made: list[TrainingSetConfig] = []
    now = [0.0]

    class Done:
        def result(self) -> None:
            """Nothing went wrong."""

    class Pool:
        def __init__(self, *_: object, **__: object) -> None:
            """Start nothing."""

        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None:
            """End nothing."""

        def shutdown(self, **_: object) -> None:
            """End nothing."""

        def submit(self, _: Callable[..., None], order: TrainingSetConfig) -> Done:
            made.append(order)
            order.out_dir.mkdir(parents=True, exist_ok=True)
            training_files(order)[0].touch()
            return Done()

    class Waited:
        def __init__(self, done: object) -> None:
            self.done = list(done)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def wait(begun: object, **_: object) -> Waited:
        now[0] += 10.0
        return Waited(begun)

    monkeypatch.setattr(in_parallel, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(in_parallel, "wait", wait)
    monkeypatch.setattr(in_parallel, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return made


def test_sets_grow_evenly_until_the_time_is_over(
    tmp_path: Path, by_hand: list[TrainingSetConfig]
) -> None:
    sets = [set_of(tmp_path / "few", 4), set_of(tmp_path / "many", 8)]
    # Two at a time take ten seconds: after five times no other pair would be done in 55 s.
    assert generate_in_parallel(sets, 55.0, processes=2) == 10
    assert len(list((tmp_path / "few").iterdir())) == 4
    assert len(list((tmp_path / "many").iterdir())) == 6
    assert {order.num_people for order in by_hand} == {1}


def test_without_time_each_set_gets_one_person_and_what_exists_is_kept(
    tmp_path: Path, by_hand: list[TrainingSetConfig]
) -> None:
    sets = [set_of(tmp_path / "few", 4), set_of(tmp_path / "many", 8)]
    assert generate_in_parallel(sets, 0.0, processes=2) == 2
    assert [order.out_dir.name for order in by_hand] == ["few", "many"]
    assert generate_in_parallel(sets, 0.0, processes=2) == 0


def test_whoever_watches_may_stop_it(tmp_path: Path, by_hand: list[TrainingSetConfig]) -> None:
    def stop(progress: Progress) -> None:
        assert progress.total == 4
        raise Cancelled

    with pytest.raises(Cancelled):
        generate_in_parallel([set_of(tmp_path / "few", 4)], 600.0, 2, stop)
    assert len(by_hand) == 2
