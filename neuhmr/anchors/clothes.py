"""How far clothes reach, as the masks of many frames agree.

What an avatar's network draws beyond the body is what clothes were in its training: conditioned on
dark leggings, which on black look like nothing, it draws trousers, and so wide a silhouette pushes
legs together. Masks know better. One frame's mask belongs to a pose that is a little wrong, and
cutting by it would hide that error; over many frames such errors point everywhere.

Note:
    NeuHMR has nothing of the kind; its people wear what its training people wore.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.anchors.selection import LEAST_INSIDE, usable_rows
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.clip.crops import PersonCrops
from neuhmr.clip.thinning import spread_evenly
from neuhmr.geometry.cameras import Camera, sample_at_pixels
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.ghn.cloth_reach import HEIGHTS, ClothReach
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.rendering.body_band import vertex_neighbors
from neuhmr.rendering.mesh_raster import rasterize_mesh

MOST_FRAMES = 40
"""Frames that are asked, evenly spread over longer clips."""
SMOOTHING_ROUNDS = 3
"""How often votes are averaged with those of the neighboring vertices."""
LEAST_VOTES = 0.25
"""With fewer frames' votes the network decides."""
DECISION = 30.0
"""How sharply the share of frames that see clothes decides: logits per unit around one half."""


@torch.no_grad()
def find_cloth_reach(
    crops: PersonCrops,
    body: ShapedBody,
    motion: Motion,
    on_progress: OnProgress = ignore_progress,
) -> ClothReach:
    """Let frames vote on where clothes are, point by point above each vertex.

    A frame votes where the bare body is not seen before or behind the point: there the mask can
    only be cloth. Where no frame votes everything is left. Beyond a video's edge masks are empty
    and say that there are no clothes.

    Args:
        crops: the frames and their masks.
        body: the person's shape.
        motion: poses of the frames, row for row; rows that are not valid, behind the camera or
            mostly outside the image have no vote.
        on_progress: told of every frame that is asked; may raise to cancel.
    """
    joints = frame_joints(body, motion)
    usable = usable_rows(joints, motion, crops.cameras, LEAST_INSIDE)
    rows = spread_evenly(usable.nonzero()[:, 0], MOST_FRAMES)
    votes = torch.zeros(2, len(body.v_shaped), len(HEIGHTS)).to(body.v_shaped)
    for done, row in enumerate(rows.tolist()):
        on_progress(Progress("Measuring clothes", done, len(rows)))
        votes += frame_votes(pose_frame(body, motion, row), crops.cameras[row], crops.masks[row])
    neighbors = vertex_neighbors(body.model.faces, len(body.v_shaped))
    for _ in range(SMOOTHING_ROUNDS):
        votes = votes[:, neighbors].mean(dim=2)
    seen, cast = votes
    share = torch.where(cast >= LEAST_VOTES, seen / cast.clamp_min(LEAST_VOTES), 1.0)
    share[:, 0] = 1.0
    # Clothes have no holes between them and the body.
    share = share.cummin(dim=1).values
    return ClothReach(torch.sigmoid(DECISION * (share - 0.5)))


def frame_votes(
    posed: PosedBody, camera: Camera, mask: Float[Tensor, "height width"]
) -> Float[Tensor, "2 vertices heights"]:
    """Say where one frame sees the person beside the bare body, and where it looks at all.

    Args:
        posed: the body in the camera's frame, no batch axes.
        camera: of the frame.
        mask: share of each pixel that is the person.
    """
    heights = torch.tensor(HEIGHTS).to(posed.vertices)
    normals = vertex_normals(posed.vertices, posed.faces)
    points = posed.vertices[:, None] + heights[:, None] * normals[:, None]
    pixels = camera.project(points.flatten(end_dim=1))
    bare = rasterize_mesh(posed.vertices, posed.faces, camera).mask.to(mask)
    layers = torch.stack([bare, mask])
    at_points = sample_at_pixels(layers, pixels, (camera.height, camera.width))
    size = pixels.new_tensor([camera.width, camera.height])
    # Half a pixel from the edge on, reading would mix in what lies outside.
    is_inside = ((pixels >= 0.5) & (pixels <= size - 0.5)).all(dim=-1)
    is_free = is_inside & (at_points[:, 0] < 0.5) & (points.flatten(end_dim=1)[:, 2] > 0.0)
    cast = is_free.to(mask)
    return torch.stack([cast * at_points[:, 1], cast]).unflatten(1, points.shape[:2])
