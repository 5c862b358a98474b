"""The frame on a wall behind the person, where the video camera's rays meet it.

From the video camera everything before the wall lies over the frame as it does in the video; from
elsewhere it shows what the camera saw of which side.
"""

from dataclasses import dataclass

import numpy as np
import viser
from jaxtyping import Float

from workbench.core.identity import SameObjects
from workbench.core.session import SessionState
from workbench.engine.interface import Footage
from workbench.scene.camera_frustum import thumbnail
from workbench.scene.picking import intrinsics

IMAGE_WIDTH = 640
_BEHIND_M = 0.5
"""So far behind the person stands the wall (m): flesh lies behind joints, and arms reach back."""
_FAR_PERCENT = 95.0
"""The joints' depths that count (%); a pose gone wild must not move the wall."""


@dataclass(frozen=True)
class Wall:
    """A rectangle that faces the video camera."""

    width: float
    height: float
    center: tuple[float, float, float]
    """All in m, in the axes of the video camera."""


def wall_at(depth: float, K: Float[np.ndarray, "3 3"], width: int, height: int) -> Wall:
    """Find where the frame's corners' rays meet a depth.

    Args:
        depth: of the wall (m).
        K: intrinsics of the frame (px).
        width: of the frame (px).
        height: of the frame (px).
    """
    across, down = depth / float(K[0, 0]), depth / float(K[1, 1])
    center = ((width / 2.0 - float(K[0, 2])) * across, (height / 2.0 - float(K[1, 2])) * down)
    return Wall(width * across, height * down, (*center, depth))


class BackdropView:
    """The wall with the present frame on it."""

    def __init__(self, scene: viser.SceneApi) -> None:
        self._scene = scene
        self._image: viser.ImageHandle | None = None
        self._depths = (SameObjects(), 0.0)
        self._shown = SameObjects()

    def draw(self, state: SessionState) -> None:
        """Show the frame where it is wanted; at the video camera it is the background already."""
        footage, view = state.footage, state.view
        is_wanted = footage is not None and view.show_backdrop and not view.from_camera
        if footage is None or not is_wanted:
            if self._image is not None:
                self._image.visible = False
            return
        wall = wall_at(
            max(self._depth_of_clip(footage), _depth_now(state)), intrinsics(footage, view.frame),
            footage.video.width, footage.video.height,
        )  # fmt: skip
        if self._image is None:
            self._image = self._scene.add_image(
                "/backdrop", np.zeros((2, 2, 3), np.uint8), wall.width, wall.height,
                format="jpeg", jpeg_quality=80, position=wall.center, cast_shadow=False,
                receive_shadow=False,
            )  # fmt: skip
        shown = SameObjects(footage, view.frame)
        if shown != self._shown:
            self._shown = shown
            self._image.image = thumbnail(footage.video.frame(view.frame), IMAGE_WIDTH)
        self._image.render_width, self._image.render_height = wall.width, wall.height
        self._image.position, self._image.visible = wall.center, True

    def _depth_of_clip(self, footage: Footage) -> float:
        key = SameObjects(footage)
        if key != self._depths[0]:
            joints = np.zeros((0, 24, 3))
            if footage.initial is not None:
                joints = footage.joints(footage.initial)[footage.initial.valid.numpy()]
            far = float(np.percentile(joints[..., 2], _FAR_PERCENT)) if len(joints) else 3.0
            self._depths = (key, far + _BEHIND_M)
        return self._depths[1]


def _depth_now(state: SessionState) -> float:
    """Say how deep the wall must stand at least, so that no body is behind it (m)."""
    footage, view = state.footage, state.view
    assert footage is not None
    motions = (footage.initial, state.refined, footage.truth if view.show_truth else None)
    posed = [footage.pose(motion, view.frame) for motion in motions if motion is not None]
    depths = [float(body.vertices[:, 2].max()) for body in posed if body is not None]
    return max(depths, default=0.0) + 0.1
