"""Windows of filmed fits, as the prior is shown them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from neuhmr.errors import DatasetError
from neuhmr.lab.people.splits import Split, split_of
from neuhmr.lab.training.motion_prior.batches import PriorBatch, make_batch
from neuhmr.lab.training.motion_prior.estimates import Estimates
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import FilmedFit, read_filmed_fit
from neuhmr.lab.training.motion_prior.filmed.making import fit_path
from neuhmr.lab.training.motion_prior.scenes import Bodies, Scenes
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
    """Draw windows, half of them as a mirror shows them.

    Args:
        fits: of at least so many frames each.
        bodies: of all shapes.
        batch: how many windows.
        frames: length of each.
        rng: makes all choices.
    """
    drawn = [_window(fits[int(rng.integers(len(fits)))], bodies, frames, rng) for _ in range(batch)]
    return concatenate(
        [mirror_batch(window) if rng.uniform() < 0.5 else window for window in drawn]
    )


def all_filmed(fits: Sequence[FilmedFit], bodies: Bodies, frames: int) -> PriorBatch:
    """Show the first frames of every fit, to validate on."""
    return concatenate([_show(fit, bodies, slice(0, frames)) for fit in fits])


def mirror_batch(batch: PriorBatch) -> PriorBatch:
    """Exchange left and right, of what is seen and of what is true."""
    return replace(
        batch,
        view=mirror_view(batch.view),
        rotmat=mirror_rotations(batch.rotmat),
        joints=mirror_points(batch.joints[..., OTHER_SIDE, :]),
        shift=mirror_points(batch.shift),
    )


def _window(fit: FilmedFit, bodies: Bodies, frames: int, rng: np.random.Generator) -> PriorBatch:
    start = int(rng.integers(len(fit) - frames + 1))
    return _show(fit, bodies, slice(start, start + frames))


def _show(fit: FilmedFit, bodies: Bodies, rows: slice) -> PriorBatch:
    """Show one window, with one batch axis."""
    fitted_betas, true_betas = fit.fitted_betas[None], fit.true_betas[None]
    fitted_rest, true_rest = bodies.joints_rest(fitted_betas), bodies.joints_rest(true_betas)
    true = Scenes(
        true_betas, true_rest, fit.true_rotmat[None, rows],
        fit.true_transl[None, rows] + true_rest[:, 0][:, None],
    )  # fmt: skip
    fitted = Estimates(
        fitted_betas, fitted_rest, fit.fitted_rotmat[None, rows],
        fit.fitted_transl[None, rows] + fitted_rest[:, 0][:, None],
    )  # fmt: skip
    seen = fit.sightings
    sightings = Sightings(
        seen.directions[None, rows], seen.misses[None, rows], seen.is_seen[None, rows]
    )
    batch = make_batch(true, fitted, sightings)
    times = (fit.times[rows] - fit.times[rows][0]) * USUAL_FPS
    return replace(batch, times=times[None])
