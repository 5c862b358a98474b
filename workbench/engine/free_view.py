"""Where the user has orbited to in 3D, and the camera there that holds the person."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import roma
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from workbench.errors import WorkbenchError

MARGIN_SHARE = 0.06
"""Space on each side of the person, as a share of its box."""
NEAREST_M = 0.1
"""No part of the person may be nearer to the view's plane (m)."""
_LEAST_NORM = 1e-3


@dataclass(frozen=True)
class Viewpoint:
    """A pose of the view in the scene, which is the video camera's frame (m, OpenCV axes)."""

    wxyz: tuple[float, float, float, float]
    position: tuple[float, float, float]

    @staticmethod
    def checked(wxyz: Any, position: Any) -> "Viewpoint":
        """Take what a browser says of its view.

        Raises:
            WorkbenchError: it is no pose.
        """
        try:
            turn = np.asarray(wxyz, np.float64).reshape(4)
            place = np.asarray(position, np.float64).reshape(3)
        except (TypeError, ValueError) as error:
            raise WorkbenchError(_NO_POSE) from error
        length = float(np.linalg.norm(turn))
        if not np.isfinite([*turn, *place]).all() or length < _LEAST_NORM:
            raise WorkbenchError(_NO_POSE)
        w, x, y, z = (turn / length).tolist()
        u, v, d = place.tolist()
        return Viewpoint((w, x, y, z), (u, v, d))

    def T_view_camera(self) -> Rigid:
        """Map the video camera's frame to the view's."""
        w, x, y, z = self.wxyz
        rotmat = roma.unitquat_to_rotmat(torch.tensor([x, y, z, w], dtype=torch.float64))
        return Rigid(rotmat, torch.tensor(self.position, dtype=torch.float64)).inverse()


_NO_POSE = "The browser did not say where it looks from; turn the 3D view a little and try again."


def camera_around(points: Float[Tensor, "points 3"], height: int, width: int) -> Camera:
    """Zoom in on the person: square pixels, the person's box in the middle.

    Args:
        points: of the body, in the view's frame (m).
        height: of the picture (px).
        width: of the picture (px).

    Raises:
        WorkbenchError: a part of the person is behind the view or in its plane.
    """
    if float(points[:, 2].amin()) < NEAREST_M:
        raise WorkbenchError(
            "The person is behind the 3D view or too close to it; turn the view towards the body."
        )
    flat = points[:, :2] / points[:, 2:]
    low, high = flat.amin(dim=0), flat.amax(dim=0)
    room = points.new_tensor([width, height]) * (1.0 - 2.0 * MARGIN_SHARE)
    focal = float((room / (high - low).clamp_min(1e-6)).amin())
    middle = points.new_tensor([width, height]) / 2.0 - focal * (low + high) / 2.0
    K = points.new_tensor(
        [[focal, 0.0, float(middle[0])], [0.0, focal, float(middle[1])], [0.0, 0.0, 1.0]]
    )
    return Camera(K, height, width)
