"""Poses of a real clip, which has no truth, against what others saw in the picture.

Keypoints that somebody else's detector found and masks say how well poses fit the picture, and
nothing about depth: read them beside a benchmark with a truth, never alone.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.errors import PoseFileError
from neuhmr.formats.keypoints.read import read_keypoints_2d
from neuhmr.initial.landmark_body import make_landmark_body
from neuhmr.initial.landmarks import NUM_LANDMARKS, landmark_index
from neuhmr.lab.people.errors.pose_errors import REFERENCE_HEIGHT, person_height
from neuhmr.losses.image import silhouette_iou
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.rendering.mesh_raster import rasterize_mesh

PARTS: dict[str, tuple[str, ...]] = {
    "arms": ("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    "legs": ("left_knee", "right_knee", "left_ankle", "right_ankle"),
    "trunk": ("left_shoulder", "right_shoulder", "left_hip", "right_hip"),
}
"""BlazePose landmarks that are compared; face, fingers and toes are left out."""


@dataclass(frozen=True)
class PictureFit:
    """How well poses fit the picture; means over frames that have pose and keypoints."""

    frames: int
    keypoints_px: float
    """Mean distance of the landmarks, in pixels of a person 150 px tall."""
    arms_px: float
    legs_px: float
    trunk_px: float
    silhouette_iou: float | None
    """Of the naked body with the mask; None where the clip has no masks."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


def read_keypoints(
    path: Path, num_frames: int, size: tuple[int, int]
) -> Float[Tensor, "frames 33 2"]:
    """Read any detector's keypoints of every frame (px); NaN for those that are not compared.

    Args:
        path: a file or folder.
        num_frames: of the pictures.
        size: their height and width (px).

    Raises:
        PoseFileError: the file cannot be read, or is of another clip.
    """
    found = read_keypoints_2d(path, num_frames, size).keypoints
    points = torch.full((num_frames, NUM_LANDMARKS, 2), torch.nan)
    for name in (name for names in PARTS.values() for name in names):
        points[:, landmark_index(name)] = found.points[:, BODY_25_NAMES.index(name)]
    return points


def fit_to_picture(
    clip: Clip,
    motion: Motion,
    keypoints: Float[Tensor, "frames 33 2"],
    model: SmplModel,
    on_progress: OnProgress = ignore_progress,
) -> PictureFit:
    """Compare poses with keypoints and masks.

    Args:
        clip: the video with its camera, and masks if there are any.
        motion: the poses to judge.
        keypoints: of every frame of the video (px).
        model: the poses' body.
        on_progress: told after every frame.

    Raises:
        PoseFileError: no pose is valid.
    """
    motion = motion[motion.valid.nonzero()[:, 0]]
    if not len(motion):
        raise PoseFileError(
            f"The poses for {clip.video.path} hold no valid frame; give others with --poses."
        )
    distance = _distances(clip, motion, keypoints, model)
    parts = {
        name: float(distance[:, [landmark_index(point) for point in points]].nanmean())
        for name, points in PARTS.items()
    }
    return PictureFit(
        frames=len(motion),
        keypoints_px=sum(parts.values()) / len(parts),
        arms_px=parts["arms"],
        legs_px=parts["legs"],
        trunk_px=parts["trunk"],
        silhouette_iou=_mean_iou(clip, motion, model, on_progress),
    )


def posed_landmarks(motion: Motion, model: SmplModel) -> Float[Tensor, "frames 33 3"]:
    """Find BlazePose's landmarks on posed bodies (m, the motion's frame)."""
    body, pose = make_landmark_body(model), LocalPose.from_motion(motion)
    betas = model.v_template.new_zeros(model.num_betas)
    betas[: len(motion.betas)] = motion.betas
    landmarks, _ = body.carry(betas, body.bones(betas, pose.rotmat, pose.transl))
    return landmarks


def _distances(
    clip: Clip, motion: Motion, keypoints: Float[Tensor, "all_frames 33 2"], model: SmplModel
) -> Float[Tensor, "frames 33"]:
    """Project the body's landmarks and measure how far the keypoints lie from them."""
    camera = clip.cameras_at(motion.frame_index)
    distance = (
        camera.project(posed_landmarks(motion, model)) - keypoints[motion.frame_index]
    ).norm(dim=-1)
    height = person_height(motion, model.with_shape(motion.betas), camera)[..., 0]
    return distance * REFERENCE_HEIGHT / height


def _mean_iou(
    clip: Clip, motion: Motion, model: SmplModel, on_progress: OnProgress
) -> float | None:
    if clip.masks is None:
        return None
    body, total = model.with_shape(motion.betas), 0.0
    cameras = clip.cameras_at(motion.frame_index)
    for row, frame in enumerate(motion.frame_index.tolist()):
        camera = replace(cameras, K=cameras.K[row])
        mesh = rasterize_mesh(pose_frame(body, motion, row).vertices, body.model.faces, camera)
        mask = torch.from_numpy(clip.masks.mask(frame).copy()).float()
        total += float(silhouette_iou(mesh.mask.float().reshape(-1), mask.reshape(-1)))
        on_progress(Progress("Comparing silhouettes", row + 1, len(motion)))
    return total / len(motion)
