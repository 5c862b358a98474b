"""Keypoints that were found in a clip's own frames, as refinement is pulled towards them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.body25 import NUM_KEYPOINTS
from neuhmr.clip.crops import PersonCrops
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class FrameKeypoints(TensorStruct):
    """What was found in each frame; some hundred bytes of it a frame."""

    points: Float[Tensor, "frames 25 2"]
    """Of BODY_25 (px of the crops); zero where nothing was found."""
    confidence: Float[Tensor, "frames 25"]
    """Highest score of the heatmap, in [0, 1]; zero where nothing was found."""
    looked: Bool[Tensor, " frames"]
    """In which frames keypoints were looked for."""

    @staticmethod
    def none_yet(frames: int, device: torch.device) -> "FrameKeypoints":
        """Begin with frames that nobody has looked at."""
        return FrameKeypoints(
            torch.zeros(frames, NUM_KEYPOINTS, 2, device=device),
            torch.zeros(frames, NUM_KEYPOINTS, device=device),
            torch.zeros(frames, dtype=torch.bool, device=device),
        )

    @staticmethod
    def given(keypoints: ClipKeypoints, crops: PersonCrops) -> "FrameKeypoints":
        """Take those that somebody else found in the video; nothing is left to look for."""
        rows = crops.frame_index.to(keypoints.points.device)
        left, top, width, height = crops.boxes.to(keypoints.points).unbind(dim=-1)
        size = keypoints.points.new_tensor([crops.cameras.width, crops.cameras.height])
        corner, extent = torch.stack([left, top], dim=-1), torch.stack([width, height], dim=-1)
        scale = (size / extent)[:, None]
        points = (keypoints.points[rows] - corner[:, None]) * scale
        device = crops.images.device
        return FrameKeypoints(
            points.nan_to_num(0.0).to(device),
            keypoints.confidence[rows].to(device),
            torch.ones(len(rows), dtype=torch.bool, device=device),
        )

    def with_found(self, rows: Int[Tensor, " rows"], found: Keypoints2d) -> "FrameKeypoints":
        """Note what was found in some frames, one of `found` for each of `rows`."""
        return FrameKeypoints(
            self.points.index_copy(0, rows, found.points.to(self.points)),
            self.confidence.index_copy(0, rows, found.confidence.to(self.confidence)),
            self.looked.index_fill(0, rows, True),
        )

    def found_share(self) -> float:
        """Share of the keypoints that were found in the frames that were looked at, in [0, 1]."""
        seen = self.confidence[self.looked] > 0.0
        return float(seen.float().mean()) if seen.numel() else 0.0

    def as_state(self) -> dict[str, Tensor]:
        """Name every tensor, for a state that is saved."""
        return {
            "keypoints.points": self.points,
            "keypoints.confidence": self.confidence,
            "keypoints.looked": self.looked,
        }

    @staticmethod
    def from_state(state: Mapping[str, Tensor], device: torch.device) -> "FrameKeypoints | None":
        """Undo `as_state`; None where nothing was ever looked for."""
        if "keypoints.points" not in state:
            return None
        names = ("points", "confidence", "looked")
        return FrameKeypoints(*(state[f"keypoints.{name}"].to(device) for name in names))
