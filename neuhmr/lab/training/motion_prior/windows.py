"""Pieces of motions, many at once."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Windows(TensorStruct):
    """Pieces of motions, on the stage (+y up, floor about y = 0)."""

    rotmat: Float[Tensor, "batch frames 24 3 3"]
    """Root in the stage's axes first, then the body joints in their parents'."""
    pelvis: Float[Tensor, "batch frames 3"]
    """m."""
