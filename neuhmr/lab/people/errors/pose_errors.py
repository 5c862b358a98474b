"""How wrong poses are, by the figures that papers on estimators give."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.procrustes import align_similarity
from neuhmr.geometry.rotations import rotation_angle

REFERENCE_HEIGHT = 150.0
"""Picture height of a person (px) at which 2D errors are stated."""


@dataclass(frozen=True)
class PoseErrors:
    """How wrong poses are, over all frames and 24 joints."""

    mpjpe_mm: float
    """Mean joint error with the middle of the hips aligned."""
    pa_mpjpe_mm: float
    """The same after similarity alignment of each frame."""
    pve_mm: float
    """Mean error of the surface's vertices with the middle of the hips aligned."""
    absolute_mm: float
    """Mean joint error in the camera's frame."""
    in_plane_mm: float
    """Part of the hip-aligned error across the viewing ray."""
    along_ray_mm: float
    """Part of the hip-aligned error along the viewing ray."""
    extremities_mm: float
    """Hip-aligned error of wrists and ankles alone."""
    joints_2d_px: float
    """Mean 2D joint error, scaled to a person of 150 px."""
    global_orient_deg: float
    root_depth_mm: float
    acceleration_mm: float
    """Mean error of the hip-aligned joints' second differences (mm per frame^2)."""


def measure_errors(
    motion: Motion,
    truth: Motion,
    shaped: ShapedBody,
    camera: Camera,
    believed: ShapedBody | None = None,
) -> PoseErrors:
    """Compare poses with the truth, frame by frame.

    Args:
        motion: the wrong poses.
        truth: the true ones of the same frames.
        shaped: the true body.
        camera: one K, or one per frame.
        believed: the body of the wrong poses, where it is another one.
    """
    believed = shaped if believed is None else believed
    joints, true_joints = frame_joints(believed, motion), frame_joints(shaped, truth)
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
        pve_mm=1e3 * _vertex_error((motion, believed, hips), (truth, shaped, true_hips)),
        absolute_mm=1e3 * float((joints - true_joints).norm(dim=-1).mean()),
        in_plane_mm=1e3 * float((error - along * ray).norm(dim=-1).mean()),
        along_ray_mm=1e3 * float(along.abs().mean()),
        extremities_mm=1e3 * float(error[:, [7, 8, 20, 21]].norm(dim=-1).mean()),
        joints_2d_px=float(pixels.mean()),
        global_orient_deg=float(torch.rad2deg(turn).mean()),
        root_depth_mm=1e3 * float((joints[:, 0, 2] - true_joints[:, 0, 2]).abs().mean()),
        acceleration_mm=1e3 * _acceleration(error),
    )


def _acceleration(error: Float[Tensor, "frames joints 3"]) -> float:
    if len(error) < 3:
        return 0.0
    second = error[2:] - 2.0 * error[1:-1] + error[:-2]
    return float(second.norm(dim=-1).mean())


def _vertex_error(
    found: tuple[Motion, ShapedBody, Tensor], true: tuple[Motion, ShapedBody, Tensor]
) -> float:
    """Compare (poses, body, hips); in pieces, for a long clip's vertices would fill the memory."""
    frames, total = len(found[0]), 0.0
    for start in range(0, frames, 16):
        rows = slice(start, start + 16)
        surfaces = [
            body.with_pose(m.body_pose[rows], m.global_orient[rows], m.transl[rows]).vertices
            - hips[rows]
            for m, body, hips in (found, true)
        ]
        error = surfaces[0] - surfaces[1]
        total += float(error.norm(dim=-1).mean(dim=1).sum())
    return total / frames


def person_height(
    motion: Motion, shaped: ShapedBody, camera: Camera
) -> Float[Tensor, "frames 1 1"]:
    """Estimate how tall an upright person would be in each frame (px)."""
    rest = shaped.joints_rest
    stature = 1.16 * (rest[15, 1] - rest[7, 1])
    depth = (motion.transl + rest[0])[:, 2].clamp_min(0.1)
    focal = camera.K[..., 1, 1].expand(len(motion))
    return (focal * stature / depth)[:, None, None]
