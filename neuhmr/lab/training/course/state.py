"""What of a course is done: a small file beside its results."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from neuhmr.errors import NeuhmrError, OutputError
from neuhmr.export.run_report import write_report

STATE_NAME = "course.json"


@dataclass(frozen=True, kw_only=True)
class StageResult:
    """What a stage came to."""

    steps: int
    seconds: float
    """Reading people and validating included."""
    before: dict[str, float | None]
    """Validation scores of the weights that it began with."""
    after: dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class CourseState:
    """How far a course is; changes make a new one."""

    spent: float = 0.0
    """Seconds, over all processes."""
    has_people: bool = False
    budgets: dict[str, float] = field(default_factory=dict)
    """Seconds of the stages that have begun, by name."""
    results: dict[str, StageResult] = field(default_factory=dict)
    """Of the stages that are done."""

    @staticmethod
    def open(folder: Path, resume: bool) -> "CourseState":
        """Make a course's folder, or find out where the one in it stands.

        Raises:
            OutputError: the folder cannot be made.
            NeuhmrError: it holds a course that is not to be gone on with, or its file is damaged.
        """
        path = folder / STATE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8") if path.exists() else None
        except OSError as error:
            raise OutputError(
                f"The folder {folder} cannot be used ({error.strerror}); choose another --out."
            ) from error
        if text is None:
            return CourseState()
        if not resume:
            raise NeuhmrError(
                f"{folder} holds a training of all networks already; pass --resume to go on with "
                "it, or choose another --out."
            )
        try:
            return _parse(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NeuhmrError(
                f"{path} is damaged ({error}); it said what is done there. Choose another --out."
            ) from error

    def save(self, folder: Path) -> None:
        """Write the file whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        write_report(folder / STATE_NAME, asdict(self))

    def with_budget(self, name: str, seconds: float) -> "CourseState":
        """Begin a stage."""
        return replace(self, budgets=self.budgets | {name: seconds})

    def with_result(self, name: str, result: StageResult) -> "CourseState":
        """End a stage."""
        return replace(self, results=self.results | {name: result})


def _parse(found: dict[str, Any]) -> CourseState:
    results = {name: StageResult(**result) for name, result in found["results"].items()}
    return CourseState(
        spent=float(found["spent"]),
        has_people=bool(found["has_people"]),
        budgets={name: float(seconds) for name, seconds in found["budgets"].items()},
        results=results,
    )
