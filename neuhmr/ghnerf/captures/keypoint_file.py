"""Keypoints of a capture on disk.

An npz without pickles: `frames` (F,), `camera_names` (C,), `keypoint_names` (25,), `points2d`
(F, C, 25, 2) px in each camera's undistorted pictures with pixel centers at +0.5, `confidence2d`
(F, C, 25), `points3d` and `points3d_field` (F, 25, 3) m in the capture's world, triangulated from
rendered views and found in the field itself, `confidence3d` and `confidence3d_field` (F, 25),
`format`, `version`. A confidence of 0 marks a keypoint that was not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.clip.npz_writing import write_npz
from neuhmr.errors import DatasetError
from neuhmr.files.npz_files import read_npz
from neuhmr.ghnerf.captures.capture_keypoints import CaptureKeypoints
from neuhmr.tensor_struct import TensorStruct

FORMAT = "neuhmr-keypoints"
VERSION = 1
_MARKS = ("format", "version")
_REMEDY = "write it again with `neuhmr keypoints`"


@dataclass(frozen=True)
class KeypointTable(TensorStruct):
    """Keypoints of all frames; zero with confidence 0 where not found."""

    frames: Int[Tensor, " frames"]
    points2d: Float[Tensor, "frames cameras 25 2"]
    confidence2d: Float[Tensor, "frames cameras 25"]
    points3d: Float[Tensor, "frames 25 3"]
    """Triangulated (m, world)."""
    confidence3d: Float[Tensor, "frames 25"]
    points3d_field: Float[Tensor, "frames 25 3"]
    """Found in the field itself (m, world)."""
    confidence3d_field: Float[Tensor, "frames 25"]


ARRAYS: tuple[str, ...] = tuple(KeypointTable.__dataclass_fields__)


def keypoint_table(found: Sequence[CaptureKeypoints]) -> KeypointTable:
    """Gather the keypoints of at least one frame."""
    return KeypointTable(
        frames=torch.tensor([each.frame for each in found]),
        points2d=torch.stack([each.in_cameras.points for each in found]),
        confidence2d=torch.stack(
            [each.in_cameras.confidence * each.in_cameras.found for each in found]
        ),
        points3d=torch.stack([each.triangulated.points for each in found]),
        confidence3d=torch.stack([each.triangulated.confidence for each in found]),
        points3d_field=torch.stack([each.in_field.points for each in found]),
        confidence3d_field=torch.stack([each.in_field.confidence for each in found]),
    )


def write_keypoints(path: Path, table: KeypointTable, camera_names: Sequence[str]) -> None:
    """Write keypoints, all or nothing.

    Raises:
        OutputError: the file cannot be written.
    """
    arrays = {name: getattr(table, name).numpy() for name in ARRAYS}
    write_npz(
        path,
        True,
        format=np.array(FORMAT),
        version=np.array(VERSION),
        camera_names=np.array(camera_names),
        keypoint_names=np.array(BODY_25_NAMES),
        **arrays,
    )


def read_keypoints(path: Path) -> tuple[KeypointTable, tuple[str, ...]]:
    """Read keypoints and the names of the cameras.

    Raises:
        DatasetError: the file is missing, damaged or of another kind.
    """
    data = read_npz(path, DatasetError, "a keypoint file (npz)", _REMEDY)
    marks = [str(data[name].item()) for name in _MARKS if name in data and data[name].size == 1]
    if marks != [FORMAT, str(VERSION)]:
        raise DatasetError(f"{path} is no {FORMAT} file of version {VERSION}; {_REMEDY}.")
    missing = [name for name in ("camera_names", *ARRAYS) if name not in data]
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}; {_REMEDY}.")
    names, frames = data["camera_names"], data["frames"]
    rows, cameras = frames.size, names.size
    shapes = {
        "camera_names": (cameras,), "frames": (rows,), "points2d": (rows, cameras, 25, 2),
        "confidence2d": (rows, cameras, 25), "points3d": (rows, 25, 3),
        "confidence3d": (rows, 25), "points3d_field": (rows, 25, 3),
        "confidence3d_field": (rows, 25),
    }  # fmt: skip
    kinds = {"camera_names": "U", "frames": "iu"}
    for name, shape in shapes.items():
        array = data[name]
        if array.shape != shape or array.dtype.kind not in kinds.get(name, "f"):
            raise DatasetError(
                f"{path} has {name} of shape {array.shape} and type {array.dtype}, {shape} was "
                f"expected; {_REMEDY}."
            )
    table = KeypointTable(*(torch.from_numpy(_native(data[name])) for name in ARRAYS))
    return table, tuple(names.tolist())


def _native(array: np.ndarray) -> np.ndarray:
    """Turn into a type that torch knows: 64-bit whole numbers, 32-bit others."""
    return array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
