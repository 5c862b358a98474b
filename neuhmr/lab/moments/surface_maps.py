"""Body parts and surface embedding of a picture's pixels, as another network sees them."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.lab.moments.surface_truth import EMBEDDING_CHANNELS, UNKNOWN_PART, SurfacePixels


@dataclass(frozen=True)
class SurfaceMaps:
    """Maps over one whole picture, of any resolution; either may be missing."""

    parts: Int[Tensor, "part_rows part_columns"] | None
    """Index into `PART_NAMES`; `UNKNOWN_PART` where nothing is known."""
    embedding: Float[Tensor, "3 rows columns"] | None
    """As `vertex_embedding` has it; NaN where nothing is known."""

    def at(self, pixels: Float[Tensor, "rays 2"], image_size: tuple[int, int]) -> SurfacePixels:
        """Read the map's pixel under each of a picture's pixels.

        Args:
            pixels: positions in the picture (px).
            image_size: the picture's height and width (px).
        """
        shares = pixels / pixels.new_tensor([image_size[1], image_size[0]])
        parts = torch.full((len(pixels),), UNKNOWN_PART)
        if self.parts is not None:
            row, column = _cells(shares, self.parts.shape[0], self.parts.shape[1])
            parts = self.parts[row, column].long()
        embedding = torch.full((len(pixels), EMBEDDING_CHANNELS), torch.nan)
        if self.embedding is not None:
            row, column = _cells(shares, self.embedding.shape[1], self.embedding.shape[2])
            embedding = self.embedding[:, row, column].T
        is_known = (parts != UNKNOWN_PART) | embedding.isfinite().all(dim=-1)
        return SurfacePixels(is_known, parts, embedding, torch.full_like(embedding, torch.nan))


def _cells(
    shares: Float[Tensor, "rays 2"], rows: int, columns: int
) -> tuple[Int[Tensor, " rays"], Int[Tensor, " rays"]]:
    column, row = (shares * shares.new_tensor([columns, rows])).long().unbind(dim=-1)
    return row.clamp(0, rows - 1), column.clamp(0, columns - 1)
