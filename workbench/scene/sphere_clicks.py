"""Clicks on the dots of the orientation sphere: each goes to its frame."""

from collections import deque
from typing import Any

import numpy as np
import viser
from jaxtyping import Float

from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.scene.orientation_sphere import dots_of, middle_of_person
from workbench.scene.picking import ray_vectors, seen_from

MAX_ANGLE_RAD = 0.03
"""How far from a dot a click may be, seen from the eye."""
_SAME_ANGLE_RAD = 0.008
"""Dots that a click cannot tell apart: the nearer one is meant, not one at the sphere's back."""
_MOST_CLICKS = 8


class SphereClicks:
    """Waits for clicks in 3D; what was meant is found out by the thread that draws."""

    def __init__(self, scene: viser.SceneApi, tasks: Tasks) -> None:
        self._tasks = tasks
        self._rays: deque[tuple[Any, Any]] = deque(maxlen=_MOST_CLICKS)

        async def take(event: viser.SceneClickEvent) -> None:
            self._rays.append((event.ray_origin, event.ray_direction))

        scene.on_click()(take)  # type: ignore[arg-type]

    def tick(self, state: SessionState) -> None:
        """Go to the frame whose dot was clicked at, if any."""
        while self._rays:
            ray = self._rays.popleft()
            center = middle_of_person(state)
            if state.anchors is None or not state.view.show_sphere or center is None:
                continue
            index = dot_at_ray(dots_of(state.anchors, center), *ray)
            if index is not None:
                self._tasks.seek(int(state.anchors.frames[index]))


def dot_at_ray(dots: Float[np.ndarray, "dots 3"], origin: Any, direction: Any) -> int | None:
    """Find the dot that a ray meets, the nearest of several; None where it meets none.

    Args:
        dots: in the scene (m).
        origin: of the ray (m), as a browser says.
        direction: of the ray, as a browser says.
    """
    ray = ray_vectors(origin, direction)
    if ray is None or not len(dots):
        return None
    lengths, angles = seen_from(*ray, dots)
    if angles.min() > MAX_ANGLE_RAD:
        return None
    meant = angles <= angles.min() + _SAME_ANGLE_RAD
    return int(np.where(meant, lengths, np.inf).argmin())
