"""A short known performance and the landmarks that a flawless detector would give of it."""

import math
from typing import NamedTuple

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.initial.first_guess import viewing_rotations
from neuhmr.initial.landmark_body import make_landmark_body
from neuhmr.initial.landmarks import Landmarks

HIPS = [23, 24]
FPS = 10.0


class Performance(NamedTuple):
    """What was done, how it was filmed and what a flawless detector sees."""

    motion: Motion
    camera: Camera
    landmarks: Landmarks
    times: torch.Tensor


def perform(model: SmplModel, frames: int = 12, yaw: float = 0.4) -> Performance:
    """Act a squat with waving arms, half turned toward the camera (yaw in rad, 0 = facing it)."""
    camera = camera_from_focal(900.0, 720, 1280)
    phase = torch.linspace(0.0, math.pi, frames)
    depth = torch.sin(phase)
    pose = torch.zeros(frames, 23, 3)
    for left, right, angles in (
        (0, 1, (-1.2 * depth, 0.1 + 0 * depth, 0.15 + 0 * depth)),  # hips
        (3, 4, (1.6 * depth + 0.1, 0 * depth, 0 * depth)),  # knees
        (6, 7, (-0.4 * depth, 0 * depth, 0 * depth)),  # ankles
        (15, 16, (0 * depth, -0.9 * depth, -0.9 + 0.6 * depth)),  # shoulders
        (17, 18, (0 * depth, -0.3 - 0.8 * depth, 0 * depth)),  # elbows
    ):
        turned = torch.stack(angles, dim=-1)
        pose[:, left] = turned
        pose[:, right] = turned * turned.new_tensor([1.0, -1.0, -1.0])
    # The rest body's y is up and the camera's is down: half a turn about x, then the yaw.
    upright = rotation_about("x", torch.tensor(math.pi))
    orient = (upright @ rotation_about("y", torch.tensor(yaw))).expand(frames, 3, 3)
    transl = torch.stack([0.1 * phase - 0.4, 0.4 * depth, 3.5 + 0 * phase], dim=-1)
    motion = Motion(
        global_orient=orient,
        body_pose=axisangle_to_rotmat(pose),
        transl=transl,
        betas=torch.tensor([0.5, -0.5] + [0.0] * 8),
        frame_index=torch.arange(frames),
        valid=torch.ones(frames, dtype=torch.bool),
    )
    times = torch.arange(frames) / FPS
    return Performance(motion, camera, landmarks_of(motion, model, camera), times)


def landmarks_of(motion: Motion, model: SmplModel, camera: Camera) -> Landmarks:
    """See a motion without any error."""
    local = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)
    body = make_landmark_body(model)
    points, _ = body.carry(motion.betas, body.bones(motion.betas, local, motion.transl))
    frames = len(motion)
    seen = Landmarks(
        points2d=camera.project(points),
        visibility=torch.ones(frames, 33),
        points3d=points - points[:, HIPS].mean(dim=1, keepdim=True),
        detected=torch.ones(frames, dtype=torch.bool),
    )
    # A detector sees a window around the person, as if it were in the picture's middle.
    turned = torch.einsum("fji,flj->fli", viewing_rotations(seen, camera), seen.points3d)
    return Landmarks(seen.points2d, seen.visibility, turned, seen.detected)
