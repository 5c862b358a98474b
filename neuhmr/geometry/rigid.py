"""Rigid transforms between named frames: `T_a_b` maps coordinates in b to coordinates in a."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Rigid(TensorStruct):
    """Rotation followed by translation (m)."""

    rotmat: Float[Tensor, "*batch 3 3"]
    transl: Float[Tensor, "*batch 3"]

    @staticmethod
    def identity(
        *batch: int, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> "Rigid":
        """Make transforms that leave points where they are."""
        rotmat = torch.eye(3, dtype=dtype, device=device).expand(*batch, 3, 3)
        return Rigid(rotmat, torch.zeros(*batch, 3, dtype=dtype, device=device))

    @staticmethod
    def from_matrix(matrix: Float[Tensor, "*batch 4 4"]) -> "Rigid":
        """Read homogeneous matrices; the last row is ignored."""
        return Rigid(matrix[..., :3, :3], matrix[..., :3, 3])

    def as_matrix(self) -> Float[Tensor, "*batch 4 4"]:
        """Write homogeneous matrices."""
        top = torch.cat([self.rotmat, self.transl[..., None]], dim=-1)
        bottom = top.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*top.shape[:-2], 1, 4)
        return torch.cat([top, bottom], dim=-2)

    def inverse(self) -> "Rigid":
        """Swap the two frames."""
        transposed = self.rotmat.transpose(-1, -2)
        return Rigid(transposed, -(transposed @ self.transl[..., None])[..., 0])

    def __matmul__(self, other: "Rigid") -> "Rigid":
        """Chain transforms: T_a_b @ T_b_c = T_a_c."""
        return Rigid(self.rotmat @ other.rotmat, self.apply(other.transl))

    def apply(self, points: Float[Tensor, "*#batch 3"]) -> Float[Tensor, "*out 3"]:
        """Map one point per transform (m); leading axes broadcast."""
        return (self.rotmat @ points[..., None])[..., 0] + self.transl
