"""Windows of filmed fits, as the prior is shown them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from neuhmr.errors import DatasetError
from neuhmr.lab.people.splits import Split, split_of
from neuhmr.lab.training.motion_prior.batches import PriorBatch, make_batch
from neuhmr.lab.training.motion_prior.estimates import Estimates
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import FilmedFit, read_filmed_fit
from neuhmr.lab.training.motion_prior.filmed.making import fit_path
from neuhmr.lab.training.motion_prior.filmed.variation import true_scenes, vary
from neuhmr.lab.training.motion_prior.scenes import Bodies
from neuhmr.motion_prior.beliefs import USUAL_FPS
from neuhmr.motion_prior.mirroring import OTHER_SIDE, mirror_points, mirror_rotations, mirror_view
from neuhmr.motion_prior.view import Sightings
from neuhmr.tensor_struct import concatenate


def read_filmed_fits(folder: Path, split: Split, frames: int) -> list[FilmedFit]:
    """Read the fits of a split in which somebody was found in so many frames.

    Raises:
        DatasetError: there are none, or one is damaged.
    """
    paths = sorted(folder.glob(fit_path(folder, 0).name.replace("0" * 8, "*")))
    own = [path for path in paths if split_of(int(path.stem.rsplit("_", 1)[1])) == split]
    fits = [fit for fit in map(read_filmed_fit, own) if len(fit) >= frames]
    if not fits:
        raise DatasetError(
            f"{folder} holds no filmed fits of the {split} split with {frames} frames; make some "
            "with neuhmr people --preset fits, and fits-val to validate on."
        )
    return fits


def draw_filmed(
    fits: Sequence[FilmedFit], bodies: Bodies, batch: int, frames: int, rng: np.random.Generator
) -> PriorBatch:
    """Draw windows and vary them; half of them are as a mirror shows them.

    Args:
        fits: of at least so many frames each.
        bodies: of all shapes.
        batch: how many windows.
        frames: length of each.
        rng: makes all choices.
    """
    windows = [_window(fits[int(rng.integers(len(fits)))], frames, rng) for _ in range(batch)]
    shown = _show(vary(concatenate(windows), bodies, int(rng.integers(2**62))), bodies)
    is_mirrored = torch.from_numpy(rng.uniform(size=batch) < 0.5)
    plain, mirrored = shown[~is_mirrored], mirror_batch(shown[is_mirrored])
    return concatenate([plain, mirrored])


def all_filmed(fits: Sequence[FilmedFit], bodies: Bodies, frames: int) -> PriorBatch:
    """Show the first frames of every fit as they are, to validate on."""
    return _show(concatenate([fit.cut(slice(0, frames)) for fit in fits]), bodies)


def mirror_batch(batch: PriorBatch) -> PriorBatch:
    """Exchange left and right, of what is seen and of what is true."""
    return replace(
        batch,
        view=mirror_view(batch.view),
        rotmat=mirror_rotations(batch.rotmat),
        joints=mirror_points(batch.joints[..., OTHER_SIDE, :]),
        shift=mirror_points(batch.shift),
    )


def _window(fit: FilmedFit, frames: int, rng: np.random.Generator) -> FilmedFit:
    """Cut out some frames; half of them go backward."""
    start = int(rng.integers(len(fit) - frames + 1))
    rows = np.arange(start, start + frames)
    return fit.cut(rows[::-1].copy() if rng.uniform() < 0.5 else rows)


def _show(windows: FilmedFit, bodies: Bodies) -> PriorBatch:
    """Put windows into the axes of the fits' rays."""
    fitted_rest = bodies.joints_rest(windows.fitted_betas)
    fitted = Estimates(
        windows.fitted_betas,
        fitted_rest,
        windows.fitted_rotmat,
        windows.fitted_transl + fitted_rest[:, :1],
    )
    sightings = Sightings(windows.directions, windows.misses, windows.is_seen)
    batch = make_batch(true_scenes(windows, bodies), fitted, sightings)
    return replace(batch, times=windows.times * USUAL_FPS)
