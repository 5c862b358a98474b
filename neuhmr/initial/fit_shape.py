"""Giving the body in use the shape and rest pose of the one that poses were made on."""

from dataclasses import replace
from typing import Literal

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import BODY_25_NAMES, POINT_NAMES
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.errors import PoseFileError
from neuhmr.geometry.rotations import rotmat_to_axisangle
from neuhmr.initial.other_body import (
    Evidence,
    MaskEvidence,
    PixelEvidence,
    PointEvidence,
    Transfer,
    fit_other_body,
)
from neuhmr.initial.silhouettes import collect_silhouettes

FitShape = Literal["auto", "on", "off"]
"""`auto` fits where the file itself holds joints or vertices; `on` else to keypoints or masks."""
_MOST_MISFIT = 80.0
"""Points of a file that are farther from the fitted body on average (mm) are something else."""
_EXACT = "the file of the model that the poses belong to would make it exact: --source-model of "
_EXACT += "`neuhmr convert`"
_NAME_IN_BODY_25 = {"pelvis": "mid_hip"}


def fit_to_points(content: MotionArrays, model: SmplModel) -> MotionArrays:
    """Fit the body to the points that came with the poses, if some did.

    Args:
        content: poses that were moved onto the model.
        model: the body in use.
    """
    if content.points3d is None or not content.valid.any():
        return replace(content, points3d=None)
    points = torch.from_numpy(content.points3d).float()
    found = fit_other_body(content.motion, model, PointEvidence(points=points))
    if not found.after < min(found.before, _MOST_MISFIT):
        remark = (
            "joints in the file are not used, as they do not fit its poses "
            f"({found.after:.0f} mm off)"
        )
        return replace(content, points3d=None, remarks=(*content.remarks, remark))
    moved, said = found.motion, _said(found, "the joints in the file")
    return replace(
        content,
        global_orient=rotmat_to_axisangle(moved.global_orient).double().numpy(),
        body_pose=rotmat_to_axisangle(moved.body_pose).double().reshape(len(content), 69).numpy(),
        transl=moved.transl.double().numpy(),
        betas=moved.betas.double().numpy()[None],
        points3d=None,
        source=f"{content.source}; {said}",
        remarks=(*content.remarks, said),
    )


def fit_to_clip(
    clip: Clip, motion: Motion, model: SmplModel, keypoints: ClipKeypoints | None
) -> tuple[Motion, str]:
    """Fit the body to 2D keypoints, or else to masks, and say how well it fits.

    Raises:
        PoseFileError: the clip has neither.
    """
    evidence = _evidence(clip, motion, keypoints)
    if evidence is None:
        raise PoseFileError(
            f"{clip.video.path} has nothing that the body's shape could be fitted to, 2D keypoints "
            "or masks were expected; give --keypoints-2d or --masks, or leave --fit-shape out."
        )
    found = fit_other_body(motion, model, evidence)
    name = "2D keypoints" if isinstance(evidence, PixelEvidence) else "masks"
    return found.motion, _said(found, name)


def _evidence(clip: Clip, motion: Motion, keypoints: ClipKeypoints | None) -> Evidence | None:
    cameras = clip.cameras_at(motion.frame_index)
    if keypoints is not None:
        seen = keypoints[motion.frame_index]
        points = torch.full((len(motion), len(POINT_NAMES), 2), torch.nan)
        confidence = torch.zeros(points.shape[:2])
        for place, name in enumerate(POINT_NAMES):
            name = _NAME_IN_BODY_25.get(name, name)
            if name in BODY_25_NAMES:
                points[:, place] = seen.points[:, BODY_25_NAMES.index(name)]
                confidence[:, place] = seen.confidence[:, BODY_25_NAMES.index(name)]
        return PixelEvidence(points=points, confidence=confidence, cameras=cameras)
    if clip.masks is None:
        return None
    masks = (clip.masks.mask(frame) for frame in motion.frame_index.tolist())
    return MaskEvidence(silhouettes=collect_silhouettes(masks), cameras=cameras)


def _said(found: Transfer, what: str) -> str:
    return (
        f"shape and rest pose of the body are fitted to {what}, on average {found.before:.0f} -> "
        f"{found.after:.0f} {found.unit} off; {_EXACT}"
    )
