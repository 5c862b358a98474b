"""2D keypoints of a clip, from MediaPipe, kept so that every method sees the same ones."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from neuhmr.clip.clip import Clip
from neuhmr.clip.masks import MaskSequence, read_masks, write_masks
from neuhmr.clip.npz_writing import write_npz
from neuhmr.errors import ClipError
from neuhmr.initial.initialise import observe
from neuhmr.initial.landmarks import Landmarks
from neuhmr.initial.mediapipe_detector import MediapipeDetector
from neuhmr.initial.track import TrackConfig
from neuhmr.progress import OnProgress

FIELDS = ("points2d", "visibility", "points3d", "detected")


@dataclass(frozen=True)
class ObservedKeypoints:
    """What the detector says of every frame of a clip."""

    landmarks: Landmarks
    masks: MaskSequence
    """Its own masks, which only the built-in initialiser uses."""
    seconds: float
    """Wall time of the detection."""


def has_detector() -> bool:
    """Tell whether MediaPipe is installed, without loading it."""
    from importlib.util import find_spec

    return find_spec("mediapipe") is not None


def observe_keypoints(
    clip: Clip, folder: Path, key: str, on_progress: OnProgress
) -> ObservedKeypoints:
    """Detect keypoints in all frames, or read those of an earlier run.

    Args:
        clip: the video.
        folder: where they are kept.
        key: of clip and detector; the files are named after it.
        on_progress: told after every frame.

    Raises:
        MissingDependencyError: MediaPipe is not installed.
        OutputError: the folder cannot be written.
    """
    path, masks_path = folder / f"{key}.keypoints.npz", folder / f"{key}.masks.npz"
    kept = _read(path, masks_path)
    if kept is not None:
        return kept
    start = time.perf_counter()
    with MediapipeDetector() as detector:
        landmarks, masks = observe(clip, detector.detect, TrackConfig(), on_progress)
    observed = ObservedKeypoints(landmarks, masks, time.perf_counter() - start)
    arrays = {name: getattr(landmarks, name).numpy() for name in FIELDS}
    write_masks(masks_path, masks)
    write_npz(path, seconds=observed.seconds, **arrays)
    return observed


def _read(path: Path, masks_path: Path) -> ObservedKeypoints | None:
    try:
        with np.load(path, allow_pickle=False) as data:
            landmarks = Landmarks(*(torch.from_numpy(data[name]) for name in FIELDS))
            seconds = float(data["seconds"])
        return ObservedKeypoints(landmarks, read_masks(masks_path), seconds)
    except (OSError, ValueError, KeyError, ClipError):
        return None  # Missing or damaged: it is made again.
