"""Filmed fits without films: the truth of generated motions, fitted a little wrong."""

from pathlib import Path

import numpy as np
import torch

from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.people.splits import Split, person_seed
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import FilmedFit, write_filmed_fit
from neuhmr.lab.training.motion_prior.filmed.making import fit_path
from neuhmr.lab.training.motion_prior.scenes import film
from neuhmr.lab.training.motion_prior.tracks import draw_windows
from tests.lab.training.motion_prior.scenes import bodies, tracks


def made_fit(frames: int = 14, seed: int = 0) -> FilmedFit:
    """Lean every fitted body 0.2 rad further back than the true one; see exactly."""
    generator = torch.Generator().manual_seed(seed)
    windows = draw_windows([tracks()], 1, frames, np.random.default_rng(seed))
    true = film(windows, bodies(), generator)
    betas = torch.zeros_like(true.betas[0])
    rest = bodies().joints_rest(betas[None])
    lean = axisangle_to_rotmat(torch.tensor([0.2, 0.0, 0.0]))
    rotmat = torch.cat([lean @ true.rotmat[0, :, :1], true.rotmat[0, :, 1:]], dim=1)
    directions = (true.joints()[0] + true.pelvis[0, :, None])[:, list(MATCHING_JOINTS)]
    return FilmedFit(
        times=torch.arange(frames) / 30.0,
        fitted_rotmat=rotmat,
        fitted_transl=1.1 * true.pelvis[0] - rest[0, 0],
        fitted_betas=betas,
        directions=directions / directions[..., 2:],
        misses=torch.full(directions.shape[:2], 0.025),
        is_seen=torch.ones(directions.shape[:2], dtype=torch.bool),
        true_rotmat=true.rotmat[0],
        true_transl=true.pelvis[0] - true.joints_rest[0, 0],
        true_betas=true.betas[0],
    )


def write_fits(folder: Path, split: Split, count: int, frames: int = 14) -> list[Path]:
    """Write fits of so many people of a split."""
    paths = [fit_path(folder, person_seed(split, 0, number)) for number in range(count)]
    for number, path in enumerate(paths):
        write_filmed_fit(path, made_fit(frames, number))
    return paths
