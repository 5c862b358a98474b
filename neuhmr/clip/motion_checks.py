"""Checking arrays from a file that go by smplx's names."""

from pathlib import Path
from typing import TypedDict

import numpy as np
from jaxtyping import Bool, Float, Int

from neuhmr.clip.frame_ranges import named_frames
from neuhmr.errors import PoseFileError
from neuhmr.files.npz_files import bad_rows
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats

NUM_BETAS = 10
_PER_FRAME = ("transl", "global_orient", "body_pose")
_REQUIRED = (*_PER_FRAME, "betas")
_REMEDY = "re-run the estimator, or convert its result with `neuhmr convert`"
_ROTATION_TOLERANCE = 1e-2
"""float16 dumps of rotation matrices are off by 1e-3."""
_LARGEST_ANGLE = 4 * np.pi
"""No estimator winds farther (rad), and degrees exceed it at once."""

_FARTHEST = 1e6
"""From the camera (m), or in millimeters, which `neuhmr.rendering.overlay_check` names."""
_LARGEST_BETA = 100.0
"""In standard deviations; the widest estimates reach some 10."""


class PoseArrays(TypedDict):
    """The part of a `MotionArrays` that is checked here."""

    global_orient: Float[np.ndarray, "rows 3"]
    body_pose: Float[np.ndarray, "rows 69"]
    transl: Float[np.ndarray, "rows 3"]
    betas: Float[np.ndarray, "#rows betas"]
    frame_index: Int[np.ndarray, " rows"]
    valid: Bool[np.ndarray, " rows"]


def check_poses(path: Path, data: dict[str, np.ndarray], is_lenient: bool) -> PoseArrays:
    """Check the poses among the arrays of a file and bring them into their usual form.

    Rows that are marked invalid are placeholders: whatever they hold becomes the rest pose.

    Args:
        path: the file, for messages.
        data: its arrays by key.
        is_lenient: also take rotation matrices and betas per frame.

    Raises:
        PoseFileError: a key is missing, a shape is wrong, a valid row holds NaN, Inf or something
            that is no rotation.
    """
    missing = [key for key in _REQUIRED if key not in data]
    if missing:
        have = ", ".join(sorted(data)) or "nothing"
        raise PoseFileError(
            f"{path} lacks {', '.join(missing)} (it has {have}), poses of one person were "
            f"expected; {_REMEDY}."
        )
    for key in _REQUIRED:
        if data[key].dtype.kind not in "fiu":
            raise PoseFileError(
                f"{path} has {key} of type {data[key].dtype}, numbers were expected; {_REMEDY}."
            )
    transl = data["transl"]
    if transl.ndim != 2 or transl.shape[1] != 3 or transl.shape[0] == 0:
        raise PoseFileError(
            f"{path} has transl of shape {transl.shape}, (frames, 3) was expected; {_REMEDY}."
        )
    rows = transl.shape[0]
    valid = _read_valid(path, data, rows)
    frame_index = _read_frame_index(path, data, rows)
    _require_finite(path, data, valid, frame_index)
    _check_distance(path, transl, valid)
    orient, pose = (
        _read_rotations(path, data, key, joints, valid, frame_index, is_lenient)
        for key, joints in (("global_orient", 1), ("body_pose", 23))
    )
    return PoseArrays(
        global_orient=orient,
        body_pose=pose,
        transl=np.where(valid[:, None], transl, 0.0).astype(np.float64),
        betas=_read_betas(path, data["betas"], valid, is_lenient),
        frame_index=frame_index,
        valid=valid,
    )


def is_rotation(matrices: Float[np.ndarray, "rows 3 3"]) -> Bool[np.ndarray, " rows"]:
    """Tell which matrices are rotations: orthonormal, of determinant 1."""
    with np.errstate(invalid="ignore", over="ignore"):
        products = np.swapaxes(matrices, -1, -2) @ matrices
        is_orthonormal = (np.abs(products - np.eye(3)) < _ROTATION_TOLERANCE).all(axis=(-2, -1))
        return is_orthonormal & (np.linalg.det(matrices) > 0)


def _check_distance(
    path: Path, transl: Float[np.ndarray, "rows 3"], valid: Bool[np.ndarray, " rows"]
) -> None:
    farthest = float(np.abs(transl[valid]).max(initial=0.0))
    if farthest > _FARTHEST:
        raise PoseFileError(
            f"{path} has a transl of {farthest:.3g}, at most {_FARTHEST:g} was expected; {_REMEDY}."
        )


def _read_rotations(
    path: Path,
    data: dict[str, np.ndarray],
    key: str,
    joints: int,
    valid: Bool[np.ndarray, " rows"],
    frame_index: Int[np.ndarray, " rows"],
    is_lenient: bool,
) -> Float[np.ndarray, "rows angles"]:
    values, rows = data[key], len(valid)
    is_matrix = values.ndim >= 3 and values.shape[-2:] == (3, 3) and is_lenient
    width = joints * (9 if is_matrix else 3)
    if values.shape[:1] != (rows,) or values.size != rows * width:
        found = "" if values.shape[:1] == (rows,) else f" (transl has {rows} frames)"
        smplx_hint = " (63 numbers are SMPL-X's)" if values.shape[-1:] == (63,) else ""
        raise PoseFileError(
            f"{path} has {key} of shape {values.shape}{smplx_hint}, ({rows}, {3 * joints}) was "
            f"expected{found}; {_REMEDY}."
        )
    if is_matrix:
        matrices = values.reshape(rows, joints, 3, 3).astype(np.float64)
        matrices = np.where(valid[:, None, None, None], matrices, np.eye(3))
        is_good = is_rotation(matrices.reshape(-1, 3, 3)).reshape(rows, joints)
        if not is_good.all():
            row, joint = np.argwhere(~is_good)[0]
            raise PoseFileError(
                f"{path} has a matrix in {key} that is no rotation (frame "
                f"{frame_index[row]}, joint {joint}), "
                f"orthonormal ones of determinant 1 were expected; {_REMEDY}."
            )
        left, _, right = np.linalg.svd(matrices)  # Removes the rounding that was tolerated.
        return axisangles_from_rotmats(left @ right).reshape(rows, -1)
    axisangle = np.where(valid[:, None], values.reshape(rows, -1), 0.0).astype(np.float64)
    angles = np.linalg.norm(axisangle.reshape(rows, joints, 3), axis=-1).max(axis=1)
    if angles.max() > _LARGEST_ANGLE:
        raise PoseFileError(
            f"{path} has a rotation of {angles.max():.0f} rad in {key} (frame "
            f"{frame_index[angles.argmax()]}), axis-angle in radians was "
            f"expected, not degrees; {_REMEDY}."
        )
    return axisangle


def _read_betas(
    path: Path, betas: np.ndarray, valid: Bool[np.ndarray, " rows"], is_lenient: bool
) -> Float[np.ndarray, "#rows betas"]:
    per_frame = (len(valid), NUM_BETAS)
    allowed = [(NUM_BETAS,)] + ([(1, NUM_BETAS), per_frame] if is_lenient else [])
    if betas.shape not in allowed:
        raise PoseFileError(
            f"{path} has betas of shape {betas.shape}, ({NUM_BETAS},) was expected; {_REMEDY}."
        )
    used = betas[valid] if betas.shape == per_frame and valid.any() else betas
    if not np.isfinite(used).all():
        raise PoseFileError(
            f"{path} holds NaN or Inf in betas, finite numbers were expected; {_REMEDY}."
        )
    if np.abs(used).max(initial=0.0) > _LARGEST_BETA:
        raise PoseFileError(
            f"{path} has betas up to {np.abs(used).max():.3g}, at most {_LARGEST_BETA:g} standard "
            f"deviations were expected; {_REMEDY}."
        )
    if betas.dtype.kind != "f":
        betas = betas.astype(np.float64)
    return betas.reshape(-1, NUM_BETAS)


def _read_valid(path: Path, data: dict[str, np.ndarray], rows: int) -> Bool[np.ndarray, " rows"]:
    valid = data.get("valid", np.ones(rows, bool))
    if valid.shape != (rows,) or valid.dtype.kind not in "biu":
        raise PoseFileError(
            f"{path} has valid of shape {valid.shape} and type {valid.dtype}, ({rows},) of bool "
            f"was expected; {_REMEDY}."
        )
    return valid.astype(bool)


def _read_frame_index(
    path: Path, data: dict[str, np.ndarray], rows: int
) -> Int[np.ndarray, " rows"]:
    index = data.get("frame_index", np.arange(rows))
    if index.shape != (rows,) or index.dtype.kind not in "iu":
        raise PoseFileError(
            f"{path} has frame_index of shape {index.shape} and type {index.dtype}, ({rows},) of "
            f"integers was expected; {_REMEDY}."
        )
    index = index.astype(np.int64)
    if index[0] < 0 or (np.diff(index) <= 0).any():
        raise PoseFileError(
            f"{path} has a frame_index that is negative or does not ascend, each video frame at "
            f"most once and in order was expected; {_REMEDY}."
        )
    return index


def _require_finite(
    path: Path,
    data: dict[str, np.ndarray],
    valid: Bool[np.ndarray, " rows"],
    frame_index: Int[np.ndarray, " rows"],
) -> None:
    """Name every frame that is not finite at once, not the first one that is met."""
    per_frame = {key: data[key] for key in _PER_FRAME if data[key].shape[:1] == valid.shape}
    bad = {key: frame_index[bad_rows(values) & valid] for key, values in per_frame.items()}
    found = [
        f"in {key} in {named_frames(frames.tolist())}" for key, frames in bad.items() if len(frames)
    ]
    if found:
        raise PoseFileError(
            f"{path} holds NaN or Inf {' and '.join(found)}, finite numbers were expected; mark "
            "such frames as invalid (key `valid`) or re-run the estimator."
        )
