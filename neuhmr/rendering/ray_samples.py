"""Where along its ray each pixel looks: only inside the band around the body."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.rendering.body_band import CELL_SIZE, BodyBand
from neuhmr.tensor_struct import TensorStruct

COARSE_SAMPLES = 48


@dataclass(frozen=True)
class RaySamples(TensorStruct):
    """The kept samples of some rays, packed.

    Rays start at the camera; `slots` says where a kept sample belongs in a (hits, samples) table.
    """

    hits: Int[Tensor, " hits"]
    """Which of the rays pass through the band at all."""
    depths: Float[Tensor, "hits samples"]
    """Camera depths of all sample slots (m)."""
    lengths: Float[Tensor, " hits"]
    """Way through one sample (m)."""
    slots: Int[Tensor, " kept"]
    """Flat positions of kept samples in `depths`."""
    points: Float[Tensor, "kept 3"]
    """Kept samples in the camera frame (m)."""
    nearest: Int[Tensor, " kept"]
    """Nearest vertex of each kept sample."""

    def unpack(self, values: Float[Tensor, " kept"]) -> Float[Tensor, "hits samples"]:
        """Spread per-sample numbers over the table, zero where nothing was kept."""
        table = values.new_zeros(self.depths.numel())
        return table.index_put((self.slots,), values).view_as(self.depths)


def _box_range(
    directions: Float[Tensor, "rays 3"], band: BodyBand
) -> tuple[Float[Tensor, " rays"], Float[Tensor, " rays"]]:
    """Depths at which rays from the origin enter and leave the band's box (slab test)."""
    safe = torch.where(directions.abs() < 1e-6, directions.new_tensor(1e-6), directions)
    bounds = torch.stack([band.origin / safe, band.upper / safe])
    near = bounds.amin(dim=0).amax(dim=-1).clamp_min(1e-2)
    return near, bounds.amax(dim=0).amin(dim=-1)


def _band_range(
    directions: Float[Tensor, "rays 3"],
    band: BodyBand,
    surface_depths: Float[Tensor, " rays"] | None,
    behind: float,
) -> tuple[Int[Tensor, " hits"], Float[Tensor, " hits"], Float[Tensor, " hits"]]:
    """Find the rays that touch the band, and the depths between which they may be in it (m)."""
    near, far = _box_range(directions, band)
    rows = (far > near).nonzero()[:, 0]
    steps = (torch.arange(COARSE_SAMPLES).to(directions) + 0.5) / COARSE_SAMPLES
    spans = (far - near)[rows, None]
    coarse = near[rows, None] + spans * steps
    distances = band.rough_distance(coarse[..., None] * directions[rows, None])
    is_near = distances < band.width + spans / COARSE_SAMPLES / 2 + CELL_SIZE
    touched = is_near.any(dim=1)
    rows, coarse, is_near, spans = rows[touched], coarse[touched], is_near[touched], spans[touched]
    half = spans[:, 0] / COARSE_SAMPLES / 2
    first = coarse.masked_fill(~is_near, torch.inf).amin(dim=1) - half
    last = coarse.masked_fill(~is_near, -torch.inf).amax(dim=1) + half
    if surface_depths is not None:
        last = last.minimum(surface_depths[rows] + behind)
    return rows, first, last.maximum(first + 1e-3)


def sample_band(
    directions: Float[Tensor, "rays 3"],
    band: BodyBand,
    most_samples: int,
    step_size: float = 0.0,
    surface_depths: Float[Tensor, " rays"] | None = None,
    behind: float = 0.06,
    generator: torch.Generator | None = None,
) -> RaySamples:
    """Place samples between a ray's first and last point within the band; keep those inside it.

    Args:
        directions: ray directions with z = 1, camera frame.
        band: the body in the camera frame.
        most_samples: slots per ray at the most.
        step_size: a ray gets one slot per so many meters of depth; 0 gives every ray the most.
        surface_depths: where each ray first meets the body's mesh (m, inf where it never does);
            samples more than `behind` meters deeper are dropped: nothing there is seen.
        behind: see above (m).
        generator: jitters samples within their slots, as in training; None puts them at centers.
    """
    rows, first, last = _band_range(directions, band, surface_depths, behind)
    counts = torch.full_like(first, most_samples)
    if step_size > 0:
        counts = ((last - first) / step_size).ceil().clamp(1, most_samples)
    width = int(counts.amax().item()) if len(rows) else 1
    offsets = torch.full((len(rows), width), 0.5).to(directions)
    if generator is not None:
        offsets = torch.rand(offsets.shape, generator=generator).to(directions)
    slots = torch.arange(width).to(directions)
    steps = (last - first) / counts
    depths = first[:, None] + (slots + offsets) * steps[:, None]
    points = depths[..., None] * directions[rows, None]
    is_candidate = band.rough_distance(points) < band.width + 2 * CELL_SIZE
    candidates = (is_candidate & (slots < counts[:, None])).reshape(-1).nonzero()[:, 0]
    points = points.reshape(-1, 3)[candidates]
    nearest, distance = band.nearest(points)
    kept = distance < band.width
    return RaySamples(
        hits=rows,
        depths=depths,
        lengths=steps * directions[rows].norm(dim=-1),
        slots=candidates[kept],
        points=points[kept],
        nearest=nearest[kept],
    )
