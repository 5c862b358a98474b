"""How sure the depth of each joint is: a line along its viewing ray, as long as the error."""

import numpy as np
import viser
from jaxtyping import Float

from workbench.core.identity import SameObjects
from workbench.core.session import SessionState
from workbench.scene.skeleton_view import error_colors


def error_lines(
    joints: Float[np.ndarray, "joints 3"], errors: Float[np.ndarray, " joints"]
) -> Float[np.ndarray, "joints 2 3"]:
    """Draw a line from where a joint may be at its nearest to where it may be at its farthest.

    Args:
        joints: in the axes of the video camera, at its origin (m).
        errors: expected ones along the viewing rays (m).
    """
    rays = joints / np.linalg.norm(joints, axis=-1, keepdims=True)
    reach = errors[:, None] * rays
    return np.stack([joints - reach, joints + reach], axis=1)


class DepthErrorsView:
    """The lines through the joints of the poses that are rendered."""

    def __init__(self, scene: viser.SceneApi) -> None:
        self._scene = scene
        self._lines: viser.LineSegmentsHandle | None = None
        self._shown = SameObjects()

    def draw(self, state: SessionState) -> None:
        """Show the lines where they are wanted and known."""
        view, motion, avatar = state.view, state.rendered_motion, state.avatar
        key = SameObjects(motion, avatar, view.frame, int(view.show_depth_errors))
        if key == self._shown:
            return
        self._shown = key
        posed = errors = None
        if view.show_depth_errors and avatar is not None and motion is not None:
            assert state.footage is not None
            posed, errors = state.footage.pose(motion, view.frame), avatar.depth_errors(view.frame)
        if posed is None or errors is None:
            if self._lines is not None:
                self._lines.visible = False
            return
        points = error_lines(posed.joints, errors).astype(np.float32)
        colors = np.repeat(error_colors(1000.0 * errors)[:, None], 2, axis=1)
        if self._lines is None:
            self._lines = self._scene.add_line_segments(
                "/skeleton/depth_errors", points, colors, thickness=4.0, thickness_units="screen"
            )
        self._lines.points, self._lines.colors, self._lines.visible = points, colors, True
