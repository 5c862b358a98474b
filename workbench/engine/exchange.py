"""What the window and its engine hand to each other: pictures, bodies, and what to export."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from jaxtyping import Float, UInt8

from neuhmr.body.motion import Motion
from neuhmr.formats.writing.formats import FormatName, WriteOptions

Image = UInt8[np.ndarray, "height width 3"]
ExportKind = FormatName | Literal["mesh", "overlay"]
"""A format of poses, the present frame's mesh, or a video."""


class VideoSource(Protocol):
    """Frames on demand, from any thread."""

    @property
    def num_frames(self) -> int: ...  # noqa: D102
    @property
    def fps(self) -> float: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    def frame(self, index: int) -> Image: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class BodyFrame:
    """One body in one frame (m, camera frame)."""

    vertices: Float[np.ndarray, "vertices 3"]
    joints: Float[np.ndarray, "joints 3"]


@dataclass(frozen=True, eq=False)
class PaintedBody:
    """A body to draw over a frame."""

    vertices: Float[np.ndarray, "vertices 3"]
    color: tuple[float, float, float]
    """In [0, 1]."""
    opacity: float


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What to write, and where."""

    kind: ExportKind
    path: Path
    frame: int = 0
    """Which frame, where only one is written."""
    options: WriteOptions = field(default_factory=WriteOptions)
    """Axis, rate and gaps of formats that hold motions."""


def motion_row(motion: Motion, frame: int) -> int | None:
    """Find the row of a video frame; None where the motion has none or nobody was seen."""
    index = motion.frame_index
    row = int(np.searchsorted(index.numpy(), frame))
    if row >= len(motion) or int(index[row]) != frame or not bool(motion.valid[row]):
        return None
    return row
