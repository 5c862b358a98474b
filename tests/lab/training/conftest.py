"""What trainings of some steps do not need."""

import pytest

from neuhmr.lab.training.motion_prior import training


@pytest.fixture(autouse=True)
def few_held_out_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate on few windows: drawing them takes longer than the steps."""
    monkeypatch.setattr(training, "VALIDATION_WINDOWS", 4)
