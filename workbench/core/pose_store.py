"""Poses on disk, exactly: safetensors with a description and a checksum; never anything that runs.

A file appears whole or not at all, so a killed program leaves no half of one. What is read back is
checked before use: somebody may have sent the folder.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import PoseFileError
from neuhmr.files.file_kinds import require_file
from neuhmr.files.json_text import parse_json
from neuhmr.files.limits import CONTENT_LIMIT, UnusableFile, in_words

FORMAT = "neuhmr-workbench-poses 1"
_EXPECTED = "poses that a workbench kept"
_REMEDY = "delete it, or take it back from a backup"
_ROTATION_ERROR = 1e-3
_SHAPES: dict[str, tuple[int, ...]] = {
    "global_orient": (3, 3), "body_pose": (23, 3, 3), "transl": (3,), "frame_index": (),
    "valid": (),
}  # fmt: skip


def write_poses(path: Path, motions: Mapping[str, Motion], about: Mapping[str, Any]) -> None:
    """Write motions by name with a description.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = {
        f"{name}.{part}": getattr(motion, part).detach().cpu().contiguous().clone()
        for name, motion in motions.items()
        for part in (*_SHAPES, "betas")
    }
    metadata = {"format": FORMAT, "about": json.dumps(about), "digest": _digest(tensors)}
    with atomic_path(path) as partial:
        save_file(tensors, partial, metadata=metadata)


def read_poses(path: Path) -> tuple[Any, dict[str, Motion]]:
    """Read a description and the motions by name.

    Raises:
        PoseFileError: the file is missing, damaged, of another kind, or holds what are no poses.
    """
    size = require_file(path, PoseFileError, _EXPECTED, _REMEDY)
    if size > CONTENT_LIMIT:
        raise _unusable(path, f"holds more than {in_words(CONTENT_LIMIT)}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise _unusable(path, f"cannot be read ({error})") from error
    if metadata.get("format") != FORMAT:
        raise _unusable(path, "is of another kind or another version")
    if metadata.get("digest") != _digest(tensors):
        raise _unusable(path, "has changed since it was written")
    try:
        about = parse_json(metadata.get("about", "").encode())
        names = sorted({name.partition(".")[0] for name in tensors})
        return about, {name: _motion(tensors, name) for name in names}
    except (UnusableFile, ValueError, KeyError) as error:
        raise _unusable(path, f"holds what are no poses ({error})") from error


def _motion(tensors: Mapping[str, Tensor], name: str) -> Motion:
    parts = {part: tensors[f"{name}.{part}"] for part in (*_SHAPES, "betas")}
    frames = len(parts["transl"])
    for part, shape in _SHAPES.items():
        if tuple(parts[part].shape) != (frames, *shape):
            raise ValueError(f"{part} has the shape {tuple(parts[part].shape)}")
    for part in ("global_orient", "body_pose", "transl", "betas"):
        if parts[part].dtype != torch.float32:
            raise ValueError(f"{part} is of type {parts[part].dtype}")
    if parts["valid"].dtype != torch.bool or parts["frame_index"].dtype != torch.int64:
        raise ValueError("frames are of another type")
    if parts["betas"].ndim != 1 or not bool((parts["frame_index"].diff() > 0).all()):
        raise ValueError("frames or shape are out of order")
    motion = Motion(**parts)
    rotmat = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)[motion.valid]
    off = rotmat.transpose(-1, -2) @ rotmat - torch.eye(3)
    is_right = bool((off.abs() < _ROTATION_ERROR).all()) and bool((torch.det(rotmat) > 0).all())
    if not is_right or not bool(motion.transl[motion.valid].isfinite().all()):
        raise ValueError("they are no rotations, or not finite")
    if not bool(motion.betas.isfinite().all()):
        raise ValueError("the shape is not finite")
    return motion


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _unusable(path: Path, reason: str) -> PoseFileError:
    return PoseFileError(f"{path} {reason}, {_EXPECTED} were expected; {_REMEDY}.")
