"""Which files to open; apart from the rest so that the command line answers without torch."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """A clip and the files that belong to it; None where they are looked for or done without."""

    clip: Path
    poses: Path | None = None
    masks: Path | None = None
    camera: Path | None = None
    truth: Path | None = None
    body_model: Path | None = None
    checkpoint: Path | None = None
    heatmaps: Path | None = None
    person: str | None = None
    """Whose poses to take from a file of several people's."""
    poses_as: str | None = None
    """How to read the poses, see `neuhmr.body.pose_readings`; None for as they are, if they then
    lie on the person."""
    height: float | None = None
    """Of the person, where it is known (m)."""
    fill_gaps: int = 0
    """Longest run of frames without a pose to begin between its neighbors' poses (frames)."""
