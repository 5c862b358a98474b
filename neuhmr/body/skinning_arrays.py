"""Forward kinematics and linear blend skinning as plain arrays, for files written without torch.

What is differentiated, or runs on another device, uses `skinning`.
"""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.body.smpl_model import SmplModel


def shape_body(
    body: "SmplArrays | SmplModel", betas: Float[np.ndarray, " betas"]
) -> tuple[Float[np.ndarray, "vertices 3"], Float[np.ndarray, "joints 3"]]:
    """Give a body its shape: vertices and joints at rest (m)."""
    shapedirs = np.asarray(body.shapedirs, np.float64)[..., : len(betas)]
    v_shaped = np.asarray(body.v_template, np.float64) + shapedirs @ betas[: shapedirs.shape[-1]]
    return v_shaped, np.asarray(body.J_regressor, np.float64) @ v_shaped


def rest_pelvis(
    body: "SmplArrays | SmplModel", betas: Float[np.ndarray, " betas"]
) -> Float[np.ndarray, " 3"]:
    """Place the pelvis of the unposed body (m)."""
    weights = np.asarray(body.J_regressor[0])
    near = weights.nonzero()[0]
    shapedirs = np.asarray(body.shapedirs)[near, :, : len(betas)]
    shaped = np.asarray(body.v_template)[near] + shapedirs @ betas[: shapedirs.shape[-1]]
    return weights[near] @ shaped


def pose_skeleton(
    joints_rest: Float[np.ndarray, "joints 3"],
    local_rotmats: Float[np.ndarray, "rows joints 3 3"],
    parents: tuple[int, ...],
    transl: Float[np.ndarray, "rows 3"],
) -> tuple[Float[np.ndarray, "rows joints 3 3"], Float[np.ndarray, "rows joints 3"]]:
    """Chain local rotations down the tree into each joint's rotation and place (m).

    The root turns about its own rest joint, and `transl` (m) is added after posing, as in smplx.
    """
    rotmats, joints = [local_rotmats[:, 0]], [joints_rest[0] + transl]
    for joint in range(1, len(parents)):
        parent = parents[joint]
        offset = joints_rest[joint] - joints_rest[parent]
        joints.append(joints[parent] + rotmats[parent] @ offset)
        rotmats.append(rotmats[parent] @ local_rotmats[:, joint])
    return np.stack(rotmats, axis=1), np.stack(joints, axis=1)


def skin_vertices(
    points: Float[np.ndarray, "points 3"],
    lbs_weights: Float[np.ndarray, "points joints"],
    joints_rest: Float[np.ndarray, "joints 3"],
    rotmats: Float[np.ndarray, "rows joints 3 3"],
    joints: Float[np.ndarray, "rows joints 3"],
) -> Float[np.ndarray, "rows points 3"]:
    """Move rest-space points (m) with their bones.

    Linear in the weights: given a difference of weights, it gives the difference of the points.
    """
    shifts = joints - (rotmats @ joints_rest[..., None])[..., 0]
    bones = np.concatenate([rotmats, shifts[..., None]], axis=-1)
    rows, num_joints = bones.shape[:2]
    homogeneous = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    # One matrix product for all rows: each joint's share of each point's homogeneous coordinates.
    shares = (lbs_weights[:, :, None] * homogeneous[:, None, :]).reshape(len(points), -1)
    flat = bones.transpose(1, 3, 0, 2).reshape(num_joints * 4, rows * 3)
    return (shares @ flat).reshape(len(points), rows, 3).transpose(1, 0, 2)
