"""A walk of the open body whose masks are exact: nothing is worn, nothing is rendered."""

import functools
from dataclasses import dataclass

import torch

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera
from neuhmr.rendering.mesh_raster import rasterize_mesh
from refine.splat_clip import walking_motion

FRAMES, HEIGHT, WIDTH = 12, 160, 120


@dataclass(frozen=True)
class BareClip:
    """Masks, black images, and the truth."""

    model: SmplModel
    crops: PersonCrops
    truth: Motion


@functools.cache
def bare_clip() -> BareClip:
    model, truth = load_body_model(), walking_motion(FRAMES)
    focal = 318.0 * HEIGHT / 240.0
    K = torch.tensor([[focal, 0.0, WIDTH / 2], [0.0, focal, HEIGHT / 2], [0.0, 0.0, 1.0]])
    cameras = Camera(K.expand(FRAMES, 3, 3), HEIGHT, WIDTH)
    body = model.with_shape(truth.betas)
    masks = [
        rasterize_mesh(pose_frame(body, truth, row).vertices, model.faces, cameras[row]).mask
        for row in range(FRAMES)
    ]
    crops = PersonCrops(
        images=torch.zeros(FRAMES, 3, HEIGHT, WIDTH, dtype=torch.uint8),
        masks=torch.stack(masks).float(),
        cameras=cameras,
        boxes=torch.tensor([0.0, 0.0, WIDTH, HEIGHT]).expand(FRAMES, 4).clone(),
        frame_index=truth.frame_index.clone(),
    )
    return BareClip(model, crops, truth)
