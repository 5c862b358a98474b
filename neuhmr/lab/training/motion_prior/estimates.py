"""Initial poses as estimators of many kinds would give them, for whole batches of windows.

What `lab.people.errors` makes for one clip with stated figures is drawn here from wide ranges, so
that no single error model is learnt: noise that stays, drifts, comes in bursts or shakes; limbs
mirrored in depth, legs swapped, poses that lean, lag, are smoothed, stop, or are lost for a while;
the wrong body at a wrong distance. Most are pulled to noisy joints in the picture, as estimators
are trained to do.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_PARENTS
from neuhmr.geometry.rotations import axisangle_to_rotmat, rot6d_to_rotmat, rotmat_to_rot6d
from neuhmr.lab.people.errors.limb_flips import LEG_PAIRS, swing
from neuhmr.lab.people.errors.pose_noise import LIMBS
from neuhmr.lab.people.errors.wrong_poses import JOINT_NOISE
from neuhmr.lab.training.motion_prior.noise import (
    drifting,
    normal,
    smoothing_kernels,
    spans,
    uniform,
)
from neuhmr.lab.training.motion_prior.scenes import BETA_SPREAD, Bodies, Scenes
from neuhmr.motion_prior.view import NUM_BETAS, posed_joints, ray_axes
from neuhmr.tensor_struct import TensorStruct

LONGEST_LAG = 3
"""Frames that windows begin earlier than what is kept of them."""
_PULL_STEPS = 18
METERS_PER_PIXEL = 1.7 / 150.0
"""Where a person of 150 px is meant."""


@dataclass(frozen=True)
class Estimates(TensorStruct):
    """Initial poses in the camera's axes, and the body they are for."""

    betas: Float[Tensor, "batch betas"]
    joints_rest: Float[Tensor, "batch 24 3"]
    rotmat: Float[Tensor, "batch frames 24 3 3"]
    pelvis: Float[Tensor, "batch frames 3"]


def estimate(scenes: Scenes, bodies: Bodies, generator: torch.Generator) -> Estimates:
    """Corrupt the truth; the first `LONGEST_LAG` frames are used up.

    Args:
        scenes: the truth, with `LONGEST_LAG` frames more than are wanted.
        bodies: of all shapes.
        generator: makes all draws.
    """
    betas = _wrong_betas(scenes.betas, generator)
    rest = bodies.joints_rest(betas)
    now, then = _delayed(scenes, generator)
    batch, frames = now.pelvis.shape[:2]
    strength = torch.exp(0.45 * normal((batch, 1, 1, 1), generator) - 0.25).clamp(0.1, 2.0)
    is_good = torch.rand(batch, 1, 1, 1, generator=generator) < 0.25
    strength = torch.where(
        is_good, strength * uniform(0.2, 0.7, (batch, 1, 1, 1), generator), strength
    )
    noise = strength * _rotation_noise(batch, frames, generator)
    noise[:, :, 0] += _lean(batch, generator)[:, None]
    rotmat = _smoothed(then.rotmat, generator)
    wrong = rotmat @ axisangle_to_rotmat(noise)
    pelvis = _wrong_place(now, rest, strength, generator)
    is_pulled = torch.rand(batch, 1, 1, 1, 1, generator=generator) < 0.85
    turned, moved = _pull(wrong, noise, pelvis, rest, now, strength, generator)
    wrong = torch.where(is_pulled, turned, wrong)
    pelvis = torch.where(is_pulled[..., 0, 0], moved, pelvis)
    wrong = _mirror_limbs(wrong, pelvis, rest, generator)
    wrong = _swap_legs(wrong, generator)
    wrong = _stop_limbs(wrong, generator)
    wrong = _lose_frames(wrong, generator)
    shiver = uniform(0.0, 0.06, (batch, 1, 1, 1), generator) * (
        torch.rand(batch, 1, 1, 1, generator=generator) < 0.7
    )
    spread = torch.tensor(JOINT_NOISE)[:, None]
    wrong = wrong @ axisangle_to_rotmat(shiver * spread * normal((batch, frames, 24, 3), generator))
    return Estimates(betas, rest, wrong, pelvis)


def _wrong_betas(
    betas: Float[Tensor, "batch betas"], generator: torch.Generator
) -> Float[Tensor, "batch betas"]:
    """Mean bodies, bodies that are somewhat right, and some that are."""
    kind = torch.rand(len(betas), 1, generator=generator)
    noisy = 0.7 * betas + 0.6 * BETA_SPREAD * normal((len(betas), NUM_BETAS), generator)
    return torch.where(kind < 0.4, 0.0, torch.where(kind < 0.85, noisy, betas))


def _delayed(scenes: Scenes, generator: torch.Generator) -> tuple[Scenes, Scenes]:
    """Cut to the frames that are kept: as they are, and as some estimators still see them."""
    batch, longer = scenes.pelvis.shape[:2]
    frames = longer - LONGEST_LAG
    lag = torch.randint(0, LONGEST_LAG + 1, (batch,), generator=generator)
    lag = torch.where(torch.rand(batch, generator=generator) < 0.2, lag, 0)
    rows = torch.arange(frames)[None] + LONGEST_LAG - lag[:, None]
    delayed = scenes.rotmat[torch.arange(batch)[:, None], rows]
    now = scenes.after(LONGEST_LAG)
    return now, replace(now, rotmat=delayed)


def _rotation_noise(
    batch: int, frames: int, generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3"]:
    constant = uniform(0.0, 0.95, (batch,), generator)
    drift = uniform(2.5, 9.0, (batch,), generator)
    noise = drifting(constant, drift, frames, 72, generator).unflatten(-1, (24, 3))
    noise = noise * torch.tensor(JOINT_NOISE)[:, None]
    bursts = spans(0.2, batch, frames, len(LIMBS), generator)
    gain = torch.ones(batch, frames, 24, 1)
    for number, limb in enumerate(LIMBS):
        gain[:, :, list(limb), 0] += bursts[:, :, number, None]
    gain[:, :, 0] *= uniform(0.8, 2.6, (batch, 1, 1), generator)
    return noise * gain


def _lean(batch: int, generator: torch.Generator) -> Float[Tensor, "batch 3"]:
    """Lean some people throughout, as estimators do that take the camera to be level."""
    leans = (torch.rand(batch, 1, generator=generator) < 0.3).float()
    return leans * 0.2 * normal((batch, 3), generator)


def _lose_frames(
    rotmat: Float[Tensor, "batch frames 24 3 3"], generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Go straight from one pose to another in some windows: nothing was estimated in between."""
    batch, frames = rotmat.shape[:2]
    length = torch.randint(2, 14, (batch, 1), generator=generator).clamp_max(frames - 2)
    first = (torch.rand(batch, 1, generator=generator) * (frames - length - 1)).long()
    is_chosen = torch.rand(batch, 1, generator=generator) < 0.12
    share = ((torch.arange(frames) - first) / (length + 1.0)).clamp(0.0, 1.0)
    sixes = rotmat_to_rot6d(rotmat)
    every = torch.arange(batch)[:, None]
    ends = [sixes[every, rows] for rows in (first, first + length + 1)]
    between = torch.lerp(ends[0], ends[1], share[..., None, None])
    is_lost = is_chosen & (share > 0.0) & (share < 1.0)
    return rot6d_to_rotmat(torch.where(is_lost[..., None, None], between, sixes))


def _smoothed(
    rotmat: Float[Tensor, "batch frames 24 3 3"], generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Flatten fast motion in some windows, as estimators that look at many frames do."""
    batch, frames = rotmat.shape[:2]
    deviation = uniform(0.5, 4.0, (batch,), generator)
    deviation = torch.where(torch.rand(batch, generator=generator) < 0.3, deviation, 0.0)
    kernels = smoothing_kernels(deviation, frames)
    sixes = rotmat_to_rot6d(rotmat).flatten(start_dim=-2)
    return rot6d_to_rotmat((kernels @ sixes).unflatten(-1, (24, 6)))


def _wrong_place(
    now: Scenes,
    rest: Float[Tensor, "batch 24 3"],
    strength: Float[Tensor, "batch 1 1 1"],
    generator: torch.Generator,
) -> Float[Tensor, "batch frames 3"]:
    """Stand the wrong body where it looks as large, then some way off."""
    batch, frames = now.pelvis.shape[:2]

    def stature(joints: Tensor) -> Tensor:
        return (joints[:, 15, 1] - joints[:, 7, 1])[:, None, None]

    scale = stature(rest) / stature(now.joints_rest)
    constant, drift = uniform(0.2, 1.0, (batch,), generator), torch.full((batch,), 5.0)
    off = drifting(constant, drift, frames, 3, generator)
    spread = off.new_tensor([0.02, 0.02, 0.035]) * strength[..., 0].clamp(0.3, 1.5)
    axes = ray_axes(now.pelvis)
    distance = now.pelvis.norm(dim=-1, keepdim=True)
    shift = (
        off * spread * torch.cat([torch.ones_like(distance).expand(-1, -1, 2), distance], dim=-1)
    )
    return now.pelvis * scale + (axes.transpose(-1, -2) @ shift[..., None])[..., 0]


def _shown(
    joints: Float[Tensor, "batch frames joints 3"],
    pelvis: Float[Tensor, "batch frames 3"],
    axes: Float[Tensor, "batch frames 3 3"],
) -> Float[Tensor, "batch frames joints 2"]:
    """Project joints onto the plane of the picture, as tangents in the axes of a ray."""
    places = (axes[:, :, None] @ (joints + pelvis[:, :, None])[..., None])[..., 0]
    return places[..., :2] / places[..., 2:].clamp_min(0.2)


def _pull(
    rotmat: Float[Tensor, "batch frames 24 3 3"],
    noise: Float[Tensor, "batch frames 24 3"],
    pelvis: Float[Tensor, "batch frames 3"],
    rest: Float[Tensor, "batch 24 3"],
    now: Scenes,
    strength: Float[Tensor, "batch 1 1 1"],
    generator: torch.Generator,
) -> tuple[Float[Tensor, "batch frames 24 3 3"], Float[Tensor, "batch frames 3"]]:
    """Take some steps towards noisy joints in the picture; nothing there tells depth."""
    batch, frames = rotmat.shape[:2]
    axes = ray_axes(now.pelvis)
    distance = now.pelvis.norm(dim=-1)[..., None, None]
    constant, drift = uniform(0.1, 0.6, (batch,), generator), uniform(2.5, 8.0, (batch,), generator)
    missed = drifting(constant, drift, frames, 48, generator).unflatten(-1, (24, 2))
    missed = uniform(0.006, 0.04, (batch, 1, 1, 1), generator) * strength.clamp(0.3, 1.3) * missed
    observed = _shown(now.joints(), now.pelvis, axes) * distance + missed
    firmness = 500.0 * METERS_PER_PIXEL**2
    root_firmness = 0.3 * METERS_PER_PIXEL**2
    turn = torch.zeros(batch, frames, 24, 3, requires_grad=True)
    move = torch.zeros(batch, frames, 3, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [turn], "lr": 0.07}, {"params": [move], "lr": 0.02}])
    across = pelvis.new_tensor([1.0, 1.0, 0.0])
    for _ in range(_PULL_STEPS):
        optimizer.zero_grad()
        joints = posed_joints(rest[:, None], rotmat @ axisangle_to_rotmat(turn))
        error = _shown(joints, pelvis + across * move, axes) * distance - observed
        unlikely = (noise[:, :, 1:] + turn[:, :, 1:]).square().sum(dim=-1)
        loss = error.square().sum(dim=-1).mean(dim=-1) + firmness * unlikely.mean(dim=-1)
        loss = loss + root_firmness * turn[:, :, 0].square().sum(dim=-1)
        loss.sum().backward()
        optimizer.step()
    with torch.no_grad():
        return rotmat @ axisangle_to_rotmat(turn), pelvis + across * move


def _mirror_limbs(
    rotmat: Float[Tensor, "batch frames 24 3 3"],
    pelvis: Float[Tensor, "batch frames 3"],
    rest: Float[Tensor, "batch 24 3"],
    generator: torch.Generator,
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Mirror a forearm or shank of some windows for some frames at the plane across the ray."""
    batch, frames = rotmat.shape[:2]
    shares = spans(0.12, batch, frames, len(LIMBS), generator)
    ray = torch.nn.functional.normalize(pelvis, dim=-1)
    turned = rotmat.clone()
    for number, (upper, lower, end) in enumerate(LIMBS):
        chain = _world(rotmat, upper)
        whole = (torch.rand(batch, 1, 1, generator=generator) < 0.4).float()
        thigh = (chain @ (rest[:, lower] - rest[:, upper])[:, None, :, None])[..., 0]
        mirrored = thigh - 2.0 * (thigh * ray).sum(dim=-1, keepdim=True) * ray
        first = swing(thigh, mirrored, whole * shares[:, :, number, None])
        new_upper = first @ chain
        below = new_upper @ rotmat[:, :, lower]
        before = chain @ rotmat[:, :, lower]
        shank = (before @ (rest[:, end] - rest[:, lower])[:, None, :, None])[..., 0]
        wanted = shank - 2.0 * (shank * ray).sum(dim=-1, keepdim=True) * ray
        carried = (first @ shank[..., None])[..., 0]
        second = swing(carried, wanted, shares[:, :, number, None])
        parent = chain @ rotmat[:, :, upper].transpose(-1, -2)
        turned[:, :, upper] = parent.transpose(-1, -2) @ new_upper
        turned[:, :, lower] = new_upper.transpose(-1, -2) @ second @ below
    return turned


def _world(rotmat: Float[Tensor, "batch frames 24 3 3"], joint: int) -> Float[Tensor, "b f 3 3"]:
    """Chain rotations from the root down to a joint."""
    path = [joint]
    while SMPL_PARENTS[path[-1]] >= 0:
        path.append(SMPL_PARENTS[path[-1]])
    world = rotmat[:, :, 0]
    for step in reversed(path[:-1]):
        world = world @ rotmat[:, :, step]
    return world


def _swap_legs(
    rotmat: Float[Tensor, "batch frames 24 3 3"], generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Give each leg the other's pose in some frames of some windows."""
    batch, frames = rotmat.shape[:2]
    is_swapped = spans(0.07, batch, frames, 1, generator)[..., None, None] > 0.5
    mirror = rotmat.new_tensor([-1.0, 1.0, 1.0])
    turned = rotmat.clone()
    for left, right in LEG_PAIRS:
        for own, other in ((left, right), (right, left)):
            mirrored = mirror[:, None] * rotmat[:, :, other] * mirror
            turned[:, :, own] = torch.where(is_swapped[..., 0, :, :], mirrored, rotmat[:, :, own])
    return turned


def _stop_limbs(
    rotmat: Float[Tensor, "batch frames 24 3 3"], generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Let a limb that is hidden for a while have its usual pose."""
    batch, frames = rotmat.shape[:2]
    shares = spans(0.1, batch, frames, len(LIMBS), generator)
    sixes = rotmat_to_rot6d(rotmat)
    for number, limb in enumerate(LIMBS):
        joints = list(limb)
        usual = sixes[:, :, joints].mean(dim=1, keepdim=True)
        share = 0.9 * shares[:, :, number, None, None]
        sixes[:, :, joints] = torch.lerp(
            sixes[:, :, joints], usual.expand_as(sixes[:, :, joints]), share
        )
    return rot6d_to_rotmat(sixes)
