"""Motions to learn from: recorded and generated ones, and what can be made of them.

A track is a motion at 60 poses a second. A window of one is played faster or slower, and changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.geometry.rotations import rot6d_to_rotmat, rotmat_to_rot6d
from neuhmr.lab.people.motion.motions import MOTION_KINDS, generate_motion
from neuhmr.lab.people.motion.recording import retarget
from neuhmr.lab.people.motion.recordings import find_recordings, read_recording
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.splits import Split, is_recording_of, kinds_of
from neuhmr.lab.training.motion_prior.changes import change
from neuhmr.lab.training.motion_prior.windows import Windows
from neuhmr.tensor_struct import TensorStruct

TRACK_FPS = 60.0
GENERATED_SECONDS = 5.0


@dataclass(frozen=True)
class Track(TensorStruct):
    """A motion on the stage (+y up, floor about y = 0)."""

    rotmat: Float[Tensor, "frames 24 3 3"]
    """Root in the stage's axes first, then the body joints in their parents'."""
    pelvis: Float[Tensor, "frames 3"]
    """m."""

    def __len__(self) -> int:
        return len(self.pelvis)


def load_tracks(
    folder: Path,
    split: Split,
    generated: int,
    model: SmplModel,
    seed: int,
    also: Split | None = None,
) -> list[list[Track]]:
    """Read the recorded motions of a split, or two, and generate others, on the mean body.

    Raises:
        DatasetError: the folder holds no recordings.
    """
    shaped = model.with_shape(torch.zeros(model.num_betas))
    rng = np.random.default_rng([seed, 1])
    recorded = recorded_tracks(folder, split, shaped, 0.8)
    if also is not None:
        recorded += recorded_tracks(folder, also, shaped, 0.8)
    made = generated_tracks(split, generated, shaped, rng)
    return [group for group in (recorded, made) if group]


def recorded_tracks(folder: Path, split: Split, shaped: ShapedBody, seconds: float) -> list[Track]:
    """Put every recording of a split on one body; its own path is kept.

    Raises:
        DatasetError: the folder has no recordings.
    """
    tracks = []
    for path in find_recordings(folder, seconds):
        if is_recording_of(split, path.stem):
            recording = read_recording(path)
            step = recording.fps / TRACK_FPS
            rows = torch.arange(0, len(recording) - 1, step).round().long()
            tracks.append(_track(retarget(recording.rows(rows), shaped), shaped))
    return tracks


def generated_tracks(
    split: Split, count: int, shaped: ShapedBody, rng: np.random.Generator
) -> list[Track]:
    """Generate motions of every kind that the split may see, in turn."""
    kinds = kinds_of(split, MOTION_KINDS)
    frames = int(GENERATED_SECONDS * TRACK_FPS)
    motions = (
        generate_motion(kinds[number % len(kinds)], frames, shaped, rng, TRACK_FPS)
        for number in range(count)
    )
    return [_track(motion, shaped) for motion in motions]


def _track(motion: StageMotion, shaped: ShapedBody) -> Track:
    rotmat = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)
    return Track(rotmat, motion.transl + shaped.joints_rest[0])


def draw_windows(
    groups: Sequence[Sequence[Track]],
    batch: int,
    frames: int,
    rng: np.random.Generator,
    is_changed: bool = True,
) -> Windows:
    """Draw pieces of motions and change them.

    Args:
        groups: tracks by origin; each group is drawn from equally often.
        batch: how many windows.
        frames: length of each at 30 frames a second.
        rng: makes all choices.
        is_changed: False for motions as they were.
    """
    drawn = [_piece(groups, frames, rng) for _ in range(batch)]
    rotmat = torch.stack([piece[0] for piece in drawn])
    pelvis = torch.stack([piece[1] for piece in drawn])
    windows = Windows(rotmat, pelvis)
    return change(windows, rng) if is_changed else windows


def _piece(
    groups: Sequence[Sequence[Track]], frames: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Play a piece of one track at a speed of its own; too short ones go back and forth."""
    group = groups[int(rng.integers(len(groups)))]
    lengths = np.array([len(track) for track in group], dtype=float)
    # Long tracks hold more, but short ones must be seen, too.
    track = group[int(rng.choice(len(group), p=lengths**0.5 / (lengths**0.5).sum()))]
    step = TRACK_FPS / 30.0 * float(np.exp(rng.uniform(np.log(0.6), np.log(1.7))))
    needed = step * (frames - 1)
    start = float(rng.uniform(0.0, max(0.0, len(track) - 1 - needed)))
    times = torch.from_numpy(start + step * np.arange(frames))
    last = float(len(track) - 1)
    times = last - ((times % (2.0 * last)) - last).abs()
    return _at(track, times)


def _at(track: Track, times: Float[Tensor, " frames"]) -> tuple[Tensor, Tensor]:
    """Interpolate between poses."""
    before = times.floor().long().clamp(0, len(track) - 2)
    share = (times - before).float()
    sixes = rotmat_to_rot6d(track.rotmat)
    rot6d = torch.lerp(sixes[before], sixes[before + 1], share[:, None, None])
    pelvis = torch.lerp(track.pelvis[before], track.pelvis[before + 1], share[:, None])
    return rot6d_to_rotmat(rot6d), pelvis
