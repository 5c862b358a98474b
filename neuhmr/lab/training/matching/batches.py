"""What one training step of the matching features looks at: several pictures of one person.

Pictures are shrunk, turned, mirrored and re-lit, and the places where a wrong pose would put the
joints are drawn, so that a network never sees the same task twice.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.anchors.settings import DEPTH_TOLERANCE
from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS, MATCHING_JOINTS
from neuhmr.body.smpl_model import SmplModel
from neuhmr.ghn.reference import visible_points
from neuhmr.lab.people.errors.wrong_poses import REFERENCE_HEIGHT, person_height
from neuhmr.lab.people.training_person import TrainingPerson
from neuhmr.tensor_struct import TensorStruct

HEIGHTS = (100.0, 195.0)
"""Sizes of the person (px of an upright one) that are trained on; clips are cut to about 150."""
_OTHER_SIDE = dict(LEFT_RIGHT_JOINTS) | {right: left for left, right in LEFT_RIGHT_JOINTS}
MIRRORED = tuple(MATCHING_JOINTS.index(_OTHER_SIDE.get(j, j)) for j in MATCHING_JOINTS)
"""Which matching joint takes each one's place in a mirrored picture."""
MOST_TURN = 0.25
"""Pictures are turned by up to so much (rad)."""
DRAWS = 3
"""Wrong poses per batch; they cost little beside encoding."""
MARGIN = 6
"""Pixels around the person's box."""


@dataclass(frozen=True)
class MatchingPerson:
    """Pictures of one person and where its joints are in them."""

    images: Tensor
    """uint8, `frames 3 height width`, black outside the person."""
    masks: Bool[Tensor, "frames height width"]
    joints: Float[Tensor, "frames joints 2"]
    """True projections of the matching joints (px)."""
    visible: Bool[Tensor, "frames joints"]
    """NeuHMR Eq. 8 at the true poses."""
    heights: Float[Tensor, " frames"]
    """How tall the person would be upright (px)."""


@dataclass(frozen=True)
class MatchingBatch(TensorStruct):
    """Pictures of one person at one size, with the places that wrong poses would give."""

    images: Float[Tensor, "frames 3 height width"]
    joints: Float[Tensor, "frames joints 2"]
    """True places (px)."""
    wrong: Float[Tensor, "draws frames joints 2"]
    """Where wrong poses put the joints, drawn several times (px)."""
    visible: Bool[Tensor, "frames joints"]
    scale: float
    """Pixels here per pixel at a person's height of 150 px."""


@torch.no_grad()
def prepare_matching_person(person: TrainingPerson, model: SmplModel) -> MatchingPerson:
    """Project the joints and test which of them each picture shows."""
    motion, cameras = person.motion, person.cameras
    body = model.with_shape(motion.betas)
    posed = body.with_pose(motion.body_pose, motion.global_orient, motion.transl)
    joints = posed.joints[:, list(MATCHING_JOINTS)]
    visible = [
        visible_points(joints[row], DEPTH_TOLERANCE, posed[row], cameras[row])
        for row in range(len(person))
    ]
    images = person.images.permute(0, 3, 1, 2) * person.masks[:, None]
    return MatchingPerson(
        images=images.contiguous(),
        masks=person.masks,
        joints=cameras.project(joints),
        visible=torch.stack(visible),
        heights=person_height(motion, body, cameras)[:, 0, 0],
    )


def draw_matching_batch(
    person: MatchingPerson, frames: int, generator: torch.Generator
) -> MatchingBatch:
    """Draw pictures of a person, change their size, angle, side and light, and go astray."""
    rows = torch.randperm(len(person.images), generator=generator)[:frames]
    height = _uniform(*HEIGHTS, generator)
    size = height / float(person.heights[rows].mean())
    is_mirrored = bool(torch.rand((), generator=generator) < 0.5)
    turns = (2.0 * torch.rand(len(rows), generator=generator) - 1.0) * MOST_TURN
    linear = _similarities(turns, size, is_mirrored)
    joints, images = _warp(person, rows, linear)
    visible = person.visible[rows]
    if is_mirrored:
        joints, visible = joints[:, list(MIRRORED)], visible[:, list(MIRRORED)]
    gain = 0.8 + 0.4 * torch.rand(1, 3, 1, 1, generator=generator)
    light = 0.85 + 0.3 * torch.rand(len(rows), 1, 1, 1, generator=generator)
    scale = height / REFERENCE_HEIGHT
    astray = torch.stack([draw_astray(len(rows), joints.shape[1], generator) for _ in range(DRAWS)])
    return MatchingBatch(
        images=(images * gain * light).clamp_max(1.0),
        joints=joints,
        wrong=joints + scale * astray,
        visible=visible,
        scale=scale,
    )


def draw_astray(
    frames: int, joints: int, generator: torch.Generator
) -> Float[Tensor, "frames joints 2"]:
    """Draw how far wrong poses put joints astray (px at 150 px height).

    Part of it stays the same over a clip, as estimators' errors do: no average over frames takes
    that part away. Some of either part moves the whole person.
    """
    deviation = _uniform(1.0, 5.0, generator)
    constant = _uniform(0.2, 0.9, generator)
    shared = _uniform(0.0, 0.4, generator)
    variances = (
        ((1, joints), constant * (1.0 - shared)),
        ((1, 1), constant * shared),
        ((frames, joints), (1.0 - constant) * (1.0 - shared)),
        ((frames, 1), (1.0 - constant) * shared),
    )
    parts = [v**0.5 * torch.randn(*shape, 2, generator=generator) for shape, v in variances]
    total = parts[0] + parts[1] + parts[2] + parts[3]
    return deviation * total


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))


def _similarities(
    turns: Float[Tensor, " frames"], size: float, is_mirrored: bool
) -> Float[Tensor, "frames 2 2"]:
    cos, sin = size * turns.cos(), size * turns.sin()
    rotation = torch.stack([cos, -sin, sin, cos], dim=-1).view(-1, 2, 2)
    return rotation * torch.tensor([-1.0 if is_mirrored else 1.0, 1.0])


def _warp(
    person: MatchingPerson, rows: Tensor, linear: Float[Tensor, "frames 2 2"]
) -> tuple[Float[Tensor, "frames joints 2"], Float[Tensor, "frames 3 height width"]]:
    """Map pictures by `linear` onto one canvas that holds each person's box."""
    lows, highs = [], []
    for row, matrix in zip(rows.tolist(), linear, strict=True):
        spots = person.masks[row].nonzero().flip(-1).float() + 0.5
        moved = spots @ matrix.T
        lows.append(moved.amin(dim=0))
        highs.append(moved.amax(dim=0))
    low, high = torch.stack(lows), torch.stack(highs)
    extent = (high - low).amax(dim=0) + 2 * MARGIN
    width, height = (32 * math.ceil(float(side) / 32) for side in extent)
    canvas = torch.tensor([float(width), float(height)])
    shift = canvas / 2 - (low + high) / 2
    joints = person.joints[rows] @ linear.transpose(1, 2) + shift[:, None]
    # Back from the canvas to the picture, in grid_sample's coordinates from -1 to 1.
    inverse = torch.linalg.inv(linear)
    source = torch.tensor([float(person.images.shape[-1]), float(person.images.shape[-2])])
    scale = inverse * canvas / source[:, None]
    offset = (inverse @ (canvas / 2 - shift)[..., None])[..., 0] * 2.0 / source - 1.0
    theta = torch.cat([scale, offset[..., None]], dim=-1)
    grid = torch.nn.functional.affine_grid(
        theta, [len(rows), 3, height, width], align_corners=False
    )
    images = person.images[rows].float() / 255.0
    return joints, torch.nn.functional.grid_sample(images, grid, align_corners=False)
