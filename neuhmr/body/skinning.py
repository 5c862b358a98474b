"""Forward kinematics and linear blend skinning."""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.rigid import Rigid


def pose_bones(
    joints_rest: Float[Tensor, "joints 3"],
    local_rotmats: Float[Tensor, "*batch joints 3 3"],
    parents: tuple[int, ...],
    transl: Float[Tensor, "*batch 3"] | None = None,
) -> Rigid:
    """Chain local rotations down the tree into transforms from rest space to posed space.

    The root rotates about its own rest joint, as in SMPL. Returned batch axes: `*batch joints`.

    Args:
        joints_rest: joints of the rest pose (m).
        local_rotmats: the root's first, the others relative to their parents.
        parents: of each joint; the root's is not looked at.
        transl: added after posing (m), as in smplx; none at all if None.
    """
    world_rotmats = [local_rotmats[..., 0, :, :]]
    world_joints = [joints_rest[0].expand((*local_rotmats.shape[:-3], 3))]
    for joint in range(1, len(parents)):
        parent = parents[joint]
        offset = joints_rest[joint] - joints_rest[parent]
        world_joints.append(world_joints[parent] + world_rotmats[parent] @ offset)
        world_rotmats.append(world_rotmats[parent] @ local_rotmats[..., joint, :, :])
    rotmat = torch.stack(world_rotmats, dim=-3)
    posed = torch.stack(world_joints, dim=-2)
    shift = posed - (rotmat @ joints_rest[..., None])[..., 0]
    return Rigid(rotmat, shift if transl is None else shift + transl[..., None, :])


def blend_bones(
    lbs_weights: Float[Tensor, "*#batch points joints"],
    bones: Rigid,
) -> tuple[Float[Tensor, "*batch points 3 3"], Float[Tensor, "*batch points 3"]]:
    """Average bone transforms (`*batch joints`) into one affine map per point.

    Returns the linear part and the translation (m). The linear part is a blend of rotations, not
    a rotation.
    """
    flat = torch.cat([bones.rotmat, bones.transl[..., None]], dim=-1).flatten(start_dim=-2)
    blended = (lbs_weights @ flat).unflatten(-1, (3, 4))
    return blended[..., :3], blended[..., 3]


def skin_points(
    points: Float[Tensor, "*#batch points 3"],
    lbs_weights: Float[Tensor, "points joints"],
    bones: Rigid,
) -> Float[Tensor, "*batch points 3"]:
    """Move rest-space points (m) with their bones: linear blend skinning."""
    linear, transl = blend_bones(lbs_weights, bones)
    return (linear @ points[..., None])[..., 0] + transl


def invert_3x3(
    matrix: Float[Tensor, "*batch 3 3"], least_determinant: float | None = None
) -> Float[Tensor, "*batch 3 3"]:
    """Invert by cofactors: exact, and much faster than LAPACK on many small matrices.

    Args:
        matrix: what to invert.
        least_determinant: smaller determinants, negative ones too, count as this one, so that a
            nearly singular matrix gets a finite, no longer exact inverse.
    """
    row_a, row_b, row_c = matrix.unbind(dim=-2)
    columns = torch.stack(
        [
            torch.linalg.cross(row_b, row_c),
            torch.linalg.cross(row_c, row_a),
            torch.linalg.cross(row_a, row_b),
        ],
        dim=-1,
    )
    determinant = (row_a * columns[..., 0]).sum(dim=-1)
    if least_determinant is not None:
        determinant = determinant.clamp_min(least_determinant)
    return columns / determinant[..., None, None]
