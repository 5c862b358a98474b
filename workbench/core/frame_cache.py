"""A thread that paints frames: decode, shrink, draw the bodies. The newest request wins.

What was painted is kept up to a number of bytes, so that a clip that repeats plays smoothly.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from workbench.engine.exchange import Image

logger = logging.getLogger(__name__)

DEFAULT_BYTES = 128 * 2**20


Wish = tuple[Hashable, Callable[[], Image]]
"""The key of a picture and how to paint it."""


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
        self._wanted: Wish | None = None
        self._ahead: list[Wish] = []
        self._newest: Painted | None = None
        self._in_hand: Hashable = None
        self._shows_in_hand = False
        """Whether the picture in hand is to be seen at once, not only kept."""
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

    def request(
        self, key: Hashable, paint: Callable[[], Image], ahead: Sequence[Wish] = ()
    ) -> None:
        """Ask for a picture; one asked for earlier and not begun is dropped.

        Args:
            key: of the picture.
            paint: how to paint it.
            ahead: pictures that will be asked for next, painted once this one is there.
        """
        with self._wake:
            self._ahead = [wish for wish in ahead if wish[0] not in self._kept]
            self._wanted = None if self._is_there(key) else (key, paint)
            if self._wanted is not None or self._ahead:
                self._wake.notify()

    def _is_there(self, key: Hashable) -> bool:
        """Show a kept picture; True also where it is in hand, or was tried in vain."""
        if self._newest is not None and self._newest.key == key:
            return True
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            self._newest = Painted(key, kept)
            return True
        if key == self._in_hand:
            self._shows_in_hand = True
            return True
        return key == self._failed

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
        while (wish := self._next_wish()) is not None:
            key, paint = wish
            try:
                self._keep(key, paint())
            except Exception as error:  # A picture that fails must not end the painting.
                logger.exception("a frame could not be painted")
                self._fail(key)
                self._on_error(error)

    def _next_wish(self) -> Wish | None:
        """Wait for what to paint next: what is wanted now before what will be; None at the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._is_stopping or self._wanted or self._ahead)
            if self._is_stopping:
                return None
            self._shows_in_hand = self._wanted is not None
            wish = self._wanted or self._ahead.pop(0)
            self._wanted, self._in_hand = None, wish[0]
            return wish

    def _keep(self, key: Hashable, image: Image) -> None:
        with self._wake:
            self._in_hand = None
            if self._shows_in_hand:
                self._newest = Painted(key, image)
            self._bytes += image.nbytes - (self._kept[key].nbytes if key in self._kept else 0)
            self._kept[key] = image
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes

    def _fail(self, key: Hashable) -> None:
        """Remember what failed, so that it is not tried thirty times a second."""
        with self._wake:
            self._in_hand, self._failed = None, key
