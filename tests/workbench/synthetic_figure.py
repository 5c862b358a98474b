"""A figure of tubes on the SMPL tree, standing in for a person that turns in the window's tests."""

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_PARENTS
from neuhmr.body.skinning import pose_bones
from neuhmr.geometry.rotations import rotation_about, rotmat_to_axisangle

# Joints of a person of 1.7 m, rest frame of SMPL: +y up, +x the subject's left (m).
REST = torch.tensor(
    [
        [0.0, -0.24, 0.0], [0.07, -0.33, 0.0], [-0.07, -0.33, 0.0], [0.0, -0.13, 0.0],
        [0.1, -0.71, 0.0], [-0.1, -0.71, 0.0], [0.0, 0.01, 0.0], [0.09, -1.13, -0.03],
        [-0.09, -1.13, -0.03], [0.0, 0.07, 0.0], [0.11, -1.19, 0.09], [-0.11, -1.19, 0.09],
        [0.0, 0.28, 0.0], [0.08, 0.18, 0.0], [-0.08, 0.18, 0.0], [0.0, 0.37, 0.05],
        [0.18, 0.22, 0.0], [-0.18, 0.22, 0.0], [0.44, 0.21, 0.0], [-0.44, 0.21, 0.0],
        [0.69, 0.22, 0.0], [-0.69, 0.22, 0.0], [0.77, 0.21, 0.0], [-0.77, 0.21, 0.0],
    ]
)  # fmt: skip
NUM_FRAMES = 48
_SIDES = 10
_RINGS = 8


def _radius(joint: int) -> float:
    return {3: 0.13, 6: 0.14, 9: 0.14, 12: 0.07, 15: 0.09}.get(joint, 0.055)


def tube_faces() -> np.ndarray:
    """Triangles of one tube a bone."""
    faces = []
    for bone in range(len(SMPL_PARENTS) - 1):
        start = bone * _SIDES * _RINGS
        for ring in range(_RINGS - 1):
            for side in range(_SIDES):
                a = start + ring * _SIDES + side
                b = start + ring * _SIDES + (side + 1) % _SIDES
                faces += [[a, b, a + _SIDES], [b, b + _SIDES, a + _SIDES]]
    return np.array(faces, np.int64)


def figure_joints(motion: Motion) -> np.ndarray:
    """Joints of all rows (m, camera frame: y down)."""
    local = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)
    bones = pose_bones(REST, local, SMPL_PARENTS, motion.transl)
    return bones.apply(REST).numpy().astype(np.float32)


def figure_vertices(motion: Motion, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Tubes around the posed bones, and the joints (m, camera frame)."""
    joints = figure_joints(motion[row : row + 1])[0]
    start = joints[list(SMPL_PARENTS[1:])]
    end = joints[1:]
    along = _unit(end - start)
    across = _unit(np.cross(along, [0.3, 0.2, 0.93]))
    other = np.cross(along, across)
    angles = np.linspace(0.0, 2.0 * np.pi, _SIDES, endpoint=False)
    circles = (
        np.cos(angles)[None, :, None] * across[:, None]
        + np.sin(angles)[None, :, None] * other[:, None]
    )
    shares = np.linspace(0.0, 1.0, _RINGS)
    bulges = 0.35 + 0.65 * np.sin(np.pi * shares.clip(0.08, 0.92))
    radii = np.array([_radius(joint) for joint in range(1, len(SMPL_PARENTS))])
    centers = start[:, None] + shares[None, :, None] * (end - start)[:, None]
    rings = centers[:, :, None] + circles[:, None] * (
        radii[:, None, None, None] * bulges[None, :, None, None]
    )
    return rings.reshape(-1, 3).astype(np.float32), joints


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-6)


def true_motion() -> Motion:
    """A person that turns once about itself, 3.2 m before the camera."""
    frames = torch.arange(NUM_FRAMES, dtype=torch.float32)
    turn = 2.0 * torch.pi * frames / NUM_FRAMES
    upright = rotation_about("x", torch.tensor(torch.pi))  # From +y up to the camera's +y down.
    global_orient = rotmat_to_axisangle(upright @ rotation_about("y", turn))
    body_pose = torch.zeros(NUM_FRAMES, 69)
    for joint, axis, size in ((16, 2, -1.1), (17, 2, 1.1), (18, 1, -0.5), (19, 1, 0.5)):
        swing = 1.0 + 0.3 * torch.sin(turn * 2)
        body_pose[:, 3 * (joint - 1) + axis] = size * swing
    transl = torch.tensor([0.1, 0.58, 3.2]).expand(NUM_FRAMES, 3).clone()
    return Motion.from_axisangle(global_orient, body_pose, transl, torch.zeros(10))


def disturbed(motion: Motion, size: float) -> Motion:
    """Turn every joint by about `size` (rad), the same way for the same frame."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(1, 69, generator=generator) * size
    return Motion.from_axisangle(
        motion.global_orient_axisangle(),
        motion.body_pose_axisangle() + noise,
        motion.transl,
        motion.betas,
    )
