"""How near rendered body parts and surface embeddings are to the true ones.

Both are compared on the pixels of the naked body alone: what clothes and hair cover beside it has
neither part nor embedding.
"""

import statistics
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.nearest_points import nearest_on_mesh
from neuhmr.lab.moments.surface_truth import NUM_PARTS, PART_NAMES, embedded_places
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class PartCount(TensorStruct):
    """How many pixels show each body part, are said to show it, and both."""

    true: Int[Tensor, " parts"]
    named: Int[Tensor, " parts"]
    right: Int[Tensor, " parts"]

    def __add__(self, other: "PartCount") -> "PartCount":
        return PartCount(self.true + other.true, self.named + other.named, self.right + other.right)

    @property
    def accuracy(self) -> float | None:
        """Share of the pixels whose part is right; None without pixels."""
        total = int(self.true.sum())
        return int(self.right.sum()) / total if total else None

    @property
    def mean_iou(self) -> float | None:
        """Mean over the parts of intersection over union; None without pixels.

        Parts that no pixel shows and none is said to show are left out.
        """
        known = [iou for iou in self.per_part().values() if iou is not None]
        return statistics.fmean(known) if known else None

    def per_part(self) -> dict[str, float | None]:
        """Intersection over union of each part by name, None where it is nowhere."""
        unions = (self.true + self.named - self.right).tolist()
        pairs = zip(self.right.tolist(), unions, strict=True)
        ious = [right / union if union else None for right, union in pairs]
        return dict(zip(PART_NAMES, ious, strict=True))


def no_parts() -> PartCount:
    """Start counting."""
    return PartCount(*torch.zeros(3, NUM_PARTS, dtype=torch.int64))


def count_parts(scores: Float[Tensor, "pixels parts"], truth: Int[Tensor, " pixels"]) -> PartCount:
    """Count pixels by the part that scores highest; one without any score names no part.

    Args:
        scores: of each part, any monotone scale; all zero where nothing was rendered.
        truth: index into `PART_NAMES`.
    """
    is_named = (scores != 0.0).any(dim=-1)
    named = scores.argmax(dim=-1)
    right = truth[is_named & (named == truth)]
    return PartCount(
        *(
            torch.bincount(parts, minlength=NUM_PARTS).cpu()
            for parts in (truth, named[is_named], right)
        )
    )


def embedding_distances_mm(
    embedding: Float[Tensor, "pixels 3"], truth: Float[Tensor, "pixels 3"], model: SmplModel
) -> Float[Tensor, " pixels"]:
    """Measure how far the surface points that embeddings name are from the true ones (mm).

    An embedding names the surface point nearest to its place in the rest pose; distances are
    straight lines between points of the mean body in that pose.

    Args:
        embedding: rendered.
        truth: of points of the surface.
        model: whose rest pose.
    """
    named = nearest_on_mesh(embedded_places(embedding, model), model.v_template, model.faces)
    return 1000.0 * (named - embedded_places(truth, model)).norm(dim=-1)
