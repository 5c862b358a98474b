"""Batches for the motion prior: what is seen, and what is true."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.lab.training.motion_prior.estimates import LONGEST_LAG, Estimates, estimate
from neuhmr.lab.training.motion_prior.noise import drifting, normal, spans, uniform
from neuhmr.lab.training.motion_prior.scenes import Bodies, Scenes, film
from neuhmr.lab.training.motion_prior.tracks import Track, draw_windows
from neuhmr.lab.training.motion_prior.windows import Windows
from neuhmr.motion_prior.view import NUM_SEEN, PersonView, Sightings, view_person
from neuhmr.tensor_struct import TensorStruct

REACH = 0.2
"""Joints are searched for so far around where they are believed (m at the person's distance)."""


@dataclass(frozen=True)
class PriorBatch(TensorStruct):
    """Windows of initial poses with their truth."""

    view: PersonView
    times: Float[Tensor, "batch frames"]
    """Thirtieths of a second."""
    rotmat: Float[Tensor, "batch frames 24 3 3"]
    """True, in the axes of the initial poses' rays."""
    joints: Float[Tensor, "batch frames 24 3"]
    """True, in those axes, from the pelvis (m)."""
    shift: Float[Tensor, "batch frames 3"]
    """From the initial pelvis to where it should be for the estimator's body, in those axes (m)."""


def draw_batch(
    groups: Sequence[Sequence[Track]],
    bodies: Bodies,
    batch: int,
    frames: int,
    rng: np.random.Generator,
    is_changed: bool = True,
) -> PriorBatch:
    """Make people, cameras, estimates and sightings.

    Args:
        groups: motions by origin.
        bodies: of all shapes.
        batch: windows.
        frames: length of each.
        rng: makes all draws.
        is_changed: False for motions as they were.
    """
    seed = int(rng.integers(2**62))
    return see(draw_windows(groups, batch, frames + LONGEST_LAG, rng, is_changed), bodies, seed)


def see(windows: Windows, bodies: Bodies, seed: int) -> PriorBatch:
    """Make people, cameras, estimates and sightings of motions, on the device of the bodies.

    Args:
        windows: motions, with `LONGEST_LAG` frames more than are wanted.
        bodies: of all shapes.
        seed: of all draws; every kind of device draws other numbers.
    """
    device = bodies.mean.device
    generator = torch.Generator(device).manual_seed(seed)
    # What is made new is made there, too.
    with device:
        scenes = film(windows.to(device), bodies, generator)
        estimates = estimate(scenes, bodies, generator)
        true = scenes.after(LONGEST_LAG)
        return make_batch(true, estimates, look(true, estimates, generator))


def make_batch(true: Scenes, estimates: Estimates, sightings: Sightings | None) -> PriorBatch:
    """Put all into the axes of the initial poses' rays."""
    view = view_person(
        estimates.joints_rest, estimates.betas, estimates.rotmat, estimates.pelvis, sightings
    )
    root = view.axes @ true.rotmat[:, :, 0]
    rotmat = torch.cat([root[:, :, None], true.rotmat[:, :, 1:]], dim=2)
    turned = Scenes(true.betas, true.joints_rest, rotmat, true.pelvis)
    # A larger body is right further away.
    spine = [
        (r[:, 15, 1] - r[:, 7, 1])[:, None, None] for r in (view.joints_rest, true.joints_rest)
    ]
    wanted = true.pelvis * (spine[0] / spine[1])
    shift = (view.axes @ (wanted - view.pelvis)[..., None])[..., 0]
    frames = rotmat.shape[1]
    times = torch.arange(frames, dtype=torch.float32).expand(len(rotmat), frames)
    return PriorBatch(view, times, rotmat, turned.joints(), shift)


def look(true: Scenes, estimates: Estimates, generator: torch.Generator) -> Sightings:
    """See joints as the matching network's prototypes do: mostly, nearly, and near the poses."""
    batch, frames = true.pelvis.shape[:2]
    shape = (batch, frames, NUM_SEEN)
    chosen = list(MATCHING_JOINTS)
    distance = true.pelvis.norm(dim=-1)[..., None, None]
    places = true.joints()[:, :, chosen] + true.pelvis[:, :, None]
    tangents = places[..., :2] / places[..., 2:].clamp_min(0.2)
    believed = Scenes(estimates.betas, estimates.joints_rest, estimates.rotmat, estimates.pelvis)
    guessed = believed.joints()[:, :, chosen] + believed.pelvis[:, :, None]
    guesses = guessed[..., :2] / guessed[..., 2:].clamp_min(0.2)
    steady = drifting(
        torch.full((batch,), 0.5), torch.full((batch,), 4.0), frames, NUM_SEEN, generator
    )
    misses = 0.018 * torch.exp(0.45 * steady)
    misses = misses * uniform(0.5, 1.6, (batch, 1, 1), generator)
    still = drifting(
        torch.full((batch,), 0.4), torch.full((batch,), 2.0), frames, 2 * NUM_SEEN, generator
    )
    error = misses[..., None] * (
        0.7 * still.unflatten(-1, (NUM_SEEN, 2)) + 0.7 * normal((*shape, 2), generator)
    )
    # Where nothing is like the joint, something else near by is.
    lost = _lost(tangents * distance, guesses * distance, shape, generator)
    elsewhere = guesses + 0.4 * REACH * normal((*shape, 2), generator) / distance
    seen = torch.where(lost[..., None], elsewhere, tangents + error / distance)
    misses = torch.where(lost, misses * uniform(0.9, 2.0, shape, generator), misses)
    hidden = spans(0.2, batch, frames, NUM_SEEN, generator) > 0.5
    nobody_looks = torch.rand(batch, 1, 1, generator=generator) < 0.08
    directions = torch.cat([seen, torch.ones_like(seen[..., :1])], dim=-1)
    return Sightings(directions, misses, ~(hidden | nobody_looks))


def _lost(
    places: Float[Tensor, "batch frames seen 2"],
    guesses: Float[Tensor, "batch frames seen 2"],
    shape: tuple[int, ...],
    generator: torch.Generator,
) -> Bool[Tensor, "batch frames seen"]:
    """Tell which joints are taken for something else: a few, and in half of the windows those that
    are out of reach; the others are searched for a second time around better poses."""
    batch, frames, joints = shape
    often = spans(0.1, batch, frames, joints, generator) > 0.5
    now_and_then = torch.rand(shape, generator=generator) < 0.03
    far = (places - guesses).norm(dim=-1) > REACH
    is_first_look = torch.rand(batch, 1, 1, generator=generator) < 0.5
    return often | now_and_then | (far & is_first_look)
