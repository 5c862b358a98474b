"""Motion files: SMPL poses of one person over a clip, as npz without pickles.

Keys: `format` = "neuhmr-motion", `version`, `global_orient` (T, 3), `body_pose` (T, 69), `transl`
(T, 3) in smplx's sense, `betas` (10,), `frame_index` (T,), `valid` (T,), `fps`, `gender`,
`body_model`, `source`; where known also `K` (3, 3) or (T, 3, 3) with `image_size` (height, width)
and `camera_is_guessed`, and `T_camera_world` (4, 4) or (T, 4, 4). Axis-angle (rad), metres, each
frame's camera frame.

Lenient form: an npz without `format` that has at least `global_orient`, `body_pose`, `transl` and
`betas` of smplx's SMPL. Rotations may then be matrices, `betas` (1, 10) or (T, 10) (averaged).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.camera_file import checked_camera
from neuhmr.clip.motion_arrays import is_rotation, read_motion_arrays
from neuhmr.clip.npz_files import read_npz
from neuhmr.errors import PoseFileError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid

MOTION_FORMAT = "neuhmr-motion"
MOTION_VERSION = 1
_EXPECTED = "a motion file (npz)"
_REMEDY = "give the estimator's result, or convert it first with `neuhmr convert`"
_ASSUMED_FPS = 30.0


@dataclass(frozen=True)
class MotionFile:
    """What a motion file holds."""

    motion: Motion
    fps: float
    camera: Camera | None = None
    """Intrinsics that the poses were estimated with; one, or one per row of the motion."""
    T_camera_world: Rigid | None = None
    """World to camera; one, or one per row of the motion."""
    gender: str = "neutral"
    body_model: str = ""
    """Name and hash of the body model the poses belong to."""
    source: str = ""
    """What the poses were read from, and by which rule."""
    has_frame_index: bool = True
    """False where rows were numbered on reading because the file does not say."""
    camera_is_guessed: bool = False
    """True where the intrinsics are a guess from the image size."""


def read_motion_file(path: Path) -> MotionFile:
    """Read and check a motion file, in its full or its lenient form.

    Raises:
        PoseFileError: no such file, another kind of file, missing keys, wrong shapes, NaN or Inf,
            something that is no rotation.
    """
    data = read_npz(path, PoseFileError, _EXPECTED, _REMEDY)
    is_lenient = "format" not in data
    if not is_lenient:
        _check_format(path, data)
    motion = read_motion_arrays(path, data, is_lenient)
    rows = len(motion)
    source = _text(data, "source")
    if is_lenient:
        source = f"{path.name} by smplx's key names"
        if "fps" not in data:
            source += f", frame rate assumed {_ASSUMED_FPS:g}"
    return MotionFile(
        motion=motion,
        fps=_read_fps(path, data),
        camera=_read_camera(path, data, rows),
        camera_is_guessed=bool(data.get("camera_is_guessed", np.array(False)).all()),
        T_camera_world=_read_transforms(path, data, rows),
        gender=_text(data, "gender") or "neutral",
        body_model=_text(data, "body_model"),
        source=source,
        has_frame_index="frame_index" in data,
    )


def write_motion_file(path: Path, content: MotionFile) -> None:
    """Write a motion file whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    motion = content.motion.detach().to("cpu")
    arrays: dict[str, np.ndarray] = {
        "format": np.array(MOTION_FORMAT),
        "version": np.array(MOTION_VERSION),
        "global_orient": motion.global_orient_axisangle().float().numpy(),
        "body_pose": motion.body_pose_axisangle().float().numpy(),
        "transl": motion.transl.float().numpy(),
        "betas": motion.betas.float().numpy(),
        "frame_index": motion.frame_index.to(torch.int64).numpy(),
        "valid": motion.valid.numpy(),
        "fps": np.array(float(content.fps)),
        "gender": np.array(content.gender),
        "body_model": np.array(content.body_model),
        "source": np.array(content.source),
    }
    if content.camera is not None:
        arrays["K"] = content.camera.K.detach().cpu().float().numpy()
        arrays["image_size"] = np.array([content.camera.height, content.camera.width])
        arrays["camera_is_guessed"] = np.array(content.camera_is_guessed)
    if content.T_camera_world is not None:
        arrays["T_camera_world"] = content.T_camera_world.as_matrix().detach().cpu().numpy()
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]


def _check_format(path: Path, data: dict[str, np.ndarray]) -> None:
    name = _text(data, "format")
    if name != MOTION_FORMAT:
        raise PoseFileError(
            f'{path} says its format is "{name}", "{MOTION_FORMAT}" was expected; {_REMEDY}.'
        )
    version = data.get("version", np.array(0))
    if version.size != 1 or version.dtype.kind not in "iu" or version.item() < 1:
        raise PoseFileError(
            f"{path} has no usable version number, {MOTION_VERSION} was expected; {_REMEDY}."
        )
    if version.item() > MOTION_VERSION:
        raise PoseFileError(
            f"{path} is a motion file of version {version.item()}, at most {MOTION_VERSION} was "
            "expected; update this program."
        )


def _read_fps(path: Path, data: dict[str, np.ndarray]) -> float:
    fps = data.get("fps", np.array(_ASSUMED_FPS))
    if fps.size != 1 or fps.dtype.kind not in "iuf" or not 0 < fps.item() < np.inf:
        raise PoseFileError(
            f"{path} has no usable fps, one positive number was expected; {_REMEDY}."
        )
    return float(fps.item())


def _read_camera(path: Path, data: dict[str, np.ndarray], rows: int) -> Camera | None:
    if "K" not in data or "image_size" not in data:
        return None  # K alone does not say for which resolution it holds.
    K, size = data["K"], data["image_size"]
    if size.shape != (2,) or size.dtype.kind not in "iu" or (size < 1).any():
        raise PoseFileError(
            f"{path} has no usable image_size, two positive integers (height, width) were "
            f"expected; {_REMEDY}."
        )
    if K.dtype.kind not in "iuf" or K.shape not in ((3, 3), (rows, 3, 3)):
        raise PoseFileError(
            f"{path} has K of shape {K.shape}, (3, 3) or ({rows}, 3, 3) was expected; {_REMEDY}."
        )
    return checked_camera(path, K, int(size[0]), int(size[1]), PoseFileError, _REMEDY)


def _read_transforms(path: Path, data: dict[str, np.ndarray], rows: int) -> Rigid | None:
    if "T_camera_world" not in data:
        return None
    matrices = data["T_camera_world"]
    if matrices.dtype.kind not in "iuf" or matrices.shape not in ((4, 4), (rows, 4, 4)):
        raise PoseFileError(
            f"{path} has T_camera_world of shape {matrices.shape}, (4, 4) or ({rows}, 4, 4) was "
            f"expected; {_REMEDY}."
        )
    stacked = matrices.reshape(-1, 4, 4).astype(np.float64)
    rotmat = stacked[:, :3, :3]
    is_rigid = np.isfinite(stacked).all(axis=(1, 2)) & is_rotation(rotmat)
    if not is_rigid.all():
        raise PoseFileError(
            f"{path} has a T_camera_world that is no rigid transform (first in row "
            f"{int((~is_rigid).argmax())}), a rotation and a translation were expected; {_REMEDY}."
        )
    return Rigid.from_matrix(torch.from_numpy(matrices.astype(np.float32)))


def _text(data: dict[str, np.ndarray], key: str) -> str:
    return str(data[key].item()) if key in data and data[key].size == 1 else ""
