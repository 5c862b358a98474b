"""Where the joints are seen in the pictures, by what they look like in anybody.

The prototypes of the matching network know no clip and no pose, so what they find is evidence of
its own, right also where all initial poses are wrong in the same way. NeuHMR has no such thing.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.anchors.registration import normalize_features
from neuhmr.anchors.visibility import inside_image
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.progress import OnFrame, ignore_frame
from neuhmr.tensor_struct import TensorStruct

REACH = 0.12
"""Joints are searched for so far around where they should be, in sizes of the person ..."""
STEP = 0.0075
"""... at places so far apart."""
FARTHER = 0.6
"""By how much more alike a place must be at the end of that reach to be preferred."""
LEAST_SIMILARITY = 0.25
"""Cosine below which a joint counts as not seen."""
_MISS_AT_ZERO, _MISS_SLOPE, _LEAST_MISS = 0.0227, 0.024, 0.0067
"""Miss of a find along each axis, in sizes of the person: so much at a cosine of zero, less by so
much for a cosine of one, and at least so much; from validation people."""


@dataclass(frozen=True)
class JointSightings(TensorStruct):
    """What was found in each frame."""

    pixels: Float[Tensor, "frames joints 2"]
    """Of the matching joints (px)."""
    precisions: Float[Tensor, "frames joints"]
    """One over the expected miss along each axis (1/px); 0 where a joint was not seen."""


@dataclass(frozen=True)
class JointFinder(TensorStruct):
    """Frames in which joints can be looked for."""

    features: Float[Tensor, "frames channels feature_height feature_width"]
    """Encoded frames; may be of half precision."""
    prototypes: Float[Tensor, "joints channels"]
    """What all joints look like; those that are matched are used."""
    height: int
    """Of the frames (px)."""
    width: int
    """Of the frames (px)."""

    def of_rows(self, rows: Int[Tensor, " rows"]) -> "JointFinder":
        """Keep some frames."""
        return replace(self, features=self.features[rows])

    @torch.no_grad()
    def find(
        self,
        around: Float[Tensor, "frames joints 2"],
        sizes: Float[Tensor, " frames"],
        on_frame: OnFrame = ignore_frame,
    ) -> JointSightings:
        """Search every frame around where poses have the joints.

        Args:
            around: projections of all joints (px).
            sizes: of the person in each frame (px).
            on_frame: told after every frame; may raise to cancel.
        """
        chosen = list(MATCHING_JOINTS)
        wanted = normalize_features(self.prototypes[chosen])
        found = []
        for frame, here, size in zip(self.features, around[:, chosen], sizes, strict=True):
            found.append(self._find_in_frame(frame, wanted, here, size))
            on_frame()
        pixels, precisions = zip(*found, strict=True)
        return JointSightings(torch.stack(pixels), torch.stack(precisions))

    def _find_in_frame(
        self, features: Tensor, wanted: Tensor, around: Tensor, size: Tensor
    ) -> tuple[Float[Tensor, "joints 2"], Float[Tensor, " joints"]]:
        offsets = _disk(around.device)
        handicap = FARTHER * (offsets.norm(dim=-1) / REACH).square()
        places = around[:, None] + offsets * size
        image_size = (self.height, self.width)
        flat = sample_at_pixels(features.float(), places.reshape(-1, 2), image_size)
        sampled = normalize_features(flat).unflatten(0, places.shape[:2])
        similarities = (sampled @ wanted[..., None])[..., 0]
        similarities = similarities.masked_fill(~inside_image(places, *image_size), -1.0)
        best = (similarities - handicap).argmax(dim=1, keepdim=True)
        similarity = similarities.gather(1, best)[:, 0]
        pixels = places.gather(1, best[..., None].expand(-1, 1, 2))[:, 0]
        miss = (_MISS_AT_ZERO - _MISS_SLOPE * similarity).clamp_min(_LEAST_MISS) * size
        return pixels, (similarity > LEAST_SIMILARITY) / miss


def _disk(device: torch.device) -> Float[Tensor, "places 2"]:
    """Lay out the places of a search, in sizes of the person."""
    ticks = torch.arange(-REACH, REACH + STEP / 2, STEP, device=device)
    grid = torch.cartesian_prod(ticks, ticks)
    return grid[grid.norm(dim=-1) <= REACH]


def make_finder(
    prototypes: Float[Tensor, "joints channels"] | None,
    features: Float[Tensor, "frames channels feature_height feature_width"],
    crops: PersonCrops,
) -> JointFinder | None:
    """Get ready to look for joints; None where the network has not learnt what they look like.

    Args:
        prototypes: `joint_prototypes` of the network.
        features: `image_features` of the frames.
        crops: the frames.
    """
    if prototypes is None:
        return None
    return JointFinder(features, prototypes.detach(), crops.cameras.height, crops.cameras.width)
