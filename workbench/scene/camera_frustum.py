"""The video camera in 3D: its frustum with the present frame on it, and the ground."""

import math

import numpy as np
import viser

from neuhmr.body.skeleton import FOOT_JOINTS
from workbench.core.session import SessionState
from workbench.engine.exchange import Image
from workbench.engine.interface import Footage
from workbench.scene.pictures import resized

IMAGE_WIDTH = 320
_LARGEST_M = 0.45
_OF_DISTANCE = 0.06
"""The frustum's length in distances of the person: seen from beside them it stays a small thing."""
_SOLE_M = 0.05
"""How far the sole lies below the foot and ankle joints, about (m)."""


class CameraView:
    """Frustum and ground grid."""

    def __init__(self, server: viser.ViserServer) -> None:
        self._server = server
        self._footage: Footage | None = None
        self._frustum: viser.CameraFrustumHandle | None = None
        self._grid: viser.GridHandle | None = None
        self._frame: int | None = None
        """Whose picture is on the frustum."""

    def draw(self, state: SessionState) -> None:
        """Show the camera of the present frame."""
        footage = state.footage
        if footage is None:
            return
        if footage is not self._footage:
            self._start_over(footage)
        assert self._frustum is not None
        # From the video camera itself the frustum's picture would hide everything.
        is_shown = state.view.show_frustum and not state.view.from_camera
        self._frustum.visible = is_shown
        if self._grid is not None:
            self._grid.visible = state.view.show_ground and not state.view.from_camera
        # Nor may it hide the frame behind the bodies from those who stand near the camera.
        wanted = None if state.view.show_backdrop else state.view.frame
        if wanted != self._frame and is_shown:
            self._frame = wanted
            image = None if wanted is None else footage.video.frame(wanted)
            self._frustum.image = None if image is None else thumbnail(image, IMAGE_WIDTH)
        if is_shown:
            self._frustum.fov = vertical_fov(footage, state.view.frame)

    def _start_over(self, footage: Footage) -> None:
        self._footage, self._frame = footage, None
        aspect = footage.video.width / footage.video.height
        if self._frustum is None:
            self._frustum = self._server.scene.add_camera_frustum(
                "/camera",
                fov=vertical_fov(footage, 0),
                aspect=aspect,
                scale=_LARGEST_M,
                thickness=2.0,
                thickness_units="screen",
                color=(134, 142, 150),
                jpeg_quality=80,
                cast_shadow=False,
                receive_shadow=False,
            )
        self._frustum.aspect = aspect
        self._frustum.scale = frustum_size(footage)
        if footage.initial is not None and len(footage.initial):
            self._lay_ground(footage)

    def _lay_ground(self, footage: Footage) -> None:
        assert footage.initial is not None
        joints = footage.joints(footage.initial)[footage.initial.valid.numpy()]
        if len(joints) == 0:
            return
        ground = float(np.percentile(joints[:, FOOT_JOINTS, 1], 95)) + _SOLE_M
        center = np.median(joints[:, 0], axis=0)
        position = (float(round(center[0])), ground, float(round(center[2])))
        if self._grid is None:
            self._grid = self._server.scene.add_grid(
                "/ground",
                width=8.0,
                height=8.0,
                plane="xz",
                cell_color=(52, 56, 62),
                section_color=(78, 84, 92),
                cell_size=0.5,
                section_size=1.0,
                shadow_opacity=0.0,
                fade_distance=14.0,
            )
        self._grid.position = position


def frustum_size(footage: Footage) -> float:
    """Choose how far the camera's picture stands before it (m)."""
    if footage.initial is None or not bool(footage.initial.valid.any()):
        return _LARGEST_M
    distance = float(footage.initial.transl[footage.initial.valid].norm(dim=-1).median())
    return min(_LARGEST_M, _OF_DISTANCE * distance)


def vertical_fov(footage: Footage, frame: int) -> float:
    """Field of view of the video camera (rad)."""
    K = footage.camera.K
    focal = float(K[frame, 1, 1] if K.dim() == 3 else K[1, 1])
    return 2.0 * math.atan2(footage.camera.height / 2.0, focal)


def thumbnail(image: Image, width: int) -> Image:
    """Shrink a frame for the browser."""
    if image.shape[1] <= width:
        return image
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return resized(image, (height, width))
