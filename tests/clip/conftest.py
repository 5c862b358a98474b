"""Tiny videos, made by ffmpeg when a test asks for one."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

RunFfmpeg = Callable[..., bytes]
MakeVideo = Callable[..., Path]


@pytest.fixture
def ffmpeg() -> RunFfmpeg:
    """Run ffmpeg with arguments (and bytes for its input) and return what it prints."""

    def run(*arguments: object, data: bytes | None = None) -> bytes:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
        done = subprocess.run(command, input=data, capture_output=True, check=True)
        return done.stdout

    return run


@pytest.fixture
def make_video(tmp_path: Path, ffmpeg: RunFfmpeg) -> MakeVideo:
    """Make a video whose frame i is gray of level 20 + 8 i, with a white top left corner."""

    def make(
        name: str = "clip.mp4",
        frames: int = 12,
        size: tuple[int, int] = (48, 64),
        fps: int = 10,
        options: tuple[str, ...] = (),
    ) -> Path:
        images = np.empty((frames, *size, 3), np.uint8)
        images[:] = (20 + 8 * np.arange(frames))[:, None, None, None]
        images[:, :16, :16] = 255
        source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[1]}x{size[0]}", "-r", fps)
        path = tmp_path / name
        ffmpeg(*source, "-i", "-", "-pix_fmt", "yuv420p", *options, path, data=images.tobytes())
        return path

    return make
