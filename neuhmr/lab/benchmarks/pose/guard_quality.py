"""How well the guard tells frames that refinement made worse, against the truth.

A frame is *worse* when its mean joint error rose by more than 5 mm, and then the guard should have
put the initial pose back.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from neuhmr.lab.benchmarks.pose.clip_result import WORSE_MM, ClipResult


@dataclass(frozen=True, kw_only=True)
class GuardQuality:
    """The guard's decisions over all frames of all clips."""

    frames: int
    worse: int
    """Frames that refinement made worse."""
    reverted: int
    """Frames in which the guard put the initial pose back."""
    rightly_reverted: int
    """Of those, frames that were worse."""
    wrongly_reverted: int
    """Of those, frames that were better by more than 5 mm: gain that the guard gave away."""
    worse_in_the_end: int
    """Frames that are worse than the initial ones after the guard."""

    @property
    def precision(self) -> float | None:
        """Share of the reverted frames that were worse; None if none was reverted."""
        return self.rightly_reverted / self.reverted if self.reverted else None

    @property
    def recall(self) -> float | None:
        """Share of the worse frames that were reverted; None if none was worse."""
        return self.rightly_reverted / self.worse if self.worse else None

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self) | {
            "precision": self.precision,
            "recall": self.recall,
            "frames_worse_without": self.worse / self.frames,
            "frames_worse_with": self.worse_in_the_end / self.frames,
        }


def judge_guard(runs: Iterable[tuple[ClipResult, ClipResult, ClipResult]]) -> GuardQuality:
    """Count the guard's decisions.

    Args:
        runs: initial poses, refined before the guard, and after it; one triple per clip.
    """
    counts = {"frames": 0, "worse": 0, "reverted": 0, "rightly": 0, "wrongly": 0, "left": 0}
    for initial, refined, guarded in runs:
        given_up = set(guarded.reverted_frames)
        numbers = zip(
            initial.frame_index,
            initial.frame_errors_mm,
            refined.frame_errors_mm,
            guarded.frame_errors_mm,
            strict=True,
        )
        for frame, old, new, final in numbers:
            is_worse, is_reverted = new > old + WORSE_MM, frame in given_up
            counts["frames"] += 1
            counts["worse"] += is_worse
            counts["reverted"] += is_reverted
            counts["rightly"] += is_worse and is_reverted
            counts["wrongly"] += is_reverted and new < old - WORSE_MM
            counts["left"] += final > old + WORSE_MM
    return GuardQuality(
        frames=counts["frames"],
        worse=counts["worse"],
        reverted=counts["reverted"],
        rightly_reverted=counts["rightly"],
        wrongly_reverted=counts["wrongly"],
        worse_in_the_end=counts["left"],
    )
