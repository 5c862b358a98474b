"""The frames an avatar is conditioned on."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class ReferenceViews(TensorStruct):
    """Images of one person, the body posed in each camera's frame; one axis of views, or none."""

    images: Float[Tensor, "*views 3 height width"]
    """In [0, 1], black outside the person."""
    masks: Float[Tensor, "*views height width"]
    cameras: Camera
    """Batch axis: views."""
    posed: PosedBody
    """Batch axis: views."""
