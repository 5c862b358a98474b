"""A thread that paints frames: decode, shrink, draw the bodies. The newest request wins.

What was painted is kept up to a number of bytes, so that a clip that repeats plays smoothly.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from workbench.engine.interface import Image

logger = logging.getLogger(__name__)

DEFAULT_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Painted:
    """A finished picture and what it was asked to show."""

    key: Hashable
    image: Image


class FrameCache:
    """Paints in its own thread. `paint` of every request is called there and nowhere else."""

    def __init__(
        self,
        on_error: Callable[[Exception], None],
        max_bytes: int = DEFAULT_BYTES,
    ) -> None:
        self._on_error = on_error
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, Image] = OrderedDict()
        self._bytes = 0
        self._wanted: tuple[Hashable, Callable[[], Image]] | None = None
        self._newest: Painted | None = None
        self._in_hand: Hashable = None
        self._failed: Hashable = None
        self._wake = threading.Condition()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)

    def start(self) -> None:
        """Begin to paint."""
        self._thread.start()

    @property
    def newest(self) -> Painted | None:
        """The picture finished last."""
        return self._newest

    @property
    def num_bytes(self) -> int:
        """Bytes of the pictures kept."""
        return self._bytes

    def request(self, key: Hashable, paint: Callable[[], Image]) -> None:
        """Ask for a picture; one asked for earlier and not begun is dropped."""
        with self._wake:
            if self._newest is not None and self._newest.key == key:
                self._wanted = None
                return
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                self._wanted = None
                self._newest = Painted(key, kept)
                return
            if key in (self._in_hand, self._failed):
                self._wanted = None
                return
            self._wanted = (key, paint)
            self._wake.notify()

    def forget(self) -> None:
        """Drop the kept pictures, as what they show has changed; the newest stays readable."""
        with self._wake:
            self._kept.clear()
            self._bytes = 0
            self._failed = None

    def stop(self, timeout: float = 2.0) -> None:
        """End the thread."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_stopping or self._wanted is not None)
                if self._is_stopping:
                    return
                assert self._wanted is not None
                key, paint = self._wanted
                self._wanted, self._in_hand = None, key
            try:
                self._keep(key, paint())
            except Exception as error:  # A picture that fails must not end the painting.
                logger.exception("a frame could not be painted")
                self._fail(key)
                self._on_error(error)

    def _keep(self, key: Hashable, image: Image) -> None:
        with self._wake:
            self._in_hand = None
            self._newest = Painted(key, image)
            self._kept[key] = image
            self._bytes += image.nbytes
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes

    def _fail(self, key: Hashable) -> None:
        """Remember what failed, so that it is not tried thirty times a second."""
        with self._wake:
            self._in_hand, self._failed = None, key
