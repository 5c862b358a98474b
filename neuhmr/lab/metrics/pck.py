"""How many keypoints are where they should be: PCK@0.2 of the torso's diameter.

The torso's diameter is the distance from the left shoulder to the right hip in the picture, as in
the evaluation of FLIC and LSP. Other programs divide by the distance between the hips, which is
three to four times stricter; figures do not compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.tensor_struct import TensorStruct

SHARE = 0.2
TORSO_DIAGONALS: tuple[tuple[int, int], ...] = (
    (BODY_25_NAMES.index("left_shoulder"), BODY_25_NAMES.index("right_hip")),
    (BODY_25_NAMES.index("right_shoulder"), BODY_25_NAMES.index("left_hip")),
)
"""The second stands in where an end of the first is missing."""


@dataclass(frozen=True)
class KeypointCount(TensorStruct):
    """How often each BODY_25 keypoint was right, and how often it could have been."""

    correct: Int[Tensor, "25"]
    counted: Int[Tensor, "25"]

    def __add__(self, other: "KeypointCount") -> "KeypointCount":
        return KeypointCount(self.correct + other.correct, self.counted + other.counted)

    @property
    def pck(self) -> float | None:
        """Share of all counted keypoints that are right; None where none counts."""
        total = int(self.counted.sum())
        return int(self.correct.sum()) / total if total else None

    def per_keypoint(self) -> dict[str, float | None]:
        """PCK of each keypoint by name, None where it never counts."""
        pairs = zip(self.correct.tolist(), self.counted.tolist(), strict=True)
        shares = [correct / counted if counted else None for correct, counted in pairs]
        return dict(zip(BODY_25_NAMES, shares, strict=True))

    def of(self, keypoints: Sequence[int]) -> "KeypointCount":
        """Leave all other keypoints out."""
        chosen = torch.zeros_like(self.counted)
        chosen[list(keypoints)] = 1
        return KeypointCount(self.correct * chosen, self.counted * chosen)


def no_keypoints() -> KeypointCount:
    """Start counting."""
    return KeypointCount(torch.zeros(25, dtype=torch.int64), torch.zeros(25, dtype=torch.int64))


def torso_diameter(
    points: Float[Tensor, "*batch 25 2"], valid: Bool[Tensor, "*batch 25"]
) -> Float[Tensor, " *batch"]:
    """Measure the torso in the picture (px); NaN where both diagonals miss an end."""
    diameter = torch.full(points.shape[:-2], torch.nan, dtype=points.dtype, device=points.device)
    for shoulder, hip in reversed(TORSO_DIAGONALS):
        length = (points[..., shoulder, :] - points[..., hip, :]).norm(dim=-1)
        diameter = torch.where(valid[..., shoulder] & valid[..., hip], length, diameter)
    return diameter


def count_correct(
    points: Float[Tensor, "*batch 25 2"],
    found: Bool[Tensor, "*batch 25"],
    truth: Float[Tensor, "*batch 25 2"],
    valid: Bool[Tensor, "*batch 25"],
    share: float = SHARE,
) -> KeypointCount:
    """Count keypoints within a share of the torso's diameter from the truth.

    A keypoint that was not found is wrong; one without truth, or in a picture whose torso cannot
    be measured, does not count.

    Args:
        points: what is judged (px).
        found: where `points` says anything.
        truth: where they should be (px).
        valid: where `truth` says anything.
        share: of the torso's diameter; PCK@0.2 by default.
    """
    diameter = torso_diameter(truth, valid)
    counted = valid & diameter.isfinite()[..., None]
    near = (points - truth).norm(dim=-1) <= share * diameter[..., None]
    correct = near & found & counted
    return KeypointCount(
        correct.reshape(-1, 25).sum(dim=0).cpu(), counted.reshape(-1, 25).sum(dim=0).cpu()
    )
