"""Notices where the 3D view stands, so that the avatar can be rendered from there."""

import viser

from workbench.core.session import SessionState
from workbench.core.stage_tasks import set_stages
from workbench.core.tasks import Tasks
from workbench.engine.free_view import Viewpoint
from workbench.errors import WorkbenchError

_DIGITS = 3
"""Smaller turns and moves (of the quaternion, m) are a trembling hand's."""


class OrbitWatch:
    """Follows the browser that moved last, while the free view is shown; used by one thread."""

    def __init__(self, server: viser.ViserServer, tasks: Tasks) -> None:
        self._server = server
        self._tasks = tasks

    def tick(self, state: SessionState) -> None:
        """Look once."""
        if state.view.stages.compare != "free view" or state.avatar is None:
            return
        cameras = [client.camera for client in self._server.get_clients().values()]
        if not cameras:
            return
        camera = max(cameras, key=lambda each: each.update_timestamp)
        try:
            viewpoint = Viewpoint.checked(
                camera.wxyz.round(_DIGITS), camera.position.round(_DIGITS)
            )
        except WorkbenchError:
            return  # A browser that says nonsense is not followed.
        if viewpoint != state.view.stages.orbit:
            set_stages(self._tasks, orbit=viewpoint)
