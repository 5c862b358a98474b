"""What a course leaves: the weights of each network, and a table of how much better they are."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from neuhmr.clip.atomic import atomic_path
from neuhmr.export.run_report import write_report
from neuhmr.lab.markdown import plain, table
from neuhmr.lab.training.course.plan import Stage
from neuhmr.lab.training.course.state import StageResult
from neuhmr.lab.training.run_config import RunConfig
from neuhmr.weights_file import file_digest

TABLE_NAME = "training.md"


def stage_result(stage: Stage, run: RunConfig) -> StageResult:
    """Read the first and the last validation of a run's log."""
    lines = (run.out / stage.log).read_text(encoding="utf-8").splitlines()
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    steps, seconds = int(last["step"]), float(last["seconds"])
    for row in (first, last):
        del row["step"], row["seconds"]
    return StageResult(steps=steps, seconds=seconds, before=first, after=last)


def keep_results(
    out: Path, stages: Sequence[Stage], results: Mapping[str, StageResult]
) -> dict[str, object]:
    """Gather weights of the stages that are done, and write the table as Markdown and as JSON.

    Returns:
        The table's content.

    Raises:
        OutputError: a file cannot be written.
    """
    done = [stage for stage in stages if stage.name in results]
    for stage in done:
        # A later stage's file of the same name holds what an earlier one learnt, too.
        with atomic_path(out / stage.weights) as partial:
            shutil.copyfile(out / stage.name / stage.weights, partial)
    content: dict[str, object] = {
        "networks": {name: asdict(result) for name, result in results.items()},
        "weights": {stage.weights: file_digest(out / stage.weights) for stage in done},
    }
    write_report(out / "training.json", content)
    with atomic_path(out / TABLE_NAME) as partial:
        partial.write_text(_markdown(results), encoding="utf-8")
    return content


def _markdown(results: Mapping[str, StageResult]) -> str:
    return (
        "# Trained in turn\n\n"
        "Each network before, with the weights that are shipped, and after, on people and motions\n"
        "that it was not trained on. Matching and heatmaps of clips are validated on the\n"
        "rendering that was trained before them.\n\n"
        + table("network, score", ["steps", "seconds", "shipped", "trained"], _rows(results))
        + "\n"
    )


def _rows(results: Mapping[str, StageResult]) -> Iterator[tuple[str, list[str]]]:
    for name, result in results.items():
        for score, after in result.after.items():
            before = result.before.get(score)
            figures = [str(result.steps), plain(result.seconds, 1)]
            yield f"{name}, {score}", [*figures, plain(before, 4), plain(after, 4)]
