"""A training run: it descends, keeps itself, resumes exactly, stops on bad numbers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from neuhmr.errors import NonFiniteError
from neuhmr.lab.training.clock import RunClock
from neuhmr.lab.training.run import StepOutcome, TrainingRun, run_steps
from neuhmr.lab.training.run_config import RunConfig
from neuhmr.lab.training.workers import Workers


def config_for(folder: Path, **changes) -> RunConfig:
    base = RunConfig(
        data=folder, val=folder, out=folder, steps=6, learning_rate=0.1, validate_every=4,
        checkpoint_every=2, seed=1,
    )  # fmt: skip
    return replace(base, **changes)


def make_run(folder: Path, **changes) -> tuple[nn.Linear, TrainingRun]:
    torch.manual_seed(3)
    module = nn.Linear(2, 1)
    folder.mkdir(exist_ok=True)
    return module, TrainingRun(
        module, torch.optim.Adam(module.parameters()), config_for(folder, **changes)
    )


def noisy_losses(module: nn.Linear, run: TrainingRun) -> dict[str, Tensor]:
    inputs = torch.randn(8, 2, generator=run.generator)
    error = module(inputs)[:, 0] - inputs.sum(dim=1)
    return {"fit": error.square().mean(), "size": 0.1 * module.weight.square().sum()}


def test_a_resumed_run_equals_one_that_ran_through(tmp_path: Path) -> None:
    module, run = make_run(tmp_path / "a")
    for _ in run_steps(run, lambda: noisy_losses(module, run), lambda _: 0.1, lambda: None):
        pass
    stopped, first = make_run(tmp_path / "b")
    steps = run_steps(first, lambda: noisy_losses(stopped, first), lambda _: 0.1, lambda: None)
    next(steps), next(steps), next(steps)
    steps.close()
    resumed, second = make_run(tmp_path / "b", resume=True)
    second.resume_or_start()
    assert second.step == 3
    for _ in run_steps(second, lambda: noisy_losses(resumed, second), lambda _: 0.1, lambda: None):
        pass
    torch.testing.assert_close(resumed.weight, module.weight, rtol=0, atol=0)


def test_a_run_is_written_down_when_it_begins_and_says_how_it_went_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    module, first = make_run(tmp_path / "a")
    first.begin([1, 2], [3], "people")
    record = json.loads((tmp_path / "a/run.json").read_text())
    assert record["options"]["steps"] == 6 and "resumed" not in record
    assert json.loads(first.notes["options"])["learning_rate"] == 0.1
    steps = run_steps(first, lambda: noisy_losses(module, first), lambda _: 0.1, lambda: None)
    next(steps)
    steps.close()
    _, second = make_run(tmp_path / "a", resume=True, learning_rate=0.5)
    second.begin([1, 2], [3], "people")
    assert "resumed at step 1 with other options than before: learning_rate was 0.1, is 0.5" in (
        caplog.messages
    )
    record = json.loads((tmp_path / "a/run.json").read_text())
    assert record["resumed"][0]["was"] == {"learning_rate": 0.1}


def test_only_the_first_of_several_workers_writes_the_run_down(tmp_path: Path) -> None:
    module, _ = make_run(tmp_path)
    workers = Workers(torch.device("cpu"), 1, None)
    optimizer = torch.optim.Adam(module.parameters())
    TrainingRun(module, optimizer, config_for(tmp_path), workers=workers).resume_or_start()
    assert not list(tmp_path.iterdir())


def test_a_validation_goes_into_the_log_and_the_header(tmp_path: Path) -> None:
    module, run = make_run(tmp_path)
    run = TrainingRun(module, run.optimizer, run.config, prefix="half_")
    run.begin([1], [2], "people")
    notes = run.report({"error": 0.123456789, "unknown": None})
    row = json.loads((tmp_path / "half_log.jsonl").read_text())
    assert row.pop("seconds") >= 0.0
    assert row == {"step": 0, "error": 0.123456789, "unknown": None}
    assert (notes["step"], notes["error"], "unknown" in notes) == ("0", "0.12346", False)
    assert notes["revision"] and notes["training"] == "RunConfig"
    assert (tmp_path / "half_run.json").is_file()


def test_validation_comes_every_so_often_and_at_the_end(tmp_path: Path) -> None:
    module, run = make_run(tmp_path)
    validated: list[int] = []
    outcomes = list(
        run_steps(
            run,
            lambda: noisy_losses(module, run),
            lambda step: 0.1 / (step + 1),
            lambda: validated.append(run.step),
        )
    )
    assert validated == [4, 6]
    assert [outcome.step for outcome in outcomes] == [1, 2, 3, 4, 5, 6]
    assert outcomes[1].learning_rate == 0.05
    assert set(outcomes[0].losses) == {"fit", "size"}


def test_a_step_goes_down_the_sum_of_the_losses(tmp_path: Path) -> None:
    weight = nn.Linear(1, 1, bias=False)
    nn.init.constant_(weight.weight, 3.0)
    run = TrainingRun(weight, torch.optim.SGD(weight.parameters(), lr=9.0), config_for(tmp_path))
    run.descend({"a": weight.weight.sum() * 0.25, "b": weight.weight.sum() * 0.5}, 0.1)
    # The gradient is 0.75, below the norm that is clipped.
    assert weight.weight.item() == pytest.approx(3.0 - 0.1 * 0.75)
    run.descend({"a": weight.weight.sum() * 50.0}, 0.1)
    assert weight.weight.item() == pytest.approx(3.0 - 0.1 * 1.75)


def test_a_loss_that_is_no_number_is_named_and_nothing_moves(tmp_path: Path) -> None:
    module, run = make_run(tmp_path)
    before = module.weight.detach().clone()
    with pytest.raises(
        NonFiniteError, match=r"the size loss is nan at step 0; resume .*checkpoint\.pt"
    ):
        run.descend({"fit": module.weight.sum(), "size": torch.tensor(float("nan"))}, 0.1)
    torch.testing.assert_close(module.weight.detach(), before)


def test_the_average_begins_with_the_first_step_and_follows_the_others(tmp_path: Path) -> None:
    def make() -> tuple[nn.Linear, TrainingRun]:
        weight = nn.Linear(1, 1, bias=False)
        nn.init.constant_(weight.weight, 3.0)
        optimizer = torch.optim.SGD(weight.parameters(), lr=9.0)
        return weight, TrainingRun(weight, optimizer, config_for(tmp_path, average=0.25))

    weight, run = make()
    values = []
    for slope in (0.5, 1.0, 0.25):
        run.descend({"a": weight.weight.sum() * slope}, 1.0)
        values.append(run.result.weight.item())
    # 2.5, then 1.5, then 1.25: a quarter of each joins the average.
    expected = [2.5, 0.75 * 2.5 + 0.25 * 1.5, 0.75 * 2.25 + 0.25 * 1.25]
    assert values == pytest.approx(expected)
    run.save()
    _, other = make()
    other.load()
    assert other.result.weight.item() == pytest.approx(expected[-1])
    module, plain = make_run(tmp_path)
    assert plain.result is module


class Seconds:
    """A clock that moves by one second with every step."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def timed_run(
    folder: Path, time: Seconds, **changes: object
) -> tuple[list[float], list[int], Iterator[StepOutcome]]:
    """A run whose steps take a second and whose validations take two."""
    module, run = make_run(folder, **changes)
    run.clock = RunClock(run.config.seconds, time)
    run.resume_or_start()
    rates: list[float] = []
    validated: list[int] = []

    def losses() -> dict[str, Tensor]:
        time.now += 1.0
        return noisy_losses(module, run)

    def rate(step: int) -> float:
        rates.append(step / run.config.steps)
        return 0.1

    def validate() -> None:
        time.now += 2.0
        validated.append(run.step)

    return rates, validated, run_steps(run, losses, rate, validate)


def test_a_run_by_time_validates_first_and_last_and_ends_in_time(tmp_path: Path) -> None:
    time = Seconds()
    rates, validated, steps = timed_run(tmp_path, time, seconds=20.0, steps=1000, validate_every=99)
    count = len(list(steps))
    # Two validations of two seconds leave 16 for steps; the first rate is due after three.
    assert count == 16 and time.now == 20.0
    assert rates[0] == pytest.approx(3 / 18, abs=1e-3)
    assert rates == sorted(rates) and 0.9 < rates[-1] <= 1.0
    assert validated[0] == 0 and validated[-1] == count


def test_a_run_by_time_goes_on_with_the_time_that_is_left(tmp_path: Path) -> None:
    first = Seconds()
    _, _, steps = timed_run(tmp_path, first, seconds=20.0, steps=1000, validate_every=99)
    taken = [next(steps).step for _ in range(6)]
    steps.close()
    second = Seconds()
    rates, validated, rest = timed_run(
        tmp_path, second, seconds=20.0, steps=1000, validate_every=99, resume=True
    )
    taken += [outcome.step for outcome in rest]
    assert taken == list(range(1, 17)) and validated == [16]
    assert first.now + second.now == pytest.approx(20.0)
    assert rates[0] > 8 / 18


def test_a_run_whose_time_was_over_before_its_last_validation_is_validated(tmp_path: Path) -> None:
    time = Seconds()
    _, _, steps = timed_run(tmp_path, time, seconds=20.0, steps=1000, validate_every=99)
    next(steps)
    time.now = 19.0
    steps.close()
    _, validated, rest = timed_run(tmp_path, Seconds(), seconds=20.0, steps=1000, resume=True)
    assert list(rest) == [] and validated == [1]


def test_the_average_of_a_short_run_forgets_where_it_began(tmp_path: Path) -> None:
    weight = nn.Linear(1, 1, bias=False)
    nn.init.constant_(weight.weight, 0.0)
    optimizer = torch.optim.SGD(weight.parameters(), lr=1.0)
    config = config_for(tmp_path, average=0.001, seconds=60.0)
    run = TrainingRun(weight, optimizer, config)
    for _ in range(200):
        run.descend({"a": -weight.weight.sum()}, 1.0)
    assert weight.weight.item() == pytest.approx(200.0)
    # Weighted by count^9, nearly; a share of 0.001 alone would be at 10.
    assert 170.0 < run.result.weight.item() < 195.0
