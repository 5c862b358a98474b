"""From an avatar to anchors: render the candidates in the poses they have, keep the best."""

from collections.abc import Collection

import torch

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.anchors.frame_target import frame_target
from neuhmr.anchors.selection import (
    AnchorSelection,
    FrameScore,
    choose_anchors,
    combine_scores,
    farthest_points,
    num_anchors,
    orientation_vectors,
    usable_rows,
)
from neuhmr.anchors.settings import AnchorConfig
from neuhmr.body.motion import Motion
from neuhmr.clip.crops import PersonCrops
from neuhmr.errors import ClipError
from neuhmr.ghn.renderable import Renderable
from neuhmr.losses.image import photometric_loss, silhouette_loss
from neuhmr.progress import OnProgress, Progress, ignore_progress


@torch.no_grad()
def score_frame(
    avatar: Renderable, crops: PersonCrops, motion: Motion, row: int, stride: int = 4
) -> FrameScore:
    """Compare one frame with its rendering at every `stride`-th pixel of each axis."""
    target = frame_target(crops, row, stride)
    posed = pose_frame(avatar.body, motion, row)
    rendering = avatar.render(posed, crops.cameras[row], target.pixels)
    return FrameScore(
        rgb=float(photometric_loss(rendering.colors, target.colors).mean()),
        geo=float(silhouette_loss(rendering.opacities, target.mask)),
    )


def select_anchors(
    avatar: Renderable,
    crops: PersonCrops,
    motion: Motion,
    *,
    start: int,
    config: AnchorConfig | None = None,
    includes: Collection[int] = (),
    excludes: Collection[int] = (),
    on_progress: OnProgress = ignore_progress,
) -> AnchorSelection:
    """Choose anchors among candidates that cover all orientations (NeuHMR 3.3.1).

    Args:
        avatar: renders the candidates; a bootstrap avatar is good enough to rank them.
        crops: the frames.
        motion: the poses they are rendered in.
        start: row from which farthest point sampling starts, a well-posed one.
        config: how many.
        includes: rows the user wants as anchors whatever their score.
        excludes: rows the user wants never to be anchors.
        on_progress: told after every rendered candidate.

    Raises:
        ClipError: no frame shows half of the body.
    """
    config = config or AnchorConfig()
    joints = frame_joints(avatar.body, motion)
    orientations = orientation_vectors(joints, motion.global_orient)
    usable = usable_rows(joints, motion, crops.cameras, config.least_inside)
    usable[list(excludes)] = False
    if not bool(usable.any()):
        raise ClipError(
            "No frame shows enough of the person to serve as an anchor; at least "
            f"{config.least_inside:.0%} of the body must be inside the image in one frame that is "
            "not excluded. Check the camera and the poses, or exclude fewer frames."
        )
    if not bool(usable[start]):
        start = int(usable.nonzero()[0, 0])
    count = num_anchors(int(motion.valid.sum()), config)
    picks = farthest_points(orientations, usable, count * config.candidates_per_anchor, start)
    asked = tuple(row for row in sorted(set(includes)) if row not in picks and motion.valid[row])
    scores = []
    for done, row in enumerate(picks + asked):
        on_progress(Progress("Scoring anchor candidates", done, len(picks + asked)))
        scores.append(score_frame(avatar, crops, motion, row, config.score_stride))
    combined = combine_scores(scores)
    return AnchorSelection(
        orientations=orientations,
        candidates=picks + asked,
        scores=combined,
        anchors=choose_anchors(picks + asked, combined, count, includes, excludes),
    )
