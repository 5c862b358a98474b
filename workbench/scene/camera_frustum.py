"""The video camera in 3D: its frustum with the present frame on it, and the ground."""

import math

import numpy as np
import viser
from jaxtyping import Float
from PIL import Image as PilImage

from workbench.core.session import SessionState
from workbench.engine.interface import Footage, Image

IMAGE_WIDTH = 320
FRUSTUM_SIZE_M = 0.45
FIELD_OF_VIEW = math.radians(42.0)
FEET = (7, 8, 10, 11)
_SOLE_M = 0.05
"""How far the sole lies below the foot and ankle joints, about (m)."""


class CameraView:
    """Frustum and ground grid."""

    def __init__(self, server: viser.ViserServer) -> None:
        self._server = server
        self._footage: Footage | None = None
        self._frustum: viser.CameraFrustumHandle | None = None
        self._grid: viser.GridHandle | None = None
        self._frame = -1

    def draw(self, state: SessionState) -> None:
        """Show the camera of the present frame."""
        footage = state.footage
        if footage is None:
            return
        if footage is not self._footage:
            self._start_over(footage)
        assert self._frustum is not None
        self._frustum.visible = state.view.show_frustum
        if state.view.frame != self._frame and state.view.show_frustum:
            self._frame = state.view.frame
            self._frustum.image = thumbnail(footage.video.frame(self._frame), IMAGE_WIDTH)
            self._frustum.fov = vertical_fov(footage, self._frame)

    def _start_over(self, footage: Footage) -> None:
        self._footage, self._frame = footage, -1
        aspect = footage.video.width / footage.video.height
        if self._frustum is None:
            self._frustum = self._server.scene.add_camera_frustum(
                "/camera",
                fov=vertical_fov(footage, 0),
                aspect=aspect,
                scale=FRUSTUM_SIZE_M,
                thickness=2.0,
                thickness_units="screen",
                color=(134, 142, 150),
                jpeg_quality=80,
                cast_shadow=False,
                receive_shadow=False,
            )
        self._frustum.aspect = aspect
        if footage.initial is not None and len(footage.initial):
            self._lay_ground(footage)

    def _lay_ground(self, footage: Footage) -> None:
        assert footage.initial is not None
        joints = footage.joints(footage.initial)[footage.initial.valid.numpy()]
        if len(joints) == 0:
            return
        ground = float(np.percentile(joints[:, FEET, 1], 95)) + _SOLE_M
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
        look_from(self._server, center)


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
    small = PilImage.fromarray(image).resize((width, height), PilImage.Resampling.BILINEAR)
    return np.asarray(small)


def viewpoint(center: Float[np.ndarray, "3"]) -> tuple[np.ndarray, np.ndarray]:
    """Stand behind the video camera, to its left and above, with person and frustum in sight.

    Far off with a narrow lens, so that both fit between the docks. Returns position and target (m).
    """
    depth = max(float(center[2]), 1.0)
    azimuth, height = math.radians(38.0), math.radians(14.0)
    target = np.array([0.6 * center[0], center[1] - 0.45, 0.55 * depth])
    away = np.array([-math.sin(azimuth) * math.cos(height), -math.sin(height), -math.cos(azimuth)])
    return target + (2.2 + 1.25 * depth) * away, target


def look_from(server: viser.ViserServer, center: Float[np.ndarray, "3"]) -> None:
    """Put new tabs, and those that are open, at a good place to start from."""
    position, look_at = viewpoint(center)
    server.initial_camera.fov = FIELD_OF_VIEW
    server.initial_camera.position = (float(position[0]), float(position[1]), float(position[2]))
    server.initial_camera.look_at = (float(look_at[0]), float(look_at[1]), float(look_at[2]))
    for client in server.get_clients().values():
        client.camera.fov = FIELD_OF_VIEW
        client.camera.position = position
        client.camera.look_at = look_at
