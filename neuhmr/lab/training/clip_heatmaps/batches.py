"""What one training step of a clip's heatmaps looks at: a frame, and what it is asked from."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.body25 import body25_points
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import PosedBody, SmplModel
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.views import ReferenceViews
from neuhmr.lab.moments.heatmaps import SIGMA_SHARE
from neuhmr.lab.people.training_person import TrainingPerson
from neuhmr.lab.training.ghn.batches import PreparedPerson, draw_rows, prepare_person
from neuhmr.tensor_struct import TensorStruct

OWN_SHARE = 0.6
"""Share of the steps in which the frame itself is the source, at a wrong pose."""
MOST_POSE_NOISE = 0.3
"""The wrong poses' rotations are off by up to so many radians per axis (standard deviation)."""
ROOT_NOISE = 0.4
"""The whole body's rotation is off by this share of it."""
SHIFT_NOISE = (0.03, 0.03, 0.10)
"""How far the whole body is off at most: right, down, along the ray (m, standard deviations)."""
NEAR_JOINT = 3.0
"""Half of the rays fall this near to a keypoint (sigmas of its heatmap)."""


@dataclass(frozen=True)
class KeypointPerson:
    """A training person whose keypoints are known."""

    prepared: PreparedPerson
    motion: Motion
    keypoints: Float[Tensor, "frames 25 3"]
    """In each picture's camera frame (m)."""


@dataclass(frozen=True)
class HeatmapBatch(TensorStruct):
    """One frame to be rendered."""

    anchors: ReferenceViews
    """What the avatar is conditioned on, at true poses."""
    sources: ReferenceViews
    """What heatmaps are asked from: the anchors, or the frame itself."""
    target: ReferenceViews
    """The frame, no axis of views; posed as it is rendered."""
    pixels: Float[Tensor, "rays 2"]
    keypoints: Float[Tensor, "25 3"]
    """Where they truly are in the frame: x, y (px) and 1."""
    sigma: float
    """Of the heatmaps (px)."""


@torch.no_grad()
def prepare_keypoint_person(person: TrainingPerson, model: SmplModel, ghn: Ghn) -> KeypointPerson:
    """Pose the body and find its keypoints in every picture."""
    prepared = prepare_person(person, model, ghn)
    return KeypointPerson(prepared, person.motion, body25_points(prepared.posed))


def draw_heatmap_batch(
    person: KeypointPerson, rays: int, generator: torch.Generator
) -> HeatmapBatch:
    """Draw anchors, a frame and rays; sometimes the frame is asked itself, at a wrong pose."""
    prepared = person.prepared
    anchors, targets = draw_rows(prepared, 1, generator)
    row = int(targets[0])
    gain = 0.8 + 0.4 * torch.rand(3, generator=generator)
    views = prepared.cut_views(torch.cat([anchors, targets]), gain, generator)
    target = views[2]
    if float(torch.rand((), generator=generator)) < OWN_SHARE:
        target = replace(target, posed=wrong_pose(person, row, generator))
        sources = target[None]
    else:
        sources = views[:2]
    projected = target.cameras.project(person.keypoints[row])
    keypoints = torch.cat([projected, torch.ones_like(projected[:, :1])], dim=-1)
    sigma = SIGMA_SHARE * target.cameras.height
    pixels = _draw_pixels(target, projected, sigma, rays, generator)
    return HeatmapBatch(views[:2], sources, target, pixels, keypoints, sigma)


def wrong_pose(person: KeypointPerson, row: int, generator: torch.Generator) -> PosedBody:
    """Pose the body wrongly: heatmaps must be read from the picture, not from the pose."""
    motion = person.motion
    spread = MOST_POSE_NOISE * float(torch.rand((), generator=generator))
    angles = spread * torch.randn(24, 3, generator=generator)
    turns = axisangle_to_rotmat(angles * torch.tensor([ROOT_NOISE] + [1.0] * 23)[:, None])
    shift = torch.randn(3, generator=generator) * torch.tensor(SHIFT_NOISE)
    shift = shift * float(torch.rand((), generator=generator))
    return person.prepared.body.with_pose(
        motion.body_pose[row] @ turns[1:],
        motion.global_orient[row] @ turns[0],
        motion.transl[row] + shift,
    )


def _draw_pixels(
    target: ReferenceViews,
    keypoints: Float[Tensor, "25 2"],
    sigma: float,
    rays: int,
    generator: torch.Generator,
) -> Float[Tensor, "rays 2"]:
    """Draw half of the rays on the person's box, half around keypoints."""
    near = rays // 2
    picks: Int[Tensor, " near"] = torch.randint(len(keypoints), (near,), generator=generator)
    offsets = (2.0 * torch.rand(near, 2, generator=generator) - 1.0) * NEAR_JOINT * sigma
    size = torch.tensor([target.cameras.width, target.cameras.height])
    spread = torch.rand(rays - near, 2, generator=generator) * size
    pixels = torch.cat([keypoints[picks] + offsets, spread])
    return pixels.maximum(torch.full((2,), 0.5)).minimum(size - 0.5)
