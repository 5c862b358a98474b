"""Where playback stands: a function of the clock, so that late frames are dropped, not delayed."""

import threading

MAX_SPEED = 4.0
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""What the page offers."""


class Playback:
    """A play head; safe to use from several threads. Times are seconds of any steady clock."""

    def __init__(self, fps: float = 30.0, num_frames: int = 0) -> None:
        self._lock = threading.Lock()
        self._fps = fps
        self._num_frames = num_frames
        self._speed = 1.0
        self._position = 0.0
        self._started_at: float | None = None
        self._loop: tuple[int, int] | None = None

    def load(self, fps: float, num_frames: int) -> None:
        """Stand at the start of another clip."""
        with self._lock:
            self._fps, self._num_frames = fps, num_frames
            self._position, self._started_at, self._loop = 0.0, None, None

    @property
    def is_playing(self) -> bool:
        """The head moves by itself."""
        return self._started_at is not None

    @property
    def speed(self) -> float:
        """Times the clip's own pace."""
        return self._speed

    def play(self, now: float) -> None:
        """Go on from here; from the start where the end is reached, or outside of the loop."""
        with self._lock:
            if self._num_frames < 2 or self._started_at is not None:
                return
            first, last = self._ends
            if not first <= int(self._position) < last:
                self._position = float(first)
            self._started_at = now

    def pause(self, now: float) -> None:
        """Stay at the frame that is shown."""
        with self._lock:
            self._position = float(int(self._at(now)))
            self._started_at = None

    def seek(self, frame: int, now: float) -> int:
        """Go to a frame, clamped to the clip; playing goes on from there, into the loop."""
        with self._lock:
            clamped = min(max(frame, 0), max(self._num_frames - 1, 0))
            self._position = float(clamped)
            if self._started_at is not None:
                self._started_at = now
            return clamped

    def set_speed(self, speed: float, now: float) -> None:
        """Play at `speed` times the clip's own pace, from the present position on."""
        with self._lock:
            self._position = self._at(now)
            if self._started_at is not None:
                self._started_at = now
            self._speed = min(max(speed, 0.05), MAX_SPEED)

    def loop(self, ends: tuple[int, int] | None, now: float) -> None:
        """Repeat from a first to a last frame only; None for the whole clip."""
        with self._lock:
            if ends == self._loop:
                return
            self._position, self._loop = self._at(now), ends
            if self._started_at is not None:
                self._started_at = now
                first, last = self._ends
                if not first <= int(self._position) <= last:
                    self._position = float(first)

    def after(self, frame: int, count: int) -> int:
        """Tell which frame is played `count` frames after another."""
        with self._lock:
            return int(self._moved(float(frame), float(count)))

    def frame(self, now: float) -> int:
        """Tell which frame is to be seen; the clip repeats, or the loop."""
        with self._lock:
            return int(self._at(now))

    def _at(self, now: float) -> float:
        if self._started_at is None or self._num_frames == 0:
            return self._position
        moved = max(now - self._started_at, 0.0) * self._fps * self._speed
        return self._moved(self._position, moved)

    @property
    def _ends(self) -> tuple[int, int]:
        """First and last frame that repeat."""
        end = max(self._num_frames - 1, 0)
        first, last = self._loop or (0, end)
        return min(first, end), min(last, end)

    def _moved(self, position: float, frames: float) -> float:
        first, last = self._ends
        # Beyond the loop the clip plays to its end, so that seeking there shows what was sought.
        end = last + 1 if position < last + 1 else self._num_frames
        beyond = position + frames - end
        return position + frames if beyond < 0.0 else first + beyond % (last + 1 - first)
