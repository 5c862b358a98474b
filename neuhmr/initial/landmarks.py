"""What a landmark detector says about one person over the frames of a clip.

The 33 landmarks are BlazePose's (MediaPipe Pose), named from the subject's point of view.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct

LANDMARK_NAMES: tuple[str, ...] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye",
    "right_eye_outer", "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky",
    "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel",
    "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
NUM_LANDMARKS = 33


def landmark_index(name: str) -> int:
    """Look up a landmark by name.

    Raises:
        ValueError: no landmark has that name.
    """
    if name not in LANDMARK_NAMES:
        raise ValueError(f"landmark_index: no landmark is called {name!r}")
    return LANDMARK_NAMES.index(name)


def _mirrored(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


MIRRORED_LANDMARKS: tuple[int, ...] = tuple(
    LANDMARK_NAMES.index(_mirrored(name)) for name in LANDMARK_NAMES
)
"""Where each landmark goes when left and right are exchanged."""


@dataclass(frozen=True)
class Landmarks(TensorStruct):
    """Landmarks of one person; rows with `detected` False hold zeros and mean nothing."""

    points2d: Float[Tensor, "frames 33 2"]
    """Pixels of the full video, centers at +0.5; may lie outside the picture."""
    visibility: Float[Tensor, "frames 33"]
    """How sure the detector is that the landmark is in view and not hidden, in [0, 1]."""
    points3d: Float[Tensor, "frames 33 3"]
    """Rough shape (m) about the hips' midpoint, axes of a camera that looks at the person:
    x right, y down, z away."""
    detected: Bool[Tensor, " frames"]

    def __len__(self) -> int:
        return self.detected.shape[0]

    @staticmethod
    def undetected(frames: int) -> "Landmarks":
        """Start from frames in which nobody was seen."""
        return Landmarks(
            points2d=torch.zeros(frames, NUM_LANDMARKS, 2),
            visibility=torch.zeros(frames, NUM_LANDMARKS),
            points3d=torch.zeros(frames, NUM_LANDMARKS, 3),
            detected=torch.zeros(frames, dtype=torch.bool),
        )

    def with_sides_exchanged(self, exchange: Bool[Tensor, " frames"]) -> "Landmarks":
        """Exchange left and right in some frames, where the detector took one for the other."""
        mirror = list(MIRRORED_LANDMARKS)
        return replace(
            self,
            points2d=torch.where(exchange[:, None, None], self.points2d[:, mirror], self.points2d),
            visibility=torch.where(exchange[:, None], self.visibility[:, mirror], self.visibility),
            points3d=torch.where(exchange[:, None, None], self.points3d[:, mirror], self.points3d),
        )
