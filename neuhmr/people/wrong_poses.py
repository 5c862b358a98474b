"""Initial poses that are wrong in the way estimators are wrong, with exact control.

An estimator's poses look right in the picture: what is left is error along the viewing ray. The
kind "ray" therefore starts from joint noise and pulls it back onto noisy 2D joints, which leaves
the depth wrong. The kind "isotropic" is the noise alone, the naive corruption.

Half of the noise's variance is constant over the clip, most of the rest is slow, and some frames
have bursts on one limb. The strength is searched for until the mean joint error is what was asked
for.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.skinning import pose_bones
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.procrustes import align_similarity
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_angle
from neuhmr.people.key_poses import smooth_noise

ErrorKind = Literal["ray", "isotropic"]

REFERENCE_HEIGHT = 150.0
"""Picture height of a person (px) at which 2D errors are stated."""

_JOINT_NOISE = (
    0.24, 0.16, 0.16, 0.06, 0.20, 0.20, 0.06, 0.22, 0.22, 0.06, 0.15, 0.15, 0.12, 0.08, 0.08,
    0.12, 0.24, 0.24, 0.28, 0.28, 0.22, 0.22, 0.12, 0.12,
)  # fmt: skip
"""Deviation of each joint's noise at strength 1 (rad per axis), larger at the extremities."""
_LIMBS = ((1, 4, 7), (2, 5, 8), (16, 18, 20), (17, 19, 21))


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
    observation_px: float = 4.5
    """Noise of the 2D joints that kind "ray" is pulled to (px per axis at 150 px person height)."""
    root_gain: float = 2.7
    """How much larger kind "ray" makes the root's rotation noise."""
    plausibility: float = 600.0
    """How strongly kind "ray" keeps the limbs' angles near the truth (px^2 / rad^2)."""
    fit_steps: int = 30
    seed: int = 0


@dataclass(frozen=True)
class PoseErrors:
    """How wrong poses are, over all frames and 24 joints."""

    mpjpe_mm: float
    """Mean joint error with the middle of the hips aligned."""
    pa_mpjpe_mm: float
    """The same after similarity alignment of each frame."""
    absolute_mm: float
    """Mean joint error in the camera's frame."""
    in_plane_mm: float
    """Part of the hip-aligned error across the viewing ray."""
    along_ray_mm: float
    """Part of the hip-aligned error along the viewing ray."""
    joints_2d_px: float
    """Mean 2D joint error, scaled to a person of 150 px."""
    global_orient_deg: float
    root_depth_mm: float


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
    strength, best = 1.0, None
    for _ in range(5):
        # Every round draws the same noise and only scales it.
        rng = np.random.default_rng(config.seed)
        wrong = _corrupt(truth, shaped, camera, config, strength, rng)
        errors = measure_errors(wrong, truth, shaped, camera)
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
    frames = len(truth)
    deviations = torch.tensor(_JOINT_NOISE, dtype=torch.float64)[:, None].expand(24, 3).flatten()
    noise = strength * deviations * correlated_noise(rng, frames, 72)
    noise = noise.reshape(frames, 24, 3) * _bursts(rng, frames)
    if config.kind == "ray":
        noise[:, 0] *= config.root_gain
    noise = noise.float()
    rotmats = _local_rotmats(truth) @ axisangle_to_rotmat(noise)
    spread = torch.tensor([config.root_lateral, config.root_lateral, config.root_depth])
    shift = (spread * correlated_noise(rng, frames, 3)).float()
    observed_noise = config.observation_px * correlated_noise(rng, frames, 48, constant=0.3)
    transl = truth.transl + shift
    if config.kind == "ray":
        transl = truth.transl + _along_rays(truth, shaped, shift)
        joints, height = _joints(truth, shaped), person_height(truth, shaped, camera)
        scale = height / REFERENCE_HEIGHT
        observed = camera.project(joints)
        observed = observed + scale * observed_noise.float().reshape(frames, 24, 2)
        rotmats, transl = _pull_to_joints(
            rotmats, noise[:, 1:], transl, observed / scale, 1.0 / scale, shaped, camera, config
        )
    return dataclasses.replace(
        truth, global_orient=rotmats[:, 0], body_pose=rotmats[:, 1:], transl=transl
    )


def correlated_noise(
    rng: np.random.Generator, frames: int, channels: int, constant: float = 0.5
) -> Float[Tensor, "frames channels"]:
    """Draw noise of unit variance: a constant part, a slow part (5 frames) and 1.5 % white."""
    white = 0.015
    parts = (
        constant**0.5 * torch.from_numpy(rng.standard_normal((1, channels))),
        (1.0 - constant - white) ** 0.5 * smooth_noise(rng, frames, channels, 5.0),
        white**0.5 * torch.from_numpy(rng.standard_normal((frames, channels))),
    )
    return parts[0] + parts[1] + parts[2]


def _bursts(rng: np.random.Generator, frames: int) -> Float[Tensor, "frames 24 1"]:
    """Double the noise of one limb for about a third of a second, now and then."""
    gain = torch.ones(frames, 24, 1, dtype=torch.float64)
    times = torch.arange(frames, dtype=torch.float64)[:, None]
    for _ in range(max(1, frames // 45)):
        limb = list(_LIMBS[int(rng.integers(len(_LIMBS)))])
        middle, width = float(rng.uniform(0, frames)), float(rng.uniform(3.0, 6.0))
        gain[:, limb, 0] += torch.exp(-0.5 * ((times - middle) / width).square())
    return gain


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
        bones = pose_bones(shaped.joints_rest, local, shaped.model.parents)
        joints = bones.apply(shaped.joints_rest) + (transl + across * move)[:, None]
        error = (camera.project(joints) * pixel_scale - observed).square().sum(dim=-1)
        # Estimators know likely poses: the limbs are pulled to the truth's, the root is not.
        unlikely = (limb_noise + turn[:, 1:]).square().sum(dim=-1).mean()
        loss = error.mean() + config.plausibility * unlikely + 0.3 * turn[:, 0].square().mean()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return rotmats @ axisangle_to_rotmat(turn), transl + across * move


def person_height(
    motion: Motion, shaped: ShapedBody, camera: Camera
) -> Float[Tensor, "frames 1 1"]:
    """Estimate how tall an upright person would be in each frame (px)."""
    rest = shaped.joints_rest
    stature = 1.16 * (rest[15, 1] - rest[7, 1])
    depth = (motion.transl + rest[0])[:, 2].clamp_min(0.1)
    focal = camera.K[..., 1, 1].expand(len(motion))
    return (focal * stature / depth)[:, None, None]


def measure_errors(motion: Motion, truth: Motion, shaped: ShapedBody, camera: Camera) -> PoseErrors:
    """Compare poses with the truth (same frames, same body)."""
    joints, true_joints = _joints(motion, shaped), _joints(truth, shaped)
    hips = joints[:, 1:3].mean(dim=1, keepdim=True)
    true_hips = true_joints[:, 1:3].mean(dim=1, keepdim=True)
    error = (joints - hips) - (true_joints - true_hips)
    ray = torch.nn.functional.normalize(true_joints, dim=-1)
    along = (error * ray).sum(dim=-1, keepdim=True)
    aligned = align_similarity(joints, true_joints).apply(joints)
    pixels = (camera.project(joints) - camera.project(true_joints)).norm(dim=-1)
    pixels = pixels * (REFERENCE_HEIGHT / person_height(truth, shaped, camera))[..., 0]
    turn = rotation_angle(motion.global_orient @ truth.global_orient.transpose(-1, -2))
    return PoseErrors(
        mpjpe_mm=1e3 * float(error.norm(dim=-1).mean()),
        pa_mpjpe_mm=1e3 * float((aligned - true_joints).norm(dim=-1).mean()),
        absolute_mm=1e3 * float((joints - true_joints).norm(dim=-1).mean()),
        in_plane_mm=1e3 * float((error - along * ray).norm(dim=-1).mean()),
        along_ray_mm=1e3 * float(along.abs().mean()),
        joints_2d_px=float(pixels.mean()),
        global_orient_deg=float(torch.rad2deg(turn).mean()),
        root_depth_mm=1e3 * float((joints[:, 0, 2] - true_joints[:, 0, 2]).abs().mean()),
    )


def _local_rotmats(motion: Motion) -> Float[Tensor, "frames 24 3 3"]:
    return torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)


def _joints(motion: Motion, shaped: ShapedBody) -> Float[Tensor, "frames 24 3"]:
    bones = pose_bones(shaped.joints_rest, _local_rotmats(motion), shaped.model.parents)
    return bones.apply(shaped.joints_rest) + motion.transl[:, None]
