"""What somebody else's detector saw of one person in every frame of a clip."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class ClipKeypoints(TensorStruct):
    """BODY_25 keypoints of one person, one row per frame of the video."""

    points: Float[Tensor, "frames 25 2"]
    """Pixels of the video; NaN where the detector saw none."""
    confidence: Float[Tensor, "frames 25"]
    """In [0, 1]; zero where the detector saw none."""

    def __len__(self) -> int:
        return len(self.points)
