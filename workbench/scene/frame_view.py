"""The picture of the person: the frame with its bodies."""

from dataclasses import dataclass, replace

import numpy as np

from neuhmr.body.motion import Motion
from neuhmr.clip.masks import MaskSequence
from workbench.core.identity import SameObjects
from workbench.core.session import SessionState
from workbench.engine.exchange import Image, PaintedBody
from workbench.engine.interface import Footage
from workbench.engine.keypoint_report import KeypointReport
from workbench.scene.keypoint_picture import frame_heat
from workbench.scene.mask_picture import frame_mask
from workbench.scene.people_picture import frame_people
from workbench.scene.pictures import resized
from workbench.scene.quick_overlay import outline_overlay, quick_overlay

FRAME_WIDTH = 800
FRAME_MAX_HEIGHT = 520
_QUICK_SCALE = 0.6
"""Pictures that are seen for a moment only are so much smaller."""
_INITIAL = (0.80, 0.83, 0.86)
_OUTLINE = (1.0, 1.0, 1.0)
_REFINED = (0.25, 0.62, 0.98)
_TRUTH = (0.32, 0.81, 0.40)


@dataclass(frozen=True, eq=False)
class FrameHeat:
    """Heatmaps and keypoints to draw over a frame."""

    report: KeypointReport
    keypoint: int | None
    """None for all."""
    body_color: tuple[int, int, int]
    """Of the body's own keypoints."""


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """Everything that decides what the big picture shows."""

    footage: Footage
    frame: int
    bodies: tuple[tuple[Motion, tuple[float, float, float], float], ...]
    """(motion, color, opacity), drawn in this order; without opacity only the outline."""
    is_quick: bool = False
    """Drawn in a few milliseconds, for a picture that is seen for a moment only."""
    heat: FrameHeat | None = None
    """Drawn over the bodies."""
    masks: MaskSequence | None = None
    """Laid over the frame."""
    boxes_people: bool = False
    """Everybody gets a box, to be chosen by a click."""

    @property
    def motions(self) -> SameObjects:
        """What the pictures of all frames have in common."""
        return SameObjects(self.footage, *(part for body in self.bodies for part in body))

    @property
    def key(self) -> SameObjects:
        """Equal for requests of the same picture."""
        parts = (part for body in self.bodies for part in body)
        masks = None if self.masks is None else str(self.masks.changes)
        heat = (None, None) if self.heat is None else (self.heat.report, self.heat.keypoint)
        return SameObjects(
            self.footage, self.frame, self.is_quick, self.boxes_people, masks, *heat, *parts
        )

    def paint(self) -> Image:
        """Decode, shrink and draw."""
        video = self.footage.video
        height, width = fitted_size(video.height, video.width)
        if self.is_quick:
            height, width = round(_QUICK_SCALE * height), round(_QUICK_SCALE * width)
        image = resized(video.frame(self.frame), (height, width))
        if self.masks is not None:
            image = frame_mask(image, self.masks.mask(self.frame))
        solid, outlined = [], []
        for motion, color, opacity in self.bodies:
            posed = self.footage.pose(motion, self.frame)
            if posed is not None:
                bodies = solid if opacity > 0.0 else outlined
                bodies.append(PaintedBody(posed.vertices, color, opacity))
        image = np.ascontiguousarray(image)
        camera = self.footage.camera.resized(image.shape[0], image.shape[1])
        K = (camera.K[self.frame] if camera.K.dim() == 3 else camera.K).numpy()
        if solid and not self.is_quick:
            image = self.footage.overlay(image, self.frame, solid)
            solid = []
        faces = self.footage.faces
        for body in solid:
            image = quick_overlay(image, body.vertices, faces, K, body.color, body.opacity)
        for body in outlined:
            image = outline_overlay(image, body.vertices, faces, K, body.color)
        if self.heat is not None:
            heat = self.heat
            image = frame_heat(image, heat.report, heat.keypoint, video.width, heat.body_color)
        if self.boxes_people:
            image = frame_people(image, self.footage, self.frame)
        return image


def frame_request(state: SessionState, is_quick: bool = False) -> FrameRequest | None:
    """Say what the big picture of a state is."""
    footage, view = state.footage, state.view
    if footage is None:
        return None
    bodies: list[tuple[Motion, tuple[float, float, float], float]] = []
    if view.show_truth and footage.truth is not None:
        bodies.append((footage.truth, _TRUTH, 0.5))
    refined = state.refined
    is_ghost = view.shown == "both" and refined is not None
    if footage.initial is not None and (view.shown != "refined" or refined is None):
        bodies.append(
            (footage.initial, _OUTLINE if is_ghost else _INITIAL, 0.0 if is_ghost else 0.6)
        )
    if refined is not None and view.shown != "initial":
        bodies.append((refined, _REFINED, 0.6))
    if shows_heat(state):
        # Heat is read on the person itself: other bodies would be in the way, and tint it.
        judged = state.rendered_motion
        bodies = [(motion, color, 0.0) for motion, color, _ in bodies if motion is judged]
    masks = shown_masks(state)
    if masks is not None:
        bodies = [(motion, color, 0.0) for motion, color, _ in bodies]
    return FrameRequest(
        footage, view.frame, tuple(bodies), is_quick, _heat_of(state), masks, view.chooses_person
    )


def shown_masks(state: SessionState) -> MaskSequence | None:
    """Say which masks lie over the video: those that are open, or as the user wants them."""
    view, masks = state.view, None if state.footage is None else state.footage.masks
    if masks is None or not view.show_masks:
        return None
    return masks if view.mask_wish is None else replace(masks, changes=view.mask_wish)


def shows_heat(state: SessionState) -> bool:
    """Whether heatmaps lie over the video, or are about to."""
    is_possible = state.avatar is not None and not state.avatar.heatmaps_missing
    return is_possible and state.view.find_keypoints and state.view.show_heat


def _heat_of(state: SessionState) -> FrameHeat | None:
    look = state.keypoints_now
    if look is None or look.report is None or not shows_heat(state):
        return None
    return FrameHeat(look.report, state.view.keypoint, body_dot_color(state))


def body_dot_color(state: SessionState) -> tuple[int, int, int]:
    """Give the body's own keypoints the color of its poses."""
    color = _INITIAL if state.rendered_motion is state.initial else _REFINED
    return (round(255 * color[0]), round(255 * color[1]), round(255 * color[2]))


def fitted_size(height: int, width: int) -> tuple[int, int]:
    """Scale (height, width) to fill the picture's width, or its height where that comes first."""
    scale = min(FRAME_WIDTH / width, FRAME_MAX_HEIGHT / height)
    return max(1, round(height * scale)), max(1, round(width * scale))
