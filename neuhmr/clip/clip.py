"""A clip: a video with what is known about the person and the camera in it.

What is not given is looked for beside the video (see `sidecars`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int

from neuhmr.body.motion import Motion
from neuhmr.clip.camera_choice import CameraChoice, chosen_camera
from neuhmr.clip.camera_file import fit_camera
from neuhmr.clip.mask_changes import UNCHANGED, MaskChanges
from neuhmr.clip.mask_files.read import read_clip_masks
from neuhmr.clip.masks import MaskSequence
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.sidecars import SidecarKind, find_sidecar, foreign_pose_sidecars
from neuhmr.clip.video import Video, open_video
from neuhmr.errors import PoseFileError
from neuhmr.geometry.cameras import Camera, camera_from_focal, default_focal
from neuhmr.geometry.rigid import Rigid
from neuhmr.progress import OnProgress, ignore_progress

_SAME_FOCAL = math.log(1.05)
"""Focal lengths that differ by less are no contradiction."""
PoseReader = Callable[[Path, SidecarKind, Video], MotionArrays]
"""Reads the poses or the truth of a clip from a file."""


@dataclass(frozen=True)
class Clip:
    """A video, its camera, and the person's masks and poses where they are known."""

    video: Video
    camera: Camera
    """K (3, 3), or (frames, 3, 3) over the frames of the video; of the video's size."""
    camera_is_guessed: bool
    """True where the focal length is a guess from the image size: tell the user."""
    masks: MaskSequence | None = None
    """One mask per video frame."""
    motion: Motion | None = None
    """The poses to start from; may cover only some frames (`frame_index`)."""
    poses_source: str = ""
    """What the poses were made by, as far as their file says."""
    truth: Motion | None = None
    """The true poses, for scoring; may cover only some frames."""
    T_camera_world: Rigid | None = None
    """World to camera, one or one per video frame."""
    remarks: tuple[str, ...] = ()
    """What the user should know about its files, one sentence each."""

    def __len__(self) -> int:
        return self.video.num_frames

    def __getitem__(self, index: slice) -> "Clip":
        """Restrict everything to a range of video frames, renumbered from 0.

        A motion without rows in the range becomes None.

        Raises:
            ValueError: the range is empty or runs backwards.
        """
        video = self.video[index]
        rows = range(len(self))[index]
        camera, transform = self.camera, self.T_camera_world
        if camera.K.dim() == 3:
            camera = replace(camera, K=camera.K[index])
        if transform is not None and transform.transl.dim() == 2:
            transform = transform[index]
        return replace(
            self,
            video=video,
            camera=camera,
            T_camera_world=transform,
            masks=None if self.masks is None else self.masks[index],
            motion=_restrict_motion(self.motion, rows),
            truth=_restrict_motion(self.truth, rows),
        )

    def cameras_at(self, frame_index: Int[torch.Tensor, " frames"]) -> Camera:
        """Look up the camera of each given video frame: K (frames, 3, 3)."""
        K = self.camera.K
        K = K[frame_index.to(K.device)] if K.dim() == 3 else K.expand(len(frame_index), 3, 3)
        return replace(self.camera, K=K)


def open_clip(
    path: Path,
    poses: Path | MotionArrays | None = None,
    masks: Path | None = None,
    camera: Path | CameraChoice | None = None,
    truth: Path | MotionArrays | None = None,
    on_progress: OnProgress = ignore_progress,
    read: PoseReader | None = None,
    person: str | None = None,
    mask_changes: MaskChanges = UNCHANGED,
) -> Clip:
    """Open a video with what was given or lies beside it, and check that all of it fits.

    The camera is the given one, else the sidecar, else that of the poses, else what the video says
    about its lens, else a guess. With a reader for other tools' files, `CLIP.poses.*` of any kind
    is poses beside the clip. `person` is an object's id where masks are of several, and
    `mask_changes` is done to them.

    Raises:
        ClipError: the video, masks or camera cannot be used or do not fit.
        PoseFileError: the poses or the truth cannot be used or do not fit.
    """
    video = open_video(path, on_progress)
    masks_path = masks or find_sidecar(path, "masks")
    choice = camera if isinstance(camera, CameraChoice) else CameraChoice(path=camera)
    pose_content, pose_path = _read_poses(path, poses, "poses", video, read)
    truth_content, _ = _read_poses(path, truth, "truth", video, read)
    mask_sequence, said = None, ()
    if masks_path is not None:
        mask_sequence, said = read_clip_masks(masks_path, video, person, mask_changes)
    clip_camera, is_guessed, remarks = _choose_camera(video, choice, pose_content, pose_path)
    transform = None if pose_content is None else _transforms(pose_content, video.num_frames)
    return Clip(
        video=video,
        camera=clip_camera,
        camera_is_guessed=is_guessed,
        masks=mask_sequence,
        motion=None if pose_content is None else pose_content.motion,
        poses_source="" if pose_content is None else pose_content.source,
        truth=None if truth_content is None else truth_content.motion,
        T_camera_world=transform,
        remarks=(*video.remarks, *remarks, *said),
    )


def _read_poses(
    clip_path: Path,
    given: Path | MotionArrays | None,
    kind: SidecarKind,
    video: Video,
    read: PoseReader | None,
) -> tuple[MotionArrays | None, Path]:
    """Read poses or truth and check them against the video; also says where they came from."""
    if isinstance(given, MotionArrays):
        content, path = given, Path(given.source or f"{clip_path.stem}.{kind}")
    else:
        path = given or find_sidecar(clip_path, kind)
        if path is None and kind == "poses" and read is not None:
            path = next(iter(foreign_pose_sidecars(clip_path)), None)
        if path is None:
            return None, clip_path
        content = read_motion_file(path) if read is None else read(path, kind, video)
    rows, frames = len(content), video.num_frames
    if not content.has_frame_index and rows != frames:
        raise PoseFileError(
            f"{path} holds {rows} frames but {video.path} has {frames}; re-run the estimator on "
            "the same clip, or add a key frame_index that says which frames the rows belong to."
        )
    last = int(content.frame_index[-1])
    if last >= frames:
        raise PoseFileError(
            f"{path} holds {rows} frames up to number {last} but {video.path} has only {frames} "
            f"(0 to {frames - 1}); re-run the estimator on the same clip."
        )
    return content, path


def _choose_camera(
    video: Video, choice: CameraChoice, poses: MotionArrays | None, pose_path: Path
) -> tuple[Camera, bool, tuple[str, ...]]:
    """Pick the camera; also says whether it is a guess, and what to know about it."""
    height, width = video.height, video.width
    sidecar = find_sidecar(video.path, "camera")
    given = chosen_camera(choice, sidecar, video.num_frames, height, width)
    if given is not None:
        camera, remarks = given
        return camera, False, remarks + _disagreement(camera, poses)
    if poses is None or poses.camera is None:
        lens = video.lens
        if lens is None:
            return camera_from_focal(default_focal(height, width), height, width), True, ()
        said = f"a focal length of {lens.focal:.0f} px, as {lens.source} says"
        return camera_from_focal(lens.focal, height, width), False, (said,)
    remedy = "give the poses of this very clip, or its camera with --camera"
    camera = fit_camera(poses.camera, pose_path, height, width, PoseFileError, remedy)
    if camera.K.dim() == 3:
        camera = replace(camera, K=camera.K[_nearest_rows(poses.motion, video.num_frames)])
    return camera, poses.camera_is_guessed, ()


def _disagreement(camera: Camera, poses: MotionArrays | None) -> tuple[str, ...]:
    """Say so where the poses were made with another focal length than the clip has."""
    if poses is None or poses.camera is None or poses.camera_is_guessed:
        return ()
    made_with = float(poses.camera.K[..., 0, 0].mean()) * camera.width / poses.camera.width
    focal = float(camera.K[..., 0, 0].mean())
    factor = focal / made_with
    if abs(math.log(factor)) < _SAME_FOCAL:
        return ()
    return (
        f"two cameras disagree: the poses were made with a focal length of {made_with:.0f} px, but "
        f"the clip's camera has {focal:.0f} px, which counts; --poses-as depth*{factor:.3g} moves "
        "the poses to where they look as large",
    )


def _transforms(poses: MotionArrays, num_frames: int) -> Rigid | None:
    """World to camera, one or one per video frame, where the poses' file knows it."""
    if poses.T_camera_world is None:
        return None
    matrices = torch.from_numpy(poses.T_camera_world.astype(np.float32))
    if matrices.dim() == 3:
        matrices = matrices[_nearest_rows(poses.motion, num_frames)]
    return Rigid.from_matrix(matrices)


def _nearest_rows(motion: Motion, num_frames: int) -> torch.Tensor:
    """For each video frame, the motion's row nearest in time."""
    frames = torch.arange(num_frames)
    after = torch.searchsorted(motion.frame_index, frames).clamp(max=len(motion) - 1)
    before = (after - 1).clamp(min=0)
    is_before = frames - motion.frame_index[before] < (motion.frame_index[after] - frames).abs()
    return torch.where(is_before & (motion.frame_index[after] != frames), before, after)


def _restrict_motion(motion: Motion | None, rows: range) -> Motion | None:
    """Keep the poses of the video frames `rows`, numbered by their place in it."""
    if motion is None:
        return None
    offset = motion.frame_index - rows.start
    is_inside = (offset >= 0) & (motion.frame_index < rows.stop) & (offset % rows.step == 0)
    if not bool(is_inside.any()):
        return None
    kept = motion[is_inside]
    return replace(kept, frame_index=torch.div(kept.frame_index - rows.start, rows.step).long())
