"""Whether masks and poses are of the same person, asked before minutes of work."""

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.clip.crops import PersonCrops
from neuhmr.clip.thinning import spread_evenly
from neuhmr.errors import ClipError
from neuhmr.rendering.mesh_raster import rasterize_mesh

MOST_TIMES = 3.0
"""Dressed people cover 1.1 to 1.6 times what their bodies do; masks of more are not of them."""
LEAST_OVERLAP = 0.02
"""Intersection over union; the worst estimates have some 0.2."""
LOOKED_AT = 12
"""Frames, evenly spread over the clip."""


def check_masks(crops: PersonCrops, motion: Motion, body: ShapedBody, name: str) -> None:
    """Compare masks with the posed body's silhouettes in a few frames.

    Args:
        crops: the person's frames, cut along the poses.
        motion: initial poses, row for row.
        body: of those poses.
        name: of the clip, for messages.

    Raises:
        ClipError: in most frames the masks cover far more than the body does, or lie elsewhere.
    """
    shown = motion.valid & (crops.masks.flatten(start_dim=1).amax(dim=1) > 0.5)
    rows = shown.nonzero()[:, 0]
    if not len(rows):
        return
    picked = spread_evenly(rows, LOOKED_AT)
    sizes, overlaps = [], []
    for row in picked.tolist():
        pose = motion[row : row + 1]
        vertices = body.with_pose(pose.body_pose, pose.global_orient, pose.transl).vertices[0]
        silhouette = rasterize_mesh(vertices, body.model.faces, crops.cameras[row]).mask
        mask = crops.masks[row] > 0.5
        sizes.append(float(mask.sum()) / max(1.0, float(silhouette.sum())))
        overlaps.append(
            float((mask & silhouette).sum()) / max(1.0, float((mask | silhouette).sum()))
        )
    times = float(torch.tensor(sizes).median())
    if float(torch.tensor(overlaps).median()) < LEAST_OVERLAP:
        raise ClipError(
            f"{name}: masks and posed bodies lie in different places (overlap below "
            f"{LEAST_OVERLAP:.0%} in most frames), the same person was expected; check that the "
            "poses are of this clip and this person, and made with the clip's camera (--camera)."
        )
    if times > MOST_TIMES:
        raise ClipError(
            f"{name}: the masks cover {times:.1f} times what the posed body covers, at most "
            f"{MOST_TIMES:g} times was expected; check that --masks show this person alone and are "
            "not inverted, or move them away to go without."
        )
