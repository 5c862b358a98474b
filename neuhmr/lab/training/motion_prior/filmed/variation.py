"""What can be made of filmed fits, which are few: other limbs and shapes, the same errors.

Fit and truth are bent alike, so how the fit is wrong stays; landmarks move along with
the truth. Only small bends: a fit agrees with its landmarks, and must go on doing so.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import MATCHING_JOINTS, NUM_JOINTS
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.training.motion_prior.changes import BENDS
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import FilmedFit
from neuhmr.lab.training.motion_prior.noise import drifting, normal, uniform
from neuhmr.lab.training.motion_prior.scenes import BETA_SPREAD, Bodies, Scenes
from neuhmr.lab.training.motion_prior.straight_legs import draw_stretches, unbend_knees

STRONGEST_BEND = 0.5
"""Of `BENDS`, in the window that is bent most."""
SHAKE = 0.03
"""Of the fit's joints beside its own errors (rad), in the window that is shaken most."""
KEPT_SHAPE = 0.7
"""Share of windows whose person keeps its shape."""
STRETCHED = 0.35
"""Share of windows whose knees are stretched, by so little that the picture hardly shows it."""
HIDDEN = 0.1
"""Share of landmarks that are hidden, in the window in which most are."""


def vary(windows: FilmedFit, bodies: Bodies, seed: int) -> FilmedFit:
    """Bend every person a little, give some another shape, shake fits, hide landmarks."""
    generator = torch.Generator().manual_seed(seed)
    bends = _bends(windows, generator)
    shaken = windows.fitted_rotmat @ bends @ _shakes(windows, generator)
    bent = windows.true_rotmat @ bends
    less = draw_stretches(bent, STRETCHED, generator)
    varied = replace(
        windows, fitted_rotmat=unbend_knees(shaken, less), true_rotmat=unbend_knees(bent, less)
    )
    varied = _reshape(varied, bodies, generator)
    moved = _tangents(true_scenes(varied, bodies)) - _tangents(true_scenes(windows, bodies))
    flat = windows.directions[..., :2] / windows.directions[..., 2:]
    directions = torch.cat([flat + moved, torch.ones_like(flat[..., :1])], dim=-1)
    share = uniform(0.0, HIDDEN, (len(flat), 1, 1), generator)
    is_hidden = torch.rand(flat.shape[:3], generator=generator) < share
    return replace(varied, directions=directions, is_seen=windows.is_seen & ~is_hidden)


def true_scenes(windows: FilmedFit, bodies: Bodies) -> Scenes:
    """Pose the true people."""
    rest = bodies.joints_rest(windows.true_betas)
    pelvis = windows.true_transl + rest[:, :1]
    return Scenes(windows.true_betas, rest, windows.true_rotmat, pelvis)


def _bends(windows: FilmedFit, generator: torch.Generator) -> Float[Tensor, "batch frames 24 3 3"]:
    batch, frames = windows.times.shape
    still = uniform(0.2, 1.0, (batch,), generator)
    pace = uniform(4.0, 12.0, (batch,), generator)
    held = drifting(still, pace, frames, 3 * NUM_JOINTS, generator).unflatten(-1, (NUM_JOINTS, 3))
    strength = uniform(0.0, STRONGEST_BEND, (batch, 1, 1, 1), generator)
    return axisangle_to_rotmat(strength * torch.tensor(BENDS)[:, None] * held)


def _shakes(windows: FilmedFit, generator: torch.Generator) -> Float[Tensor, "batch frames 24 3 3"]:
    batch, frames = windows.times.shape
    still = uniform(0.3, 0.9, (batch,), generator)
    pace = uniform(2.0, 6.0, (batch,), generator)
    held = drifting(still, pace, frames, 3 * NUM_JOINTS, generator).unflatten(-1, (NUM_JOINTS, 3))
    return axisangle_to_rotmat(uniform(0.0, SHAKE, (batch, 1, 1, 1), generator) * held)


def _reshape(windows: FilmedFit, bodies: Bodies, generator: torch.Generator) -> FilmedFit:
    """Give people another shape, at the distance at which they look as tall."""
    batch = len(windows.times)
    betas = BETA_SPREAD * normal(tuple(windows.true_betas.shape), generator)
    is_kept = torch.rand(batch, 1, generator=generator) < KEPT_SHAPE
    betas = torch.where(is_kept, windows.true_betas, betas)
    before, after = (bodies.joints_rest(b) for b in (windows.true_betas, betas))
    heights = [rest[:, 15, 1] - rest[:, 7, 1] for rest in (before, after)]
    pelvis = (windows.true_transl + before[:, :1]) * (heights[1] / heights[0])[:, None, None]
    return replace(windows, true_betas=betas, true_transl=pelvis - after[:, :1])


def _tangents(true: Scenes) -> Float[Tensor, "batch frames seen 2"]:
    """Where the picture has the joints that are looked for."""
    places = true.joints()[:, :, list(MATCHING_JOINTS)] + true.pelvis[:, :, None]
    return places[..., :2] / places[..., 2:].clamp_min(0.2)
