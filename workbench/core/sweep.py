"""What a sweep is, and which values it goes through."""

import itertools
import math
from dataclasses import dataclass

from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings.table import Setting, find_setting
from neuhmr.setting import Value
from workbench.errors import WorkbenchError

MOST_RUNS = 64
MOST_FRAMES = 50


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One setting and its values, ascending."""

    setting: str
    values: tuple[Value, ...]

    @property
    def row(self) -> Setting:
        """The setting's declaration."""
        return find_setting(self.setting)


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """One or two settings over some values, on a few frames."""

    axes: tuple[Axis, ...]
    num_frames: int

    def combinations(self) -> list[tuple[Value, ...]]:
        """List what is to be run, the last axis quickest."""
        return list(itertools.product(*(axis.values for axis in self.axes)))


@dataclass(frozen=True, kw_only=True)
class SweepPoint:
    """One run."""

    values: tuple[Value, ...]
    score: float
    """Less is better."""
    version: str


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep under way, or done."""

    request: SweepRequest
    meaning: str
    """What the score is, in the user's words, with the unit."""
    frames: tuple[int, ...]
    points: tuple[SweepPoint, ...] = ()
    is_running: bool = True

    @property
    def best(self) -> SweepPoint | None:
        """The run with the least score."""
        return min(self.points, key=lambda point: point.score, default=None)


def axis_of(setting: str, low: float, high: float, count: int) -> Axis:
    """Spread values between two, evenly on the scale that the setting's slider has.

    Switches and words go through all that they can be.

    Raises:
        NeuhmrError: there is no such setting, or an end lies outside its range.
        WorkbenchError: there is only one value.
    """
    row = find_setting(setting)
    if row.kind is bool:
        return Axis(setting=setting, values=(False, True))
    if row.choices:
        return Axis(setting=setting, values=row.choices)
    low, high = (float(row.checked(end)) for end in sorted((low, high)))
    shares = [step / (count - 1) for step in range(count)] if count > 1 else [0.0]
    if row.declared.scale == "log" and low > 0.0:
        numbers = [math.exp(math.log(low) * (1.0 - s) + math.log(high) * s) for s in shares]
    else:
        numbers = [low + (high - low) * share for share in shares]
    numbers[0], numbers[-1] = low, (high if count > 1 else low)
    whole = [round(n) for n in numbers] if row.kind is int else [float(f"{n:.6g}") for n in numbers]
    values = tuple(dict.fromkeys(row.checked(number) for number in whole))
    if len(values) < 2:
        raise WorkbenchError(
            f"{row.declared.label} would have one value only; widen its range or add runs."
        )
    return Axis(setting=setting, values=values)


def checked_request(request: SweepRequest) -> SweepRequest:
    """Accept a sweep that ends some day.

    Raises:
        NeuhmrError: it has no or too many settings, runs or frames.
    """
    if not 1 <= len(request.axes) <= 2:
        raise NeuhmrError("A sweep takes one or two settings; choose them.")
    if len({axis.setting for axis in request.axes}) != len(request.axes):
        raise NeuhmrError("Both settings of the sweep are the same; choose another second one.")
    runs = len(request.combinations())
    if runs > MOST_RUNS:
        raise NeuhmrError(f"That would be {runs} runs, at most {MOST_RUNS} are done; take fewer.")
    if not 1 <= request.num_frames <= MOST_FRAMES:
        raise NeuhmrError(f"A sweep looks at 1 to {MOST_FRAMES} frames; choose so many.")
    return request
