"""What a training has spent of the time that it was given, also before it was interrupted."""

import time
from collections.abc import Callable


class RunClock:
    """Counts from when it is made.

    Args:
        budget: what the run may take (s); None where its steps are counted instead.
        now: the time (s).
    """

    def __init__(self, budget: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.reserve = 0.0
        """What the end needs: the longest validation so far (s)."""
        self._now = now
        self._began = now()
        self._before = 0.0

    @property
    def spent(self) -> float:
        """Seconds of this run, those of earlier processes included."""
        return self._before + self._now() - self._began

    @property
    def share(self) -> float:
        """Share of the time for steps that is over, in [0, 1]."""
        assert self.budget is not None
        left = self.budget - self.reserve
        return 1.0 if left <= 0.0 else min(self.spent / left, 1.0)

    def go_on_from(self, spent: float) -> None:
        """Count what earlier processes took, too (s)."""
        self._before = spent

    def validating(self, validate: Callable[[], None]) -> None:
        """Validate, and keep as much time for the next time."""
        start = self._now()
        validate()
        self.reserve = max(self.reserve, self._now() - start)
