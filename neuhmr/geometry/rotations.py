"""Rotation representations, over roma.

The representation is the suffix of a name: `axisangle` (rad), `rotmat`, `rot6d`, `wxyz`. A
`rot6d` is the first two *columns* of the matrix, column after column (Zhou et al., arXiv
1812.07035), so the identity is [1, 0, 0, 0, 1, 0].
"""

from typing import cast

import roma
import torch
from jaxtyping import Float
from torch import Tensor


def axisangle_to_rotmat(axisangle: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Turn rotation vectors (rad) into matrices; differentiable at zero."""
    return roma.rotvec_to_rotmat(axisangle)


def rotmat_to_axisangle(rotmat: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Turn matrices into rotation vectors (rad) of length at most pi."""
    return roma.rotmat_to_rotvec(rotmat)


def rot6d_to_rotmat(rot6d: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Orthonormalize two columns by Gram-Schmidt and complete the matrix."""
    columns = rot6d.unflatten(-1, (2, 3)).transpose(-1, -2)
    return roma.special_gramschmidt(columns, epsilon=1e-12)  # pyright: ignore[reportArgumentType]


def rotmat_to_rot6d(rotmat: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """Keep the first two columns of a matrix, column after column."""
    return torch.cat([rotmat[..., 0], rotmat[..., 1]], dim=-1)


def euler_to_rotmat(angles: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Compose R_z @ R_y @ R_x from angles (rad) about x, y, z."""
    return roma.euler_to_rotmat("xyz", angles)


def rotmat_to_wxyz(rotmat: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """Turn matrices into unit quaternions, real part first (viser's order)."""
    return roma.rotmat_to_unitquat(rotmat).roll(1, dims=-1)


def wxyz_to_rotmat(wxyz: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 3 3"]:
    """Turn unit quaternions, real part first, into matrices."""
    return roma.unitquat_to_rotmat(wxyz.roll(-1, dims=-1))


def rotation_angle(rotmat: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, " *batch"]:
    """Measure the angle of a rotation (rad, in [0, pi]).

    Uses atan2 of the skew part and the trace: unlike acos, its gradient is finite near pi. At the
    identity the gradient is zero.
    """
    skew = torch.stack(
        [
            rotmat[..., 2, 1] - rotmat[..., 1, 2],
            rotmat[..., 0, 2] - rotmat[..., 2, 0],
            rotmat[..., 1, 0] - rotmat[..., 0, 1],
        ],
        dim=-1,
    )
    squared = skew.square().sum(dim=-1)
    is_zero = squared == 0
    sine = torch.where(is_zero, squared, torch.where(is_zero, 1.0, squared).sqrt())
    cosine = rotmat.diagonal(dim1=-2, dim2=-1).sum(dim=-1) - 1.0
    return torch.atan2(sine, cosine)


def rotation_about(axis: str, angle: Float[Tensor, " *batch"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotate about one coordinate axis ("x", "y" or "z") by `angle` (rad)."""
    vector = torch.zeros(*angle.shape, 3, dtype=angle.dtype, device=angle.device)
    vector[..., "xyz".index(axis)] = angle
    return axisangle_to_rotmat(vector)


def nearest_rotations(matrices: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Find the rotation nearest to each matrix; means of like rotations have a unique one."""
    return cast(Tensor, roma.special_procrustes(matrices, method="svd"))
