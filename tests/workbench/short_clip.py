"""Eight frames of the sample clip, and an engine that refines them in a few steps."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.clip.video import open_video, write_video
from neuhmr.refine.settings import preset
from workbench.core.config import SAMPLE_CLIP
from workbench.engine.engine import NeuhmrEngine

FRAMES = tuple(range(0, 88, 11))


def write_short_clip(folder: Path) -> Path:
    """Write video, poses and truth; masks are left out, so that the body's outline stands in."""
    video = open_video(SAMPLE_CLIP)
    write_video(folder / "short.mp4", video.select(FRAMES), 10.0)
    for kind in ("poses", "truth"):
        content = read_motion_file(SAMPLE_CLIP.with_name(f"turn.{kind}.npz"))
        chosen = content.select(np.isin(np.arange(len(content)), FRAMES))
        chosen = replace(chosen, frame_index=np.arange(len(FRAMES)), T_camera_world=None)
        write_motion_file(folder / f"short.{kind}.npz", chosen)
    return folder / "short.mp4"


def short_engine() -> NeuhmrEngine:
    """Make an engine with few, coarse steps."""
    config = preset("fast")
    schedule = replace(config.schedule, epochs=2, stride=6, frames_per_step=4)
    return NeuhmrEngine("cpu", replace(config, schedule=schedule))
