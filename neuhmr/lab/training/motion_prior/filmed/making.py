"""Making filmed fits with several processes; those that are there are kept."""

import functools
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.people.in_parallel import prepare_process
from neuhmr.lab.people.out_folder import make_out_folder
from neuhmr.lab.people.splits import Split, person_seed
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.lab.people.training_set import open_renderer
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import write_filmed_fit
from neuhmr.lab.training.motion_prior.filmed.filming import SIZE, film_and_fit
from neuhmr.lab.training.motion_prior.tracks import Track, load_tracks
from neuhmr.progress import OnProgress, Progress, ignore_progress

FIRST_PERSON = 700_000
"""Number of the first person within a split, far from the other presets' people."""
GENERATED = 120
"""Generated motions that people are filmed in, beside the recorded ones."""


@dataclass(frozen=True, kw_only=True)
class FilmedFitsConfig:
    """What to make."""

    out_dir: Path
    """Where the fits go; made if missing."""
    mocap_dir: Path
    """Folder of recordings, searched for those of the split."""
    split: Split = "train"
    people: int
    frames: int
    """Of each film; some more than the prior looks at together."""
    seed: int = 0
    """Number of the first person among these."""
    processes: int = 1


def fit_path(folder: Path, seed: int) -> Path:
    """Name the file of a person's fit."""
    return folder / f"fit_{seed:08d}.npz"


def make_filmed_fits(
    config: FilmedFitsConfig, on_progress: OnProgress = ignore_progress
) -> list[Path]:
    """Film people, fit them, and keep the fits.

    Returns:
        The fits that are there in the end: of some people MediaPipe sees nothing.

    Raises:
        MissingDependencyError: pyrender, EGL, ffmpeg or MediaPipe is missing.
        OutputError: the folder cannot be written.
        DatasetError: the folder of recordings cannot be used.
    """
    make_out_folder(config.out_dir)
    seeds = [person_seed(config.split, FIRST_PERSON + config.seed, i) for i in range(config.people)]
    paths = [fit_path(config.out_dir, seed) for seed in seeds]
    missing = [(seed, path) for seed, path in zip(seeds, paths, strict=True) if not path.exists()]
    # Forked processes would share torch's threads and a GL context.
    with ProcessPoolExecutor(config.processes, get_context("spawn"), prepare_process) as pool:
        begun = [pool.submit(_make, config, seed, path) for seed, path in missing]
        try:
            for done, future in enumerate(as_completed(begun), start=1):
                future.result()
                on_progress(Progress("Filming people", done, len(missing)))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [path for path in paths if path.exists()]


def _make(config: FilmedFitsConfig, seed: int, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tracks = _tracks(config.mocap_dir, config.split)
        fit = film_and_fit(seed, tracks, config.frames, _renderer(), Path(folder))
    if fit is not None:
        write_filmed_fit(path, fit)


@functools.cache
def _tracks(folder: Path, split: Split) -> list[list[Track]]:
    return load_tracks(folder, split, GENERATED, load_body_model(), seed=0)


@functools.cache
def _renderer() -> StageRenderer:
    return open_renderer(SIZE)
