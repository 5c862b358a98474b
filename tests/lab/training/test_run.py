"""A training run: it descends, keeps itself, resumes exactly, stops on bad numbers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from neuhmr.errors import NonFiniteError
from neuhmr.lab.training.run import TrainingRun, run_steps
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
    assert json.loads((tmp_path / "half_log.jsonl").read_text()) == {
        "step": 0, "error": 0.123456789, "unknown": None,
    }  # fmt: skip
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
