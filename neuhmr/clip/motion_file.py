"""Motion files: SMPL poses of one person over a clip, as npz without pickles.

Keys: `format` = "neuhmr-motion", `version`, `global_orient` (T, 3), `body_pose` (T, 69), `transl`
(T, 3) in smplx's sense, `betas` (10,), `frame_index` (T,), `valid` (T,), `fps`, `gender`,
`body_model`, `source`; where known also `K` (3, 3) or (T, 3, 3) with `image_size` (height, width)
and `camera_is_guessed`, and `T_camera_world` (4, 4) or (T, 4, 4). Axis-angle (rad), metres, each
frame's camera frame.

Lenient form: an npz without `format` that has at least `global_orient`, `body_pose`, `transl` and
`betas` of smplx's SMPL. Rotations may then be matrices, `betas` (1, 10) or (T, 10) (averaged).
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.clip.intrinsics import MOST_PIXELS, check_intrinsics
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_checks import check_poses, is_rotation
from neuhmr.clip.npz_writing import write_npz
from neuhmr.errors import PoseFileError
from neuhmr.files.npz_files import read_npz

MOTION_FORMAT = "neuhmr-motion"
MOTION_VERSION = 1
_EXPECTED = "a motion file (npz)"
_REMEDY = "give the estimator's result, or convert it first with `neuhmr convert`"
_ASSUMED_FPS = 30.0
_MOST_FPS = 100_000.0
"""No camera films a person faster (1/s)."""


def read_motion_file(path: Path) -> MotionArrays:
    """Read and check a motion file, in its full or its lenient form.

    Raises:
        PoseFileError: no such file, another kind of file, missing keys, wrong shapes, NaN or Inf,
            something that is no rotation.
    """
    data = read_npz(path, PoseFileError, _EXPECTED, _REMEDY)
    is_lenient = "format" not in data
    if not is_lenient:
        _check_format(path, data)
    poses = check_poses(path, data, is_lenient)
    rows = len(poses["transl"])
    source = _text(data, "source")
    if is_lenient:
        source = f"{path.name} by smplx's key names"
        if "fps" not in data:
            source += f", frame rate assumed {_ASSUMED_FPS:g}"
    fps = _read_fps(path, data)
    K, image_size = _read_camera(path, data, rows)
    return MotionArrays(
        **poses,
        fps=fps,
        K=K,
        image_size=image_size,
        camera_is_guessed=_read_flag(path, data, "camera_is_guessed"),
        T_camera_world=_read_transforms(path, data, rows),
        gender=_text(data, "gender") or "neutral",
        body_model=_text(data, "body_model"),
        source=source,
        has_frame_index="frame_index" in data,
    )


def write_motion_file(path: Path, content: MotionArrays) -> None:
    """Write a motion file whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {
        "format": np.array(MOTION_FORMAT),
        "version": np.array(MOTION_VERSION),
        "global_orient": content.global_orient.astype(np.float32),
        "body_pose": content.body_pose.astype(np.float32),
        "transl": content.transl.astype(np.float32),
        "betas": content.mean_betas(),
        "frame_index": content.frame_index.astype(np.int64),
        "valid": content.valid,
        "fps": np.array(float(content.fps)),
        "gender": np.array(content.gender),
        "body_model": np.array(content.body_model),
        "source": np.array(content.source),
    }
    if content.K is not None and content.image_size is not None:
        arrays["K"] = content.K.astype(np.float32)
        arrays["image_size"] = np.array(content.image_size)
        arrays["camera_is_guessed"] = np.array(content.camera_is_guessed)
    if content.T_camera_world is not None:
        arrays["T_camera_world"] = content.T_camera_world.astype(np.float32)
    write_npz(path, **arrays)


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
    if fps.size != 1 or fps.dtype.kind not in "iuf" or not 0 < fps.item() <= _MOST_FPS:
        raise PoseFileError(
            f"{path} has no usable fps, one number above 0 and up to {_MOST_FPS:g} was "
            f"expected; {_REMEDY}."
        )
    return float(fps.item())


def _read_camera(
    path: Path, data: dict[str, np.ndarray], rows: int
) -> tuple[Float[np.ndarray, "*rows 3 3"] | None, tuple[int, int] | None]:
    if "K" not in data or "image_size" not in data:
        return None, None  # K alone does not say for which resolution it holds.
    K, size = data["K"], data["image_size"]
    if (
        size.shape != (2,)
        or size.dtype.kind not in "iu"
        or (size < 1).any()
        or (size > MOST_PIXELS).any()
    ):
        raise PoseFileError(
            f"{path} has no usable image_size, two positive integers (height, width) were "
            f"expected; {_REMEDY}."
        )
    if K.dtype.kind not in "iuf" or K.shape not in ((3, 3), (rows, 3, 3)):
        raise PoseFileError(
            f"{path} has K of shape {K.shape}, (3, 3) or ({rows}, 3, 3) was expected; {_REMEDY}."
        )
    check_intrinsics(path, K, PoseFileError, _REMEDY)
    return K.astype(np.float64), (int(size[0]), int(size[1]))


def _read_transforms(
    path: Path, data: dict[str, np.ndarray], rows: int
) -> Float[np.ndarray, "*rows 4 4"] | None:
    if "T_camera_world" not in data:
        return None
    matrices = data["T_camera_world"]
    if matrices.dtype.kind not in "iuf" or matrices.shape not in ((4, 4), (rows, 4, 4)):
        raise PoseFileError(
            f"{path} has T_camera_world of shape {matrices.shape}, (4, 4) or ({rows}, 4, 4) was "
            f"expected; {_REMEDY}."
        )
    matrices = matrices.astype(np.float64)
    stacked = matrices.reshape(-1, 4, 4)
    rotmat = stacked[:, :3, :3]
    is_rigid = np.isfinite(stacked).all(axis=(1, 2)) & is_rotation(rotmat)
    if not is_rigid.all():
        raise PoseFileError(
            f"{path} has a T_camera_world that is no rigid transform (first in row "
            f"{int((~is_rigid).argmax())}), a rotation and a translation were expected; {_REMEDY}."
        )
    matrices[..., 3, :] = [0.0, 0.0, 0.0, 1.0]  # The last row carries nothing.
    return matrices


def _read_flag(path: Path, data: dict[str, np.ndarray], key: str) -> bool:
    value = data.get(key, np.array(False))
    if value.dtype.kind not in "biu":
        raise PoseFileError(
            f"{path} has {key} of type {value.dtype}, true or false was expected; {_REMEDY}."
        )
    return bool(value.all())


def _text(data: dict[str, np.ndarray], key: str) -> str:
    return str(data[key].item()) if key in data and data[key].size == 1 else ""
