"""Which files to open; apart from the rest so that the command line answers without torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """A clip and the files that belong to it; None where they are looked for or done without."""

    clip: Path
    poses: Path | None = None
    masks: Path | None = None
    invert_masks: bool = False
    """Take masks inside out."""
    grow_masks: int = 0
    """How far their outlines move outward (px); inward if negative."""
    camera: Path | None = None
    camera_name: str | None = None
    """Which camera of a file of several."""
    focal: float | None = None
    """Focal length (px), instead of a camera file."""
    fov: float | None = None
    """Field of view from the left to the right edge (degrees), instead of a camera file."""
    truth: Path | None = None
    body_model: Path | None = None
    checkpoint: Path | None = None
    heatmaps: Path | None = None
    keypoints_2d: Path | None = None
    """2D keypoints that another detector found."""
    person: str | None = None
    """Whose poses to take from a file of several people's."""
    poses_as: str | None = None
    """How to read the poses, see `neuhmr.body.pose_readings`; None for as they are, if they then
    lie on the person."""
    fit_shape: Literal["auto", "on", "off"] = "auto"
    """Whether to fit the body's shape and rest pose to joints in the poses' file (`auto`), or else
    to 2D keypoints or masks (`on`)."""
    height: float | None = None
    """Of the person, where it is known (m)."""
    fill_gaps: int = 0
    """Longest run of frames without a pose to begin between its neighbors' poses (frames)."""
