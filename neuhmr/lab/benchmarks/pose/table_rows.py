"""From results of single clips to the rows of a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neuhmr.lab.benchmarks.intervals import (
    Estimate,
    drop_over_clips,
    mean_of_known,
    mean_over_clips,
)
from neuhmr.lab.benchmarks.pose.clip_result import (
    SCORE_NAMES,
    ClipResult,
    share_of_worse_frames,
    share_of_worse_joints,
)

DROPS: dict[str, str] = {
    "mpjpe_drop": "mpjpe_mm", "pa_mpjpe_drop": "pa_mpjpe_mm", "pve_drop": "pve_mm",
}  # fmt: skip
"""Share by which a score fell against the initial poses: (key, score)."""
PARTS: dict[str, tuple[int, ...]] = {
    "arms_mm": (16, 17, 18, 19, 20, 21, 22, 23),
    "legs_mm": (1, 2, 4, 5, 7, 8, 10, 11),
    "trunk_mm": (0, 3, 6, 9, 12, 13, 14, 15),
}
"""SMPL joints whose hip-aligned errors are also averaged apart."""


@dataclass(frozen=True)
class TableRow:
    """One method in one kind of initial poses, over all clips that it has a result for."""

    method: str
    initial: str
    clips: int
    frames: int
    figures: dict[str, Estimate]
    """Means over clips; a figure that no clip has is missing."""

    def value(self, name: str) -> float | None:
        """Look up a mean, None where it is missing."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values: each figure, and its interval under `..._ci`."""
        flat: dict[str, object] = {
            "method": self.method,
            "initial": self.initial,
            "clips": self.clips,
            "frames": self.frames,
        }
        for name, figure in self.figures.items():
            flat[name] = figure.value
            flat[f"{name}_ci"] = figure.interval
        return flat


def make_row(
    method: str,
    kind: str,
    before: Mapping[str, ClipResult],
    after: Mapping[str, ClipResult],
    seed: int,
) -> TableRow:
    """Average a method over clips.

    Args:
        method: what the row is called.
        kind: of the initial poses.
        before: the initial poses' result of each clip.
        after: the method's, of at least one of those clips.
        seed: of the draws behind the intervals.
    """
    clips = sorted(after)
    pairs = [(before[clip], after[clip]) for clip in clips]
    figures: dict[str, Estimate] = {}
    for name in SCORE_NAMES:
        _add(figures, name, [result.score(name) for _, result in pairs], seed)
    for name, joints in PARTS.items():
        _add(figures, name, [_part_error(result, joints) for _, result in pairs], seed)
    for name, score in DROPS.items():
        olds = [old.score(score) for old, _ in pairs]
        news = [new.score(score) for _, new in pairs]
        if None not in olds and None not in news:
            figures[name] = drop_over_clips(olds, news, seed)  # pyright: ignore[reportArgumentType]
    shares: dict[str, Callable[[ClipResult, ClipResult], float]] = {
        "frames_worse": share_of_worse_frames,
        "joints_worse": share_of_worse_joints,
    }
    for name, share in shares.items():
        figures[name] = mean_over_clips([share(old, new) for old, new in pairs], seed)
    _add(figures, "seconds_per_frame", [new.seconds / new.frames for _, new in pairs], seed)
    return TableRow(method, kind, len(clips), sum(new.frames for _, new in pairs), figures)


def _part_error(result: ClipResult, joints: Sequence[int]) -> float:
    errors = [frame[joint] for frame in result.joint_errors_mm for joint in joints]
    return sum(errors) / len(errors)


def _add(
    figures: dict[str, Estimate], name: str, values: Sequence[float | None], seed: int
) -> None:
    """Add the mean over the clips that have the figure, if any has."""
    mean = mean_of_known(values, seed)
    if mean is not None:
        figures[name] = mean
