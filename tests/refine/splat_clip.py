"""A clip of the splat person with known poses, and poses as an estimator would get them wrong."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints, pose_frame, pose_joints
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import axisangle_to_rotmat
from refine.splat_avatar import SplatAvatar, textured_avatar

# Swing of each joint's x axis over one gait cycle: (amplitude, phase), and rest bends (rad).
SWINGS = {
    1: (0.5, 0.0), 2: (0.5, math.pi), 4: (0.4, 1.0), 5: (0.4, math.pi + 1.0), 16: (0.3, math.pi),
    17: (0.3, 0.0), 18: (0.2, math.pi), 19: (0.2, 0.0), 3: (0.1, 0.5), 15: (0.1, 0.2),
}  # fmt: skip


@dataclass(frozen=True)
class SplatClip:
    """A clip whose truth is known."""

    model: SmplModel
    avatar: SplatAvatar
    crops: PersonCrops
    truth: Motion
    image_noise: float


def walking_motion(frames: int, turn: float = 1.2) -> Motion:
    """Somebody who walks in place 3.6 m away and turns by `turn` (rad) over the clip."""
    times = torch.arange(frames) / 30.0
    body_pose = torch.zeros(frames, 23, 3)
    for joint, (amplitude, phase) in SWINGS.items():
        body_pose[:, joint - 1, 0] = amplitude * torch.sin(2 * math.pi * times + phase)
    body_pose[:, 3:5, 0] += 0.5
    body_pose[:, 15, 2], body_pose[:, 16, 2] = -1.1, 1.1
    body_pose[:, 17, 1], body_pose[:, 18, 1] = -0.6, 0.6
    heading = torch.linspace(-turn / 2, turn / 2, frames)
    yaw = axisangle_to_rotmat(heading[:, None] * torch.tensor([0.0, 1.0, 0.0]))
    upright = axisangle_to_rotmat(torch.tensor([math.pi, 0.0, 0.0]))
    transl = torch.stack(
        [0.1 * torch.sin(times), 0.15 + 0.03 * torch.cos(6 * times), 3.6 + 0.2 * times], dim=1
    )
    return Motion(
        global_orient=upright @ yaw,
        body_pose=axisangle_to_rotmat(body_pose),
        transl=transl,
        betas=torch.zeros(10),
        frame_index=torch.arange(frames),
        valid=torch.ones(frames, dtype=torch.bool),
    )


@torch.no_grad()
def make_clip(
    model: SmplModel,
    truth: Motion,
    height: int = 120,
    width: int = 90,
    image_noise: float = 0.02,
    seed: int = 0,
) -> SplatClip:
    """Film a motion with a fixed camera."""
    focal = 318.0 * height / 240.0
    K = torch.tensor([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    frames = len(truth)
    cameras = Camera(K.expand(frames, 3, 3), height, width)
    avatar = textured_avatar(model.with_shape(truth.betas))
    generator = torch.Generator().manual_seed(seed)
    images, masks = [], []
    for row in range(frames):
        drawn = avatar.render(pose_frame(avatar.body, truth, row), cameras[row])
        mask = (drawn.opacities > 0.5).float()
        noise = image_noise * torch.randn(drawn.colors.shape, generator=generator)
        # On the person colors are opaque: the image does not fade towards the outline.
        color = drawn.colors / drawn.opacities[:, None].clamp_min(1e-3) + noise
        color = torch.where(mask[:, None] > 0, color, torch.full_like(color, 0.4))
        images.append((color.clamp(0, 1) * 255).round().byte().T.reshape(3, height, width))
        masks.append(mask.reshape(height, width))
    crops = PersonCrops(
        images=torch.stack(images),
        masks=torch.stack(masks),
        cameras=cameras,
        boxes=torch.tensor([0.0, 0.0, width, height]).expand(frames, 4).clone(),
        frame_index=truth.frame_index.clone(),
    )
    return SplatClip(model, avatar, crops, truth, image_noise)


def wrong_by_rotations(truth: Motion, degrees: float, depth: float = 0.0, seed: int = 0) -> Motion:
    """Turn every joint by correlated noise of this size; half of its variance is constant."""
    generator = torch.Generator().manual_seed(seed)
    frames = len(truth)
    rotations = clip_noise(frames, (24, 3), generator) * math.radians(degrees) / math.sqrt(3.0)
    residual = axisangle_to_rotmat(rotations)
    shift = clip_noise(frames, (3,), generator) * torch.tensor([0.015, 0.015, depth])
    return Motion(
        global_orient=truth.global_orient @ residual[:, 0],
        body_pose=truth.body_pose @ residual[:, 1:],
        transl=truth.transl + shift,
        betas=truth.betas,
        frame_index=truth.frame_index,
        valid=truth.valid,
    )


def clip_noise(frames: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Noise of unit variance: half constant, nearly half smooth over 5 frames, a little white."""
    constant = torch.randn(1, *shape, generator=generator)
    white = torch.randn(frames, *shape, generator=generator)
    offsets = torch.arange(-15, 16)
    kernel = torch.exp(-0.5 * (offsets / 5.0) ** 2)
    padded = torch.randn(frames + 30, math.prod(shape), generator=generator)
    smooth = padded.unfold(0, 31, 1) @ (kernel / kernel.norm())
    smooth = smooth.reshape(frames, *shape)
    return math.sqrt(0.5) * constant + math.sqrt(0.485) * smooth + math.sqrt(0.015) * white


def wrong_like_an_estimator(
    clip: SplatClip, seed: int = 0, degrees: float = 22.0, pixels: float = 2.0
) -> Motion:
    """Noise that was then fitted to noisy 2D joints, as every regressor's is: wrong in depth.

    Rotations are noisy by some 20 degrees, then fitted by 60 steps to 2D joints that are off by
    `pixels`; what is left lies mostly along the viewing direction.
    """
    start = wrong_by_rotations(clip.truth, degrees, depth=0.12, seed=seed)
    body = clip.avatar.body
    generator = torch.Generator().manual_seed(seed + 1)
    cameras = clip.crops.cameras
    wanted = cameras.project(frame_joints(body, clip.truth))
    wanted = wanted + pixels * clip_noise(len(start), (24, 2), generator)
    turns = torch.zeros(len(start), 24, 3, requires_grad=True)
    shift = torch.zeros(len(start), 3, requires_grad=True)
    local = torch.cat([start.global_orient[:, None], start.body_pose], dim=1)
    optimizer = torch.optim.Adam([turns, shift], lr=0.02)
    for _ in range(60):
        rotmats = local @ axisangle_to_rotmat(turns)
        joints = pose_joints(body, rotmats, start.transl + shift)
        loss = (cameras.project(joints) - wanted).square().mean() + 3.0 * turns.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        rotmats = local @ axisangle_to_rotmat(turns)
        return Motion(
            global_orient=rotmats[:, 0],
            body_pose=rotmats[:, 1:],
            transl=start.transl + shift,
            betas=start.betas,
            frame_index=start.frame_index,
            valid=start.valid,
        )


def hip_aligned_error_mm(
    body: ShapedBody, motion: Motion, truth: Motion
) -> Float[Tensor, " frames"]:
    """MPJPE of every frame after bringing the middles of the hips together (mm)."""
    found, wanted = frame_joints(body, motion), frame_joints(body, truth)
    found = found - found[:, 1:3].mean(dim=1, keepdim=True)
    wanted = wanted - wanted[:, 1:3].mean(dim=1, keepdim=True)
    return 1000.0 * (found - wanted).norm(dim=-1).mean(dim=1)


def reprojection_error_px(
    body: ShapedBody, cameras: Camera, motion: Motion, truth: Motion
) -> float:
    """Mean distance of projected joints (px)."""
    found = cameras.project(frame_joints(body, motion))
    return float((found - cameras.project(frame_joints(body, truth))).norm(dim=-1).mean())
