"""Small motion files for tests of commands."""

from pathlib import Path

import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.geometry.cameras import camera_from_focal


def make_motion(frames: int = 6, noise: float = 0.0) -> Motion:
    """A person 4 m before the camera who leans and turns a little more in every frame."""
    generator = torch.Generator().manual_seed(3)
    t = torch.linspace(0.0, 1.0, frames)[:, None]
    orient = torch.tensor([[3.0, 0.1, 0.0]]) + 0.3 * t
    pose = 0.2 * t * torch.ones(1, 69) + noise * torch.randn(frames, 69, generator=generator)
    transl = torch.tensor([[0.1, 0.2, 4.0]]) + 0.1 * t
    return Motion.from_axisangle(orient, pose, transl, 0.5 * torch.ones(10))


def save_motion(path: Path, motion: Motion, fps: float = 25.0) -> Path:
    """Write a motion file with a plain camera."""
    write_motion_file(
        path, MotionArrays.from_motion(motion, fps, camera_from_focal(300.0, 240, 180))
    )
    return path
