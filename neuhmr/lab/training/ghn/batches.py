"""What one training step of the GHN looks at: two anchors, a few targets, their rays."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import PosedBody, ShapedBody, SmplModel
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.canonical import CanonicalBody
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.views import ReferenceViews
from neuhmr.ghn.volume import VolumePlan
from neuhmr.lab.people.training_person import TrainingPerson

EDGE_WIDTH = 2
"""Pixels on either side of the silhouette that count as its edge."""
SURROUNDINGS = 10
"""Pixels around the silhouette in which rays are drawn: beyond, there is nothing to render."""
EDGE_SHARE = 0.5
"""Share of the rays that is drawn on the edge, where most of the error is."""
SMALLEST = 0.65
"""Anchors are shown at down to this share of their size: clips are cut smaller than the data."""
EXACT_SHARE = 0.5
"""Share of the steps whose anchors have exact masks."""
ANCHOR_MARGIN = 4
"""Pixels around the person in a cut-out anchor."""
MULTIPLE = 32
"""Sizes of anchors are multiples of the encoder's coarsest stride."""


@dataclass(frozen=True)
class PreparedPerson:
    """One training person, posed and planned."""

    images: Tensor
    """uint8, `frames 3 height width`, background included."""
    masks: Bool[Tensor, "frames height width"]
    """Exact: what renderings are compared with."""
    input_masks: Bool[Tensor, "frames height width"]
    """As a segmenter would give them, where the data have such; exact otherwise."""
    cameras: Camera
    body: ShapedBody
    posed: PosedBody
    view_directions: Float[Tensor, "frames 3"]
    """Where the camera stands, seen from the pelvis' own frame; unit length."""
    plan: tuple[CanonicalBody, VolumePlan]

    def views(self, rows: Int[Tensor, " views"], gain: Float[Tensor, "3"]) -> ReferenceViews:
        """Masked images of some frames, their colors scaled by `gain`."""
        masks = self.masks[rows].float()
        images = self.images[rows].float() / 255.0 * masks[:, None] * gain[:, None, None]
        return ReferenceViews(
            images=images.clamp_max(1.0),
            masks=masks,
            cameras=self.cameras[rows],
            posed=self.posed[rows],
        )

    def cut_views(
        self, rows: Int[Tensor, " views"], gain: Float[Tensor, "3"], generator: torch.Generator
    ) -> ReferenceViews:
        """Cut the person out of some frames, at a drawn size and place.

        Clips are cut out as well, and a cut-out costs the encoder half as much as the frame. Half
        of the time the person is cut out by exact masks, else by a segmenter's, which err.
        """
        is_exact = float(torch.rand((), generator=generator)) < EXACT_SHARE
        masks = self.masks if is_exact else self.input_masks
        share = SMALLEST + (1.0 - SMALLEST) * float(torch.rand((), generator=generator))
        height, width = (round(share * side) for side in self.images.shape[-2:])
        layers = torch.cat([self.images[rows].float() / 255.0, masks[rows, None].float()], 1)
        layers = torch.nn.functional.interpolate(
            layers, (height, width), mode="bilinear", antialias=True, align_corners=False
        )
        cameras = self.cameras[rows].resized(height, width)
        low, high = _boxes(layers[:, 3] > 0.5)
        extent = (high - low).amax(dim=0) + 2 * ANCHOR_MARGIN
        size = [MULTIPLE * math.ceil(int(side) / MULTIPLE) for side in extent]
        room = torch.tensor(size) - (high - low)
        corner = (low - room * torch.rand(len(rows), 2, generator=generator)).floor().long()
        padded = torch.nn.functional.pad(layers, (size[0], size[0], size[1], size[1]))
        cut = torch.stack(
            [
                padded[row, :, top : top + size[1], left : left + size[0]]
                for row, (left, top) in enumerate((corner + torch.tensor(size)).tolist())
            ]
        )
        images = cut[:, :3] * cut[:, 3:] * gain[:, None, None]
        return ReferenceViews(
            images=images.clamp_max(1.0),
            masks=cut[:, 3],
            cameras=cameras.cropped(corner[:, 0].float(), corner[:, 1].float(), size[1], size[0]),
            posed=self.posed[rows],
        )

    def condition(self, ghn: Ghn, views: ReferenceViews) -> Avatar:
        """Show a network some of the person's views, where it is."""
        device = next(ghn.parameters()).device
        canonical, volume = self.plan
        plan = canonical.to(device), volume.to(device)
        return ghn.condition(views.to(device), self.body.to(device), plan)


def _boxes(
    masks: Bool[Tensor, "views height width"],
) -> tuple[Int[Tensor, "views 2"], Int[Tensor, "views 2"]]:
    """First and one after last (column, row) of each mask."""
    spots = [mask.nonzero().flip(-1) for mask in masks]
    low = torch.stack([spot.amin(dim=0) for spot in spots])
    return low, torch.stack([spot.amax(dim=0) for spot in spots]) + 1


@torch.no_grad()
def prepare_person(person: TrainingPerson, model: SmplModel, ghn: Ghn) -> PreparedPerson:
    """Pose the body in every frame and plan its canonical volume."""
    motion: Motion = person.motion
    body = model.with_shape(motion.betas)
    posed = body.with_pose(motion.body_pose, motion.global_orient, motion.transl)
    pelvis = posed.joints[:, 0]
    directions = torch.nn.functional.normalize(-pelvis, dim=-1)
    in_body = (motion.global_orient.transpose(-1, -2) @ directions[..., None])[..., 0]
    cameras = person.cameras
    return PreparedPerson(
        images=person.images.permute(0, 3, 1, 2).contiguous(),
        masks=person.masks,
        input_masks=person.input_masks,
        cameras=cameras,
        body=body,
        posed=posed,
        view_directions=in_body,
        plan=ghn.plan(body),
    )


def draw_rows(
    person: PreparedPerson, targets: int, generator: torch.Generator
) -> tuple[Int[Tensor, " views"], Int[Tensor, " targets"]]:
    """Draw two anchors seen from opposite sides (over 90 degrees) and some other frames.

    Where no frame is opposite the first, the most different one is taken.
    """
    frames = len(person.images)
    order = torch.randperm(frames, generator=generator)
    first = order[0]
    cosines = person.view_directions @ person.view_directions[first]
    opposite = order[cosines[order] < 0.0]
    second = opposite[0] if len(opposite) else cosines.argmin()
    anchors = torch.stack([first, second])
    others = order[(order != first) & (order != second)]
    return anchors, others[:targets]


def draw_pixels(
    mask: Bool[Tensor, "height width"], rays: int, generator: torch.Generator
) -> tuple[Float[Tensor, "drawn 2"], Float[Tensor, " drawn"]]:
    """Draw rays on the person, on the silhouette's edge and beside it.

    Returns pixels (px), and each ray's weight: how many pixels of the person and its surroundings
    it stands for, 1 on average. Without the weights an edge pixel beside the person would count
    less than one on it, and silhouettes would come out too wide.
    """
    shares = (EDGE_SHARE, 0.7 * (1.0 - EDGE_SHARE), 0.3 * (1.0 - EDGE_SHARE))
    inner, outer = ~_grown(~mask, EDGE_WIDTH), _grown(mask, EDGE_WIDTH)
    regions = (outer & ~inner, inner, _grown(mask, SURROUNDINGS) & ~outer)
    drawn, weights = [], []
    for region, share in zip(regions, shares, strict=True):
        candidates = region.nonzero()
        if len(candidates):
            picks = torch.randint(len(candidates), (round(rays * share),), generator=generator)
            drawn.append(candidates[picks])
            weights.append(torch.full((len(picks),), len(candidates) / len(picks)))
    weight = torch.cat(weights)
    return torch.cat(drawn).flip(-1).float() + 0.5, weight / weight.mean()


def _grown(mask: Bool[Tensor, "height width"], radius: int) -> Bool[Tensor, "height width"]:
    """Widen a mask by so many pixels."""
    window = 2 * radius + 1
    grown = torch.nn.functional.max_pool2d(mask[None, None].float(), window, 1, radius)
    return grown[0, 0] > 0.5
