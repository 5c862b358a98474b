"""Rotations over time without jumps that are only a matter of writing.

The same rotation has many axis-angle vectors, Euler angles and two quaternions; programs that
interpolate or filter the numbers want each next to the one before.
"""

import numpy as np
from jaxtyping import Float

TURN = 2.0 * np.pi
MOST_WINDING = 2.0 * TURN
"""Readers, ours among them, take longer axis-angle vectors (rad) for degrees."""
_NO_ANGLE = 1e-8
_AT_LOCK = 1e-6


def unwrap_axisangles(
    axisangles: Float[np.ndarray, "rows joints 3"],
) -> Float[np.ndarray, "rows joints 3"]:
    """Choose, of the vectors (rad) of each rotation, the one nearest to that of the row before.

    Who turns and turns would wind without end; beyond `MOST_WINDING` it starts anew from the
    shortest vector.
    """
    angles = np.linalg.norm(axisangles, axis=-1, keepdims=True)
    has_axis = angles > _NO_ANGLE
    axes = np.where(has_axis, axisangles / np.where(has_axis, angles, 1.0), 0.0)
    unwrapped = axisangles.astype(np.float64).copy()
    for row in range(1, len(axisangles)):
        before = unwrapped[row - 1]
        length = np.linalg.norm(before, axis=-1, keepdims=True)
        # Where nothing is turned, any axis will do: the one before.
        axis = np.where(has_axis[row], axes[row], before / np.where(length > 0, length, 1.0))
        along = (before * axis).sum(axis=-1, keepdims=True)
        turned = angles[row] + TURN * np.round((along - angles[row]) / TURN)
        vector = np.where(turned == angles[row], unwrapped[row], axis * turned)
        unwrapped[row] = np.where(np.abs(turned) < MOST_WINDING, vector, _shortest(axis, turned))
    return unwrapped


def unwrap_poses(
    global_orient: Float[np.ndarray, "rows 3"], body_pose: Float[np.ndarray, "rows angles"]
) -> Float[np.ndarray, "rows pose_angles"]:
    """Join the root's and the joints' vectors and unwrap them over time, in float32."""
    angles = np.concatenate([global_orient, body_pose], axis=1)
    unwrapped = unwrap_axisangles(angles.reshape(len(angles), -1, 3))
    return unwrapped.reshape(len(angles), -1).astype(np.float32)


def zxy_angles(rotmats: Float[np.ndarray, "rows joints 3 3"]) -> Float[np.ndarray, "rows joints 3"]:
    """Find angles (rad) with R = R_z(a) R_x(b) R_y(c), each row's nearest to the row before."""
    b = np.arcsin(np.clip(rotmats[..., 2, 1], -1.0, 1.0))
    c = np.arctan2(-rotmats[..., 2, 0], rotmats[..., 2, 2])
    is_locked = np.hypot(rotmats[..., 2, 0], rotmats[..., 2, 2]) < _AT_LOCK
    angles = np.empty((*rotmats.shape[:2], 3))
    before = np.zeros((rotmats.shape[1], 3))
    for row in range(len(rotmats)):
        # At the lock only a + c or a - c counts; the y angle stays as it was.
        y = np.where(is_locked[row], before[:, 2], c[row])
        z = _z_beside(rotmats[row], y)
        first = np.stack([z, b[row], y], axis=-1)
        second = np.stack([z + np.pi, np.pi - b[row], y + np.pi], axis=-1)
        near = [choice + TURN * np.round((before - choice) / TURN) for choice in (first, second)]
        distance = [np.abs(choice - before).sum(axis=-1) for choice in near]
        before = np.where((distance[0] <= distance[1])[:, None], near[0], near[1])
        angles[row] = before
    return angles


def wxyz_over_time(
    rotmats: Float[np.ndarray, "rows joints 3 3"],
) -> Float[np.ndarray, "rows joints 4"]:
    """Turn matrices into unit quaternions, real part first, each in the half of the one before."""
    quaternions = _wxyz(rotmats)
    signs = np.sign((quaternions[1:] * quaternions[:-1]).sum(axis=-1, keepdims=True))
    flips = np.cumprod(np.where(signs < 0, -1.0, 1.0), axis=0)
    quaternions[1:] *= flips
    return quaternions


def _shortest(
    axis: Float[np.ndarray, "joints 3"], angle: Float[np.ndarray, "joints 1"]
) -> Float[np.ndarray, "joints 3"]:
    return axis * (angle - TURN * np.round(angle / TURN))


def _z_beside(
    rotmats: Float[np.ndarray, "joints 3 3"], y: Float[np.ndarray, " joints"]
) -> Float[np.ndarray, " joints"]:
    """Find the z angle once the y angle is undone: the first column is then (cos, sin, 0)."""
    cosine, sine = np.cos(y), np.sin(y)
    first = rotmats[..., 0] * cosine[:, None] + rotmats[..., 2] * sine[:, None]
    return np.arctan2(first[:, 1], first[:, 0])


def _wxyz(rotmats: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 4"]:
    from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats

    vectors = axisangles_from_rotmats(rotmats)
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    # sin(a / 2) / a is 1 / 2 at zero.
    scale = np.sinc(angle / TURN) / 2.0
    return np.concatenate([np.cos(angle / 2.0), vectors * scale], axis=-1)
