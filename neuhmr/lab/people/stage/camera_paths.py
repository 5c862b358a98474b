"""Cameras as people hold them: on a tripod, turning after somebody, or walking along.

They stand low or high, look at the person, tilt a little to one side, and shake in the hand.
Transforms are T_camera_stage, one per frame (OpenCV axes, m, stage frame: +y up).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.geometry.cameras import Camera
from neuhmr.lab.people.motion.key_poses import smooth_noise
from neuhmr.lab.people.motion.stage_motion import smooth_over_time
from neuhmr.lab.people.stage.camera_ring import intrinsics, look_at, ring_position

CameraPath = Literal["standing", "panning", "walking"]
CAMERA_PATHS: tuple[CameraPath, ...] = get_args(CameraPath)

HEIGHTS = (0.3, 3.0)
"""Of cameras over the floor (m)."""
LARGEST_ROLL = 8.0
"""Tilt to one side (degrees)."""
WALKING = (0.5, 1.0)
"""How fast somebody who films walks (m/s)."""
NEAREST = 2.2
"""Least distance from the stage's axis (m)."""
_SHORTEST, _LONGEST = 0.62, 1.9
"""Focal lengths of phones, over the picture's larger side."""
_FILLED = 0.88
"""Part of the picture that the person's joints reach in the frame that is fullest."""
_STEPS = (0.012, 0.010)
"""Bounce of a camera that is carried, and sway of one in a hand (m)."""


@dataclass(frozen=True)
class CameraTake:
    """One camera over a clip."""

    camera: Camera
    """K (3, 3) of all frames, and their size."""
    T_camera_stage: Float[np.ndarray, "frames 4 4"]
    height: float
    """Over the floor at the start (m)."""
    roll: float
    """Mean tilt (rad)."""


def take_with(
    path: CameraPath,
    joints: Float[np.ndarray, "frames joints 3"],
    size: tuple[int, int],
    fps: float,
    reach: float,
    rng: np.random.Generator,
) -> CameraTake:
    """Place and move a camera that keeps the person in the picture.

    Args:
        path: how it moves.
        joints: where the person's joints are (m, stage frame).
        size: height and width of the picture (px).
        fps: frames per second.
        reach: how far from the stage's axis cameras can stand (m).
        rng: draws everything.
    """
    height = float(rng.uniform(*HEIGHTS))
    roll = float(np.radians(rng.uniform(-LARGEST_ROLL, LARGEST_ROLL)))
    azimuth, speed = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(*WALKING))
    side, far = float(rng.choice([-1.0, 1.0])), float(rng.uniform(1.0, 1.35))
    sway = smooth_noise(rng, len(joints), 6, 0.25 * fps).numpy()
    distance, focal, transforms = NEAREST * far, 0.0, np.zeros((0, 4, 4))
    for _ in range(12):
        places = _places(path, len(joints) / fps, len(joints), azimuth, distance, side * speed)
        places[:, 1] = height
        transforms = _looking(path, places, _targets(path, joints, fps), roll, sway)
        focal = _filling_focal(joints, transforms, size)
        if focal >= _SHORTEST * max(size) or distance >= reach:
            break
        distance = min(1.12 * distance, reach)
    focal = float(np.clip(focal, _SHORTEST * max(size), _LONGEST * max(size)))
    camera = Camera(torch.from_numpy(intrinsics(focal, *size)).float(), *size)
    return CameraTake(camera, transforms, height, roll)


def _places(
    path: CameraPath, seconds: float, frames: int, azimuth: float, distance: float, speed: float
) -> Float[np.ndarray, "frames 3"]:
    """Stand, or walk along an arc around the stage's axis, on the floor (speed in m/s)."""
    travelled = speed * np.linspace(-0.5, 0.5, frames) * seconds
    if path != "walking":
        travelled = np.zeros(frames)
    return np.stack([ring_position(azimuth + s / distance, distance, 0.0) for s in travelled])


def _targets(
    path: CameraPath, joints: Float[np.ndarray, "frames joints 3"], fps: float
) -> Float[np.ndarray, "frames 3"]:
    """Look at the middle of all that happens, or follow the person a little late."""
    middle = (joints.max(axis=1) + joints.min(axis=1)) / 2
    if path == "standing":
        whole = (joints.max(axis=(0, 1)) + joints.min(axis=(0, 1))) / 2
        return np.repeat(whole[None], len(joints), axis=0)
    smooth = smooth_over_time(torch.from_numpy(middle).double(), 0.15 * fps).numpy()
    late = np.maximum(np.arange(len(joints)) - round(0.07 * fps), 0)
    return smooth[late]


def _looking(
    path: CameraPath,
    places: Float[np.ndarray, "frames 3"],
    targets: Float[np.ndarray, "frames 3"],
    roll: float,
    sway: Float[np.ndarray, "frames 6"],
) -> Float[np.ndarray, "frames 4 4"]:
    """Look from place to target; what does not stand on a tripod shakes."""
    held = np.zeros_like(sway) if path == "standing" else sway
    carried = _STEPS[0] if path == "walking" else 0.0
    moved = places + _STEPS[1] * held[:, :3] + carried * held[:, 3:4] * np.array([0.0, 1.0, 0.0])
    aims = targets + 0.02 * held[:, [4, 5, 3]]
    rolls = roll + 0.012 * held[:, 5]
    views = zip(moved, aims, rolls, strict=True)
    return np.stack([look_at(place, aim, float(tilt)) for place, aim, tilt in views])


def _filling_focal(
    joints: Float[np.ndarray, "frames joints 3"],
    transforms: Float[np.ndarray, "frames 4 4"],
    size: tuple[int, int],
) -> float:
    """Find the focal length (px) at which the outermost joint of all frames is near the edge."""
    seen = np.einsum("fij,fkj->fki", transforms[:, :3, :3], joints) + transforms[:, None, :3, 3]
    rays = np.abs(seen[..., :2] / np.maximum(seen[..., 2:], 0.2))
    across, down = rays.max(axis=(0, 1))
    return float(_FILLED * min(size[1] / 2 / across, size[0] / 2 / down))
