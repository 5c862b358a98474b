"""Seconds, bytes and memory of writing each format, and of reading a long motion file.

Every row has a process of its own, since a process' greatest memory never falls.
"""

import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from neuhmr.body.model_files import load_body_arrays
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.errors import MissingDependencyError
from neuhmr.formats.writing.formats import FORMATS, FormatName
from neuhmr.formats.writing.write import write_motion
from neuhmr.progress import OnProgress, Progress, ignore_progress

FPS = 30.0
WARM_UP_FRAMES = 2
"""Written before the clock starts, so that imports are not timed."""
_HEIGHT, _WIDTH, _FOCAL = 1080, 1920, 2000.0


@dataclass(frozen=True, kw_only=True)
class FormatsConfig:
    """What is measured."""

    formats: tuple[FormatName, ...] = tuple(FORMATS)
    written_frames: int = 1000
    read_frames: int = 10_000


@dataclass(frozen=True, kw_only=True)
class FormatRow:
    """One file, or one folder."""

    task: str
    frames: int
    seconds: float
    bytes: int
    peak_rss_mb: float
    """Most memory of the process, imports included."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


def benchmark_formats(
    config: FormatsConfig, on_progress: OnProgress = ignore_progress
) -> Iterator[FormatRow]:
    """Measure one row after the other; formats whose package is missing are left out."""
    total = len(config.formats) + 1
    for done, name in enumerate(config.formats):
        on_progress(Progress(f"Writing {name}", done, total))
        try:
            yield _apart(measure_writing, name, config.written_frames)
        except MissingDependencyError:
            continue
    on_progress(Progress("Reading a motion file", total - 1, total))
    yield _apart(measure_reading, config.read_frames)
    on_progress(Progress("Done", total, total))


def measure_writing(name: FormatName, frames: int) -> FormatRow:
    """Write a clip of the open body once.

    Raises:
        MissingDependencyError: the format needs a package that is not installed.
    """
    content, body = make_motion(frames), load_body_arrays()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{FORMATS[name].suffix}"
        few = content.select(content.frame_index < WARM_UP_FRAMES)
        write_motion(Path(folder) / f"warm{FORMATS[name].suffix}", few, body, name)
        start = time.perf_counter()
        write_motion(path, content, body, name)
        seconds = time.perf_counter() - start
        files = [path] if path.is_file() else list(path.iterdir())
        size = sum(file.stat().st_size for file in files)
    return FormatRow(
        task=f"write {name}", frames=frames, seconds=seconds, bytes=size, peak_rss_mb=_peak_rss_mb()
    )


def measure_reading(frames: int) -> FormatRow:
    """Read and check a motion file once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        write_motion_file(path, make_motion(frames))
        size = path.stat().st_size
        start = time.perf_counter()
        read_motion_file(path)
        seconds = time.perf_counter() - start
    return FormatRow(
        task="read motion", frames=frames, seconds=seconds, bytes=size, peak_rss_mb=_peak_rss_mb()
    )


def make_motion(frames: int) -> MotionArrays:
    """Let a person sway and walk away from the camera, smoothly and without end."""
    t = np.arange(frames)[:, None] / FPS
    waves = 0.5 + 2.0 * np.random.default_rng(0).random((1, 69))
    orient = np.concatenate([np.full_like(t, np.pi), 0.1 * np.sin(t), 0.1 * np.cos(t)], axis=1)
    return MotionArrays(
        global_orient=orient,
        body_pose=0.3 * np.sin(waves * t),
        transl=np.concatenate([np.sin(0.5 * t), 0.1 * np.cos(t), 5.0 + 0.01 * t], axis=1),
        betas=np.zeros((1, 10)),
        frame_index=np.arange(frames),
        valid=np.ones(frames, bool),
        fps=FPS,
        K=np.array([[_FOCAL, 0, _WIDTH / 2], [0, _FOCAL, _HEIGHT / 2], [0, 0, 1]]),
        image_size=(_HEIGHT, _WIDTH),
        T_camera_world=np.tile(np.diag([1.0, -1.0, -1.0, 1.0]), (frames, 1, 1)),
    )


def _apart(task, *arguments) -> FormatRow:
    """Run in a fresh process."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result()


def _peak_rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
