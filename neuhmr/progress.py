"""How long work tells its caller where it stands."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One step of a long job."""

    label: str
    """What is being done, in the user's words."""
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """Share that is finished, in [0, 1]."""
        return self.done / self.total if self.total else 1.0


class Cancelled(Exception):
    """Raised by a progress callback to stop the job that called it."""


OnProgress = Callable[[Progress], None]


OnFrame = Callable[[], None]
"""Told after every frame of a step that is too short to be reported; may raise `Cancelled`."""


def ignore_frame() -> None:
    """Take no notice: the default callback."""


def ignore_progress(progress: Progress) -> None:
    """Take no notice: the default callback."""
