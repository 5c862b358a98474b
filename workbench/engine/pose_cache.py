"""The bodies posed last: picture, scene, skeleton and list all ask for the same few."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from neuhmr.body.motion import Motion
from workbench.engine.exchange import BodyFrame

MAX_KEPT = 96
"""About 8 MB of SMPL bodies."""


class PoseCache:
    """Keeps what was posed; used by any thread. Nobody may change what it gives."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], tuple[Motion, BodyFrame | None]] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, motion: Motion, frame: int, pose: Callable[[], BodyFrame | None]
    ) -> BodyFrame | None:
        """Give the body of a motion in a frame; `pose` makes it where it is not kept."""
        key = (id(motion), frame)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept[1]
        posed = pose()
        with self._lock:
            # The motion is kept, too: so nothing else can come to have its id.
            self._kept[key] = (motion, posed)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return posed
