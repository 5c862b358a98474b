"""Initial poses that are wrong in the way estimators are wrong, with exact control.

An estimator's poses look right in the picture: what is left is error along the viewing ray. The
kind "ray" therefore starts from joint noise and pulls it back onto noisy 2D joints, which leaves
the depth wrong. The kind "isotropic" is the noise alone, the naive corruption. (A third kind, poses
that `neuhmr init` estimates from the rendered video, is made by the command line.)

Half of the noise's variance is constant over the clip, the rest drifts, and some frames have bursts
on one limb. Ray errors also have limbs mirrored in depth and legs swapped for some frames. Both
shake from frame to frame as much as estimators that see single frames do. The strength is searched
for until the mean joint error is what was asked for.

The other kinds are ray errors of estimators that differ in what else is wrong; `error_models` has
them all. Whatever the kind, an estimator may also take the person for another body.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints, pose_joints
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.people.errors.believed_body import Betas, believed_betas, placed_as_seen
from neuhmr.lab.people.errors.clip_bias import tilted
from neuhmr.lab.people.errors.limb_flips import confuse_limbs, flip_limbs, swap_legs
from neuhmr.lab.people.errors.pose_errors import (
    REFERENCE_HEIGHT,
    PoseErrors,
    measure_errors,
    person_height,
)
from neuhmr.lab.people.errors.pose_noise import burst_gain, correlated_noise, smooth_residual
from neuhmr.lab.people.errors.sluggishness import sluggish
from neuhmr.lab.people.motion.stage_motion import smooth_over_time
from neuhmr.lab.people.random_streams import stream

ErrorKind = Literal["ray", "isotropic", "image", "video", "world", "mirrored"]

JOINT_NOISE = (
    0.24, 0.16, 0.16, 0.06, 0.20, 0.20, 0.06, 0.22, 0.22, 0.06, 0.15, 0.15, 0.12, 0.08, 0.08,
    0.12, 0.24, 0.24, 0.28, 0.28, 0.22, 0.22, 0.12, 0.12,
)  # fmt: skip
"""Deviation of each joint's noise at strength 1 (rad per axis), larger at the extremities."""


@dataclass(frozen=True, kw_only=True)
class WrongPoseConfig:
    """How the poses shall be wrong."""

    kind: ErrorKind = "ray"
    mpjpe_mm: float = 95.0
    """Mean joint error after aligning the hips that is aimed for (mm)."""
    root_depth: float = 0.12
    """Standard deviation of the distance from the camera (m)."""
    root_lateral: float = 0.02
    """Standard deviation of the root across the viewing direction (m)."""
    observation_px: float = 4.3
    """Noise of the 2D joints that kind "ray" is pulled to (px per axis at 150 px person height)."""
    root_gain: float = 1.7
    """How much larger kind "ray" makes the root's rotation noise."""
    plausibility: float = 500.0
    """How strongly kind "ray" keeps the limbs' angles near the truth (px^2 / rad^2)."""
    fit_steps: int = 30
    flips: float = 0.8
    """Expected number of limbs mirrored in depth in 60 frames of kind "ray"."""
    swaps: float = 0.12
    """Expected number of times that the legs are swapped in 60 frames of kind "ray"."""
    jitter: float = 0.045
    """Noise from frame to frame, in deviations of the joints' noise at strength 1. Gives an
    acceleration error of about 20 mm per frame^2, as estimators of single frames have at 30 frames
    per second."""
    smoothing: float = 1.5
    """Deviation of the filter over kind "ray"'s errors (frames); 3 with a jitter of 0.012 and
    without flips stands for temporal estimators (5 to 10 mm per frame^2)."""
    confusions: int = 0
    """In 48 frames and any begun: limbs mirrored in depth, or legs swapped, for half a second."""
    lag: tuple[int, int] = (0, 0)
    """Least and largest number of frames by which the poses come late."""
    damping: float = 0.0
    """Deviation of the filter over the limbs' own motion (frames); the trunk's is half of it."""
    tilt_deg: float = 0.0
    """Deviation of the body's tilt to or from the camera, the same over the clip (degrees)."""
    drift_share: float = 0.5
    """Part of the root's errors that changes over the clip."""
    betas: Betas = "true"
    """Which body the estimator believes in."""
    seed: int = 0


@dataclass(frozen=True)
class WrongPoses:
    """Wrong poses and how wrong they are."""

    motion: Motion
    errors: PoseErrors


def make_wrong_poses(
    truth: Motion, shaped: ShapedBody, camera: Camera, config: WrongPoseConfig
) -> WrongPoses:
    """Corrupt true poses; the same seed gives the same result.

    Args:
        truth: true poses in the camera's frame.
        shaped: the person's true body.
        camera: one K, or one per frame.
        config: kind and size of the errors.
    """
    believed, start = shaped, truth
    if config.betas != "true":
        betas = believed_betas(config.betas, truth.betas, config.seed)
        believed = shaped.model.with_shape(betas)
        start = placed_as_seen(dataclasses.replace(truth, betas=betas), believed, truth, shaped)
    if config.damping > 0.0 or config.lag[1] > 0:
        start = sluggish(start, config.lag, config.damping, stream(config.seed, "lag"))
    strength, best = 1.0, None
    for _ in range(6):
        # Every round draws the same noise and only scales it.
        rng = np.random.default_rng(config.seed)
        wrong = _corrupt(start, believed, camera, config, strength, rng)
        errors = measure_errors(wrong, truth, shaped, camera, believed)
        miss = abs(errors.mpjpe_mm - config.mpjpe_mm)
        if best is None or miss < abs(best.errors.mpjpe_mm - config.mpjpe_mm):
            best = WrongPoses(wrong, errors)
        if miss < 0.02 * config.mpjpe_mm:
            break
        strength *= float(np.clip(config.mpjpe_mm / errors.mpjpe_mm, 0.5, 2.0))
    assert best is not None
    return best


def _corrupt(
    truth: Motion,
    shaped: ShapedBody,
    camera: Camera,
    config: WrongPoseConfig,
    strength: float,
    rng: np.random.Generator,
) -> Motion:
    frames, true_rotmats = len(truth), LocalPose.from_motion(truth).rotmat
    deviations = torch.tensor(JOINT_NOISE, dtype=torch.float64)[:, None].expand(24, 3).flatten()
    noise = strength * deviations * correlated_noise(rng, frames, 72)
    noise = noise.reshape(frames, 24, 3) * burst_gain(rng, frames)
    if config.kind != "isotropic":
        noise[:, 0] *= config.root_gain
    noise = noise.float()
    rotmats = true_rotmats @ axisangle_to_rotmat(noise)
    spread = torch.tensor([config.root_lateral, config.root_lateral, config.root_depth])
    shift = (spread * correlated_noise(rng, frames, 3, 1.0 - config.drift_share)).float()
    observed_noise = config.observation_px * correlated_noise(rng, frames, 48, constant=0.3)
    transl = truth.transl + shift
    shaking = config.jitter * deviations * torch.from_numpy(rng.standard_normal((frames, 72)))
    if config.kind != "isotropic":
        transl = truth.transl + _along_rays(truth, shaped, shift)
        joints, height = frame_joints(shaped, truth), person_height(truth, shaped, camera)
        scale = height / REFERENCE_HEIGHT
        observed = camera.project(joints)
        observed = observed + scale * observed_noise.float().reshape(frames, 24, 2)
        rotmats, transl = _pull_to_joints(
            rotmats, noise[:, 1:], transl, observed / scale, 1.0 / scale, shaped, camera, config
        )
        # The fit ends a little elsewhere in each frame; that is its own jitter, not an estimator's.
        rotmats = smooth_residual(rotmats, true_rotmats, config.smoothing)
        transl = truth.transl + smooth_over_time(transl - truth.transl, config.smoothing)
        rotmats = flip_limbs(rotmats, transl, shaped, rng, config.flips)
        rotmats = swap_legs(rotmats, rng, config.swaps)
        rotmats = _with_clip_errors(rotmats, transl, shaped, config)
    rotmats = rotmats @ axisangle_to_rotmat(shaking.float().reshape(frames, 24, 3))
    return dataclasses.replace(
        truth, global_orient=rotmats[:, 0], body_pose=rotmats[:, 1:], transl=transl
    )


def _with_clip_errors(
    rotmats: Float[Tensor, "frames 24 3 3"],
    transl: Float[Tensor, "frames 3"],
    shaped: ShapedBody,
    config: WrongPoseConfig,
) -> Float[Tensor, "frames 24 3 3"]:
    """Add what some kinds get wrong for long; each with random numbers of its own."""
    if config.confusions:
        rng = stream(config.seed, "confusions")
        rotmats = confuse_limbs(rotmats, transl, shaped, rng, config.confusions)
    if config.tilt_deg:
        rotmats = tilted(rotmats, config.tilt_deg, stream(config.seed, "tilt"))
    return rotmats


def _along_rays(truth: Motion, shaped: ShapedBody, shift: Tensor) -> Tensor:
    """Turn (right, down, away) errors of the root so that "away" is along its viewing ray."""
    ray = torch.nn.functional.normalize(truth.transl + shaped.joints_rest[0], dim=-1)
    across = shift * shift.new_tensor([1.0, 1.0, 0.0])
    return across + shift[:, 2:] * ray


def _pull_to_joints(
    rotmats: Float[Tensor, "frames 24 3 3"],
    limb_noise: Float[Tensor, "frames 23 3"],
    transl: Float[Tensor, "frames 3"],
    observed: Float[Tensor, "frames 24 2"],
    pixel_scale: Float[Tensor, "frames 1 1"],
    shaped: ShapedBody,
    camera: Camera,
    config: WrongPoseConfig,
) -> tuple[Float[Tensor, "frames 24 3 3"], Float[Tensor, "frames 3"]]:
    """Take some steps of a fit to 2D joints, as every estimator has been trained to do.

    Depth gets no step of its own: nothing in the picture tells it.
    """
    turn = torch.zeros(*rotmats.shape[:2], 3, requires_grad=True)
    move = torch.zeros_like(transl, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [turn], "lr": 0.04}, {"params": [move], "lr": 0.015}])
    across = transl.new_tensor([1.0, 1.0, 0.0])
    for step in range(config.fit_steps):
        if step == config.fit_steps * 2 // 3:
            for group in optimizer.param_groups:
                group["lr"] *= 0.3
        optimizer.zero_grad()
        local = rotmats @ axisangle_to_rotmat(turn)
        joints = pose_joints(shaped, local, transl + across * move)
        error = (camera.project(joints) * pixel_scale - observed).square().sum(dim=-1)
        # Estimators know likely poses: the limbs are pulled to the truth's, the root is not.
        unlikely = (limb_noise + turn[:, 1:]).square().sum(dim=-1).mean()
        loss = error.mean() + config.plausibility * unlikely + 0.3 * turn[:, 0].square().mean()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return rotmats @ axisangle_to_rotmat(turn), transl + across * move
