"""Where cameras stand around the stage and how they look at the person."""

import numpy as np
from jaxtyping import Float

from neuhmr.lab.people.motion.key_poses import smooth_noise


def look_at(
    position: Float[np.ndarray, "3"], target: Float[np.ndarray, "3"], roll: float = 0.0
) -> Float[np.ndarray, "4 4"]:
    """Make T_camera_stage of an OpenCV camera (m, stage frame, +y up).

    Args:
        position: where the camera stands.
        target: what is in the middle of its picture.
        roll: how far it is tilted to its right (rad); 0 keeps the horizon level.
    """
    forward = target - position
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right = right / np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll), np.sin(roll)
    rotmat = np.stack([cos * right + sin * down, cos * down - sin * right, forward])
    transform = np.eye(4)
    transform[:3, :3] = rotmat
    transform[:3, 3] = -rotmat @ position
    return transform


def ring_position(azimuth: float, distance: float, height: float) -> Float[np.ndarray, "3"]:
    """Stand at an angle around the stage's axis (rad, 0 = +z), in metres."""
    return np.array([distance * np.sin(azimuth), height, distance * np.cos(azimuth)])


def intrinsics(focal: float, height: int, width: int) -> Float[np.ndarray, "3 3"]:
    """Make K of square pixels that looks through the image center (px)."""
    return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])


def fitting_distance(
    extent: float, focal: float, size: int, share: float, nearest: float, farthest: float
) -> float:
    """Find how far away something of a given extent (m) fills a share of the picture."""
    return float(np.clip(extent * focal / (share * size), nearest, farthest))


def drifting_cameras(
    rng: np.random.Generator,
    num_frames: int,
    azimuth: float,
    distance: float,
    height: float,
    target: Float[np.ndarray, "3"],
    drift: float,
) -> Float[np.ndarray, "frames 4 4"]:
    """Move a camera slowly around the person, as somebody who films by hand does.

    Args:
        rng: where direction and sway come from.
        num_frames: length.
        azimuth: where it starts (rad).
        distance: from the stage's axis (m).
        height: over the floor (m).
        target: what it looks at (m).
        drift: angle covered over the clip (rad); 0 for a camera on a tripod.
    """
    if drift == 0:
        fixed = look_at(ring_position(azimuth, distance, height), target)
        return np.repeat(fixed[None], num_frames, axis=0)
    phase = np.linspace(0.0, 1.0, num_frames)
    sway = smooth_noise(rng, num_frames, 3, 12.0).numpy() * np.array([0.004, 0.02, 0.02])
    turn = rng.choice([-1.0, 1.0]) * drift * (phase - 0.5)
    return np.stack(
        [
            look_at(
                ring_position(azimuth + turn[i] + sway[i, 0], distance, height + sway[i, 1]),
                target + np.array([0.0, sway[i, 2], 0.0]),
            )
            for i in range(num_frames)
        ]
    )
