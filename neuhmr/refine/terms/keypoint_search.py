"""Looking for keypoints in frames, with GHNeRF's heatmaps (GHNeRF section 3.4).

Heatmaps are rendered at the poses that refinement starts from, but read from the frame itself: they
show keypoints where its picture does, as far as the body's own samples reach. NeuHMR has no such
thing.
"""

from collections.abc import Iterable
from dataclasses import replace

import torch

from neuhmr.anchors.conditioning import reference_views
from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghnerf.clips.clip_heatmaps import render_heatmaps
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d, keypoints_from_heatmaps
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.problem import RefineProblem


def look_for_keypoints(
    problem: RefineProblem, rows: Iterable[int], on_progress: OnProgress = ignore_progress
) -> RefineProblem:
    """Add the keypoints of frames; those that were looked at before are not looked at again.

    Args:
        problem: with `heatmaps`, whose avatar came from the network that they were trained on.
        rows: which frames.
        on_progress: told after every frame; may raise to cancel.

    Raises:
        ValueError: the problem has no heatmaps to find keypoints in.
    """
    device = problem.initial.transl.device
    known = problem.keypoints
    if known is None:
        known = FrameKeypoints.none_yet(len(problem.initial), device)
    looked = known.looked.tolist()
    new = [row for row in rows if not looked[row]]
    if not new:
        return problem
    if problem.heatmaps is None:
        raise ValueError(
            "look_for_keypoints: the keypoint term weighs something, but the problem has no "
            "heatmaps to find keypoints in; load some and set RefineProblem.heatmaps"
        )
    poses = problem.start().into(problem.initial)
    for done, row in enumerate(new):
        on_progress(Progress("Finding keypoints", done, len(new)))
        found = keypoints_in_frame(problem, poses, row)
        known = known.with_found(torch.tensor([row], device=device), found[None])
    return replace(problem, keypoints=known)


@torch.no_grad()
def keypoints_in_frame(problem: RefineProblem, poses: Motion, row: int) -> Keypoints2d:
    """Find the keypoints of one frame in heatmaps that the frame itself is the source of.

    Args:
        problem: with heatmaps.
        poses: to render, row for row with the frames.
        row: which frame.
    """
    heatmaps, avatar, crops = problem.heatmaps, problem.avatar, problem.crops
    assert heatmaps is not None and isinstance(avatar, Avatar), "a Ghn makes Avatars"
    sources = heatmaps.look(reference_views(crops, avatar.body, poses, [row]), avatar)
    posed, camera = pose_frame(avatar.body, poses, row), crops.cameras[row]
    maps = render_heatmaps(heatmaps, avatar, sources, posed, camera).heatmaps
    return keypoints_from_heatmaps(maps.T.reshape(-1, camera.height, camera.width))
