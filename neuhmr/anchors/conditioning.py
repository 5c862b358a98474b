"""From frames to an avatar: which two frames the GHN gets to see (NeuHMR section 3.2).

Anchors are chosen by rendering, and rendering needs an avatar. So a first pair is chosen by how
well the bare mesh fills the person's mask; once anchors have scores, the pair is chosen again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.clothes import find_cloth_reach
from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.anchors.selection import (
    LEAST_INSIDE,
    AnchorSelection,
    orientation_vectors,
    usable_rows,
)
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.clip.thinning import spread_evenly
from neuhmr.errors import ClipError
from neuhmr.ghn.cloth_reach import ClothReach
from neuhmr.ghn.renderable import HumanNetwork, Renderable
from neuhmr.ghn.views import ReferenceViews
from neuhmr.losses.image import silhouette_iou
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.rendering.mesh_raster import rasterize_mesh

MOST_SCORED = 300
"""Frames whose mesh is compared with the mask, evenly spread over longer clips."""


@dataclass(frozen=True)
class AvatarBuild:
    """An avatar and the frames it was conditioned on."""

    avatar: Renderable
    conditioning_rows: tuple[int, int]
    """The better frame first; twice the same where only one frame is usable."""
    cloth: ClothReach
    """Where the clip's frames show clothes."""
    silhouette_iou: Float[Tensor, " frames"]
    """Mesh against mask at the motion's poses; NaN for rows that were not looked at."""


@torch.no_grad()
def mesh_silhouette_iou(
    crops: PersonCrops, body: ShapedBody, motion: Motion, row: int, stride: int = 2
) -> float:
    """Compare the posed mesh's silhouette with the mask of one frame."""
    camera = crops.cameras[row]
    small = camera.resized(camera.height // stride, camera.width // stride)
    mesh = rasterize_mesh(pose_frame(body, motion, row).vertices, body.model.faces, small)
    mask = torch.nn.functional.interpolate(
        crops.masks[row][None, None].float(), (small.height, small.width), mode="area"
    )
    return float(silhouette_iou(mesh.mask.float().reshape(-1), mask.reshape(-1)))


def mesh_silhouette_ious(
    crops: PersonCrops,
    body: ShapedBody,
    motion: Motion,
    on_progress: OnProgress = ignore_progress,
    most_scored: int = MOST_SCORED,
) -> Float[Tensor, " frames"]:
    """Compare mesh and mask in the usable rows, or in `most_scored` of them; NaN elsewhere."""
    usable = usable_rows(frame_joints(body, motion), motion, crops.cameras, LEAST_INSIDE)
    rows = spread_evenly(usable.nonzero()[:, 0], most_scored)
    ious = torch.full((len(motion),), torch.nan)
    for done, row in enumerate(rows.tolist()):
        on_progress(Progress("Comparing bodies with masks", done, len(rows)))
        ious[row] = mesh_silhouette_iou(crops, body, motion, row)
    return ious


def bootstrap_pair(
    ious: Float[Tensor, " frames"], orientations: Float[Tensor, "frames 3"]
) -> tuple[int, int]:
    """Pick the best-filled frame, and the one most opposite to it in the better half.

    Raises:
        ClipError: no frame has an intersection over union.
    """
    known = (~ious.isnan()).nonzero()[:, 0]
    if len(known) == 0:
        raise ClipError(
            "No frame is usable to build the avatar from: poses must be valid and at least half of "
            "the body inside the image in one frame. Check that the poses belong to this clip."
        )
    ranked = known[ious[known].argsort(descending=True, stable=True)]
    best = int(ranked[0])
    better_half = ranked[: max(1, (len(ranked) + 1) // 2)]
    cosines = orientations[better_half] @ orientations[best]
    return best, int(better_half[cosines.argmin()])


def pair_from_anchors(selection: AnchorSelection, opposition: float = 1.0) -> tuple[int, int]:
    """Pick the best anchor, and the anchor that is both good and seen from the other side.

    The second minimizes score + opposition * cos of the angle between the two orientations, so
    that the pair comes as near to front and back as good frames allow.
    """
    best = min(selection.anchors, key=selection.score_of)
    others = [row for row in selection.anchors if row != best] or [best]
    facing = selection.orientations[best]

    def cost(row: int) -> float:
        cosine = float(selection.orientations[row] @ facing)
        return selection.score_of(row) + opposition * cosine

    return best, min(others, key=cost)


def reference_views(
    crops: PersonCrops, body: ShapedBody, motion: Motion, rows: Sequence[int]
) -> ReferenceViews:
    """Gather the frames the GHN is conditioned on, with the body posed in each."""
    index = torch.tensor(list(rows), device=motion.transl.device)
    chosen = motion[index]
    frames = crops[index]
    posed = body.with_pose(chosen.body_pose, chosen.global_orient, chosen.transl)
    return ReferenceViews(
        images=frames.masked_images(), masks=frames.masks, cameras=frames.cameras, posed=posed
    )


def build_avatar(
    crops: PersonCrops,
    motion: Motion,
    model: SmplModel,
    ghn: HumanNetwork,
    rows: tuple[int, int] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> AvatarBuild:
    """Condition the GHN on two frames of the person (NeuHMR section 3.2).

    Args:
        crops: the frames.
        motion: poses of those frames; only the conditioning frames' poses matter.
        model: the body model of those poses.
        ghn: the network.
        rows: the pair to use, e.g. from `pair_from_anchors`; the bootstrap pair if None.
        on_progress: told of every frame that is looked at.
    """
    body = model.with_shape(motion.betas)
    ious = mesh_silhouette_ious(crops, body, motion, on_progress)
    if rows is None:
        joints = frame_joints(body, motion)
        rows = bootstrap_pair(ious, orientation_vectors(joints, motion.global_orient))
    cloth = find_cloth_reach(crops, body, motion, on_progress)
    avatar = condition_avatar(crops, motion, body, ghn, rows, cloth)
    return AvatarBuild(avatar, rows, cloth, ious)


@torch.no_grad()
def condition_avatar(
    crops: PersonCrops,
    motion: Motion,
    body: ShapedBody,
    ghn: HumanNetwork,
    rows: tuple[int, int],
    cloth: ClothReach,
) -> Renderable:
    """Show the GHN one pair of frames, and what all of them say of the clothes."""
    return ghn.condition(reference_views(crops, body, motion, rows), body, cloth=cloth)
