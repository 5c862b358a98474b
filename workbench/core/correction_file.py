"""What was put right by hand, kept between launches and through crashes."""

from pathlib import Path
from typing import Any

import torch

from neuhmr.errors import PoseFileError
from workbench.core.corrections import Corrections
from workbench.core.pose_store import read_poses, write_poses

FILE_NAME = "corrections.safetensors"
RESTORED = "Restore what was put right"


def write_corrections(folder: Path, corrections: Corrections) -> None:
    """Write them; what was written before stays if this fails.

    Raises:
        OutputError: they cannot be written.
    """
    named = {"motion": corrections.motion, "start": corrections.start}
    motions = {name: motion for name, motion in named.items() if motion is not None}
    about = {
        "frames": sorted(corrections.frames),
        "invalid": sorted(corrections.invalid),
        "held": sorted(corrections.held),
    }
    write_poses(folder / FILE_NAME, motions, about)


def read_corrections(folder: Path, frames: torch.Tensor) -> Corrections | None:
    """Read them; None where there are none.

    Args:
        folder: the session's.
        frames: the clip's.

    Raises:
        PoseFileError: the file is damaged, or belongs to other frames.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    about, motions = read_poses(path)
    for motion in motions.values():
        if not torch.equal(motion.frame_index, frames):
            raise PoseFileError(
                f"{path} has other frames than the initial poses; delete the file to start afresh."
            )
    return Corrections(
        motion=motions.get("motion"),
        start=motions.get("start"),
        frames=_frames(path, about, "frames"),
        invalid=_frames(path, about, "invalid"),
        held=_frames(path, about, "held"),
        said=RESTORED,
    )


def forget_corrections(folder: Path) -> None:
    """Delete them."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def _frames(path: Path, about: Any, name: str) -> frozenset[int]:
    found = about.get(name) if isinstance(about, dict) else None
    if not isinstance(found, list) or not all(type(frame) is int for frame in found):
        raise PoseFileError(f"{path} does not say which frames are {name}; delete the file.")
    return frozenset(found)
