"""Looking at a few of many rows, evenly spread."""

import torch
from jaxtyping import Int
from torch import Tensor


def spread_evenly(rows: Int[Tensor, " rows"], most: int) -> Int[Tensor, " kept"]:
    """Keep at most so many rows, the first and the last among them."""
    places = torch.linspace(0, len(rows) - 1, min(most, len(rows)), device=rows.device)
    return rows[places.round().long()]
