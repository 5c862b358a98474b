"""What one training step of the GHN looks at: two anchors, a few targets, their rays."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.body.smpl_model import PosedBody, ShapedBody, SmplModel
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.canonical import CanonicalBody
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.reference import VISIBLE_WITHIN, visible_points
from neuhmr.ghn.views import ReferenceViews
from neuhmr.ghn.volume import VolumePlan
from neuhmr.people.training_person import TrainingPerson

JOINT_DEPTH_TOLERANCE = 0.2
"""Epsilon of NeuHMR Eq. 8 (m)."""


@dataclass(frozen=True)
class PreparedPerson:
    """One training person, posed and planned."""

    images: Tensor
    """uint8, `frames 3 height width`, background included."""
    masks: Bool[Tensor, "frames height width"]
    cameras: Camera
    body: ShapedBody
    posed: PosedBody
    view_directions: Float[Tensor, "frames 3"]
    """Where the camera stands, seen from the pelvis' own frame; unit length."""
    places: Float[Tensor, "frames places 3"]
    """Vertices, then the matching joints, in the camera frame (m)."""
    visible: Bool[Tensor, "frames places"]
    """Which places each frame sees; joints by NeuHMR Eq. 8."""
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
    joints = posed.joints[:, list(MATCHING_JOINTS)]
    places = torch.cat([posed.vertices, joints], dim=1)
    reach = torch.full((places.shape[1],), VISIBLE_WITHIN)
    reach[posed.vertices.shape[1] :] = JOINT_DEPTH_TOLERANCE
    visible = [
        visible_points(places[row], reach, posed[row], cameras[row]) for row in range(len(person))
    ]
    return PreparedPerson(
        images=person.images.permute(0, 3, 1, 2).contiguous(),
        masks=person.masks,
        cameras=cameras,
        body=body,
        posed=posed,
        view_directions=in_body,
        places=places,
        visible=torch.stack(visible),
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
    mask: Bool[Tensor, "height width"],
    vertices_2d: Float[Tensor, "vertices 2"],
    rays: int,
    generator: torch.Generator,
) -> Float[Tensor, "drawn 2"]:
    """Draw half of the rays on the person and half beside it, within the body's box (px)."""
    height, width = mask.shape
    low = (vertices_2d.amin(dim=0) - 12).long().clamp_min(0)
    high = (vertices_2d.amax(dim=0) + 12).long().minimum(torch.tensor([width, height]))
    in_box = torch.zeros_like(mask)
    in_box[low[1] : high[1], low[0] : high[0]] = True
    drawn = []
    for region in (mask, in_box & ~mask):
        candidates = region.nonzero()
        if len(candidates):
            picks = torch.randint(len(candidates), (rays // 2,), generator=generator)
            drawn.append(candidates[picks])
    return torch.cat(drawn).flip(-1).float() + 0.5
