"""A short clip with everything beside it: a painted body that turns, and poses a little wrong."""

from pathlib import Path

import numpy as np
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.masks import pack_masks, write_masks
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.clip.video import write_video
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.rendering.mesh_raster import rasterize_mesh

FRAMES, HEIGHT, WIDTH, FPS = 6, 128, 96, 10.0


def turning_motion(frames: int = FRAMES) -> Motion:
    """A person 3 m away who turns half round and raises the arms."""
    t = torch.linspace(0.0, 1.0, frames)
    body_pose = torch.zeros(frames, 23, 3)
    body_pose[:, 15, 2], body_pose[:, 16, 2] = -1.1 + t, 1.1 - t
    upright = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    return Motion(
        global_orient=upright @ rotation_about("y", t * torch.pi),
        body_pose=axisangle_to_rotmat(body_pose),
        transl=torch.tensor([0.0, 0.0, 3.0]).repeat(frames, 1),
        betas=torch.zeros(10),
        frame_index=torch.arange(frames),
        valid=torch.ones(frames, dtype=torch.bool),
    )


def disturbed(motion: Motion, degrees: float = 8.0) -> Motion:
    """Turn every joint by random noise of this size."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(len(motion), 23, 3, generator=generator) * np.deg2rad(degrees) / 3**0.5
    return Motion(
        global_orient=motion.global_orient,
        body_pose=motion.body_pose @ axisangle_to_rotmat(noise),
        transl=motion.transl,
        betas=motion.betas,
        frame_index=motion.frame_index,
        valid=motion.valid,
    )


def make_painted_clip(folder: Path, frames: int = FRAMES) -> Path:
    """Write clip.mp4 with poses, masks, camera and truth beside it."""
    model, truth = load_body_model(), turning_motion(frames)
    camera = camera_from_focal(1.1 * HEIGHT, HEIGHT, WIDTH)
    posed = truth.pose(model)
    paint = 0.5 + 0.45 * torch.sin(model.v_template * torch.tensor([9.0, 6.0, 12.0]))
    rasters = [rasterize_mesh(v, model.faces, camera) for v in posed.vertices]
    images = []
    for raster in rasters:
        color = raster.interpolate(paint, model.faces)
        color = torch.where(raster.mask[..., None], color, torch.full_like(color, 0.3))
        images.append((color * 255).byte().numpy())
    path = folder / "clip.mp4"
    write_video(path, images, FPS)
    write_masks(folder / "clip.masks.npz", pack_masks(raster.mask.numpy() for raster in rasters))
    write_camera(folder / "clip.camera.json", camera)
    write_motion_file(folder / "clip.truth.npz", MotionArrays.from_motion(truth, FPS, camera))
    write_motion_file(
        folder / "clip.poses.npz", MotionArrays.from_motion(disturbed(truth), FPS, camera)
    )
    return path
