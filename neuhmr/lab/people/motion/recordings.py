"""Recorded motions in a folder: which there are, whose they are, a piece of one on a body.

The recordings are CMU's (mocap.cs.cmu.edu, funded by NSF EIA-0196217): free to use, not part of
this project, and not to be resold.
"""

import functools
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.skinning import pose_bones
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.errors import DatasetError
from neuhmr.lab.people.motion import asf_amc, bvh
from neuhmr.lab.people.motion.recording import MOCAP_FPS, Recording, retarget
from neuhmr.lab.people.motion.stage_motion import StageMotion, set_on_floor
from neuhmr.lab.people.splits import Split, is_recording_of

POSSIBLE = 250.0
"""Joints do not accelerate harder than so (m/s² at 30 frames a second); markers that jump do."""
_TRIES = 20
"""Pieces of a recording that are looked at for one without such a jump."""


def find_recordings(folder: Path, seconds: float = 0.0) -> list[Path]:
    """Find recordings: `.bvh` files, and `.amc` files with their `.asf` skeleton beside them.

    Args:
        folder: searched with all folders in it.
        seconds: shorter recordings are left out.

    Raises:
        DatasetError: there are none.
    """
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix == ".bvh" or (path.suffix == ".amc" and _skeleton(path))
    ]
    found = [path for path in files if _duration(path) >= seconds]
    if not found:
        raise DatasetError(
            f"{folder} holds no recordings of at least {seconds:.1f} s; expected .bvh files, or "
            ".amc files beside their .asf skeleton."
        )
    return found


def pick_recording(folder: Path, split: Split, seconds: float, rng: np.random.Generator) -> Path:
    """Draw one of a split's recordings.

    Raises:
        DatasetError: the folder has none of them.
    """
    own = [path for path in find_recordings(folder, seconds) if is_recording_of(split, path.stem)]
    if not own:
        raise DatasetError(
            f"{folder} holds no recordings of {seconds:.1f} s that belong to the {split} split; "
            "add recordings or leave the folder out."
        )
    return own[int(rng.integers(len(own)))]


def read_recording(path: Path) -> Recording:
    """Read one recording of whichever format; the last ones read are kept.

    Raises:
        DatasetError: it cannot be read.
    """
    return _read_once(path, path.stat().st_mtime_ns if path.exists() else 0)


def load_mocap_motion(
    path: Path,
    shaped: ShapedBody,
    num_frames: int,
    fps: float,
    rng: np.random.Generator,
    sole: float = 0.0,
) -> StageMotion:
    """Cut a random piece out of a recording and put it on a body, standing on the floor.

    Raises:
        DatasetError: the file cannot be read, or the recording is too short.
    """
    recording = read_recording(path)
    step = recording.fps / fps
    needed = int(np.ceil((num_frames - 1) * step)) + 1
    if len(recording) < needed:
        raise DatasetError(
            f"{path} lasts {len(recording) / recording.fps:.1f} s but {num_frames / fps:.1f} s "
            "were asked for; ask for fewer frames or leave it out."
        )
    motions = []
    for _ in range(_TRIES):
        start = int(rng.integers(len(recording) - needed + 1))
        rows = torch.from_numpy(start + np.round(np.arange(num_frames) * step).astype(int))
        motions.append(retarget(recording.rows(rows), shaped))
        if _hardest_acceleration(motions[-1], shaped, fps) < POSSIBLE:
            break
    return set_on_floor(motions[-1], shaped, sole)


def _hardest_acceleration(motion: StageMotion, shaped: ShapedBody, fps: float) -> float:
    """Find the largest acceleration of any joint (m/s²); markers that jump make impossible ones."""
    local = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)
    bones = pose_bones(shaped.joints_rest, local, shaped.model.parents, motion.transl)
    joints = bones.apply(shaped.joints_rest)
    second = joints[2:] - 2.0 * joints[1:-1] + joints[:-2]
    return float(second.norm(dim=-1).max()) * fps**2 if len(joints) > 2 else 0.0


def _skeleton(amc: Path) -> Path | None:
    return next(iter(sorted(amc.parent.glob("*.asf"))), None)


@functools.lru_cache(maxsize=16)
def _read_once(path: Path, _changed: int) -> Recording:
    """Parsing takes a second; a training set moves many people by few recordings."""
    if path.suffix == ".bvh":
        return bvh.read_recording(path)
    skeleton = _skeleton(path)
    if skeleton is None:
        raise DatasetError(f"{path} has no .asf skeleton beside it; put it there.")
    return asf_amc.read_recording(skeleton, path)


def _duration(path: Path) -> float:
    """Count the frames of a recording without parsing it (s)."""
    return _count_frames(path, path.stat().st_mtime_ns) / MOCAP_FPS


@functools.cache
def _count_frames(path: Path, _changed: int) -> int:
    lines = path.read_text(encoding="latin-1").splitlines()
    if path.suffix == ".bvh":
        return max(
            0, sum(bool(line) and (line[0].isdigit() or line[0] == "-") for line in lines) - 1
        )
    return sum(line.strip().isdigit() for line in lines)
