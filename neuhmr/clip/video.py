"""Videos as sequences of upright RGB frames with real times.

Frames stream or are fetched one by one; a whole video is never in memory. Pixels are the stored
ones: a pixel aspect ratio other than 1 is ignored, as pose estimators ignore it.
"""

import itertools
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float, UInt8

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.lens_metadata import Lens
from neuhmr.clip.picture_clip import PictureDecoder, scan_pictures
from neuhmr.clip.video_decoder import VideoDecoder
from neuhmr.clip.video_encoder import encode, is_even
from neuhmr.clip.video_scan import FrameTable, scan_video
from neuhmr.errors import OutputError
from neuhmr.files.numbered_pictures import is_picture_clip
from neuhmr.progress import OnProgress, ignore_progress

_CACHE_BYTES = 64 * 2**20


def open_video(path: Path, on_progress: OnProgress = ignore_progress) -> "Video":
    """Scan a video file and get it ready for reading; about 1.5 s for 1,000 frames of 720p.

    A folder of numbered pictures is a video, too.

    Raises:
        ClipError: no such file, or nothing that can be read as a video.
    """
    scan = scan_pictures if is_picture_clip(path) else scan_video
    table = scan(path, on_progress)
    return Video(path, table, range(len(table.times)), _FrameReader(path, table))


class Video:
    """A video file, or a range of its frames; safe to use from several threads."""

    def __init__(self, path: Path, table: FrameTable, rows: range, reader: "_FrameReader") -> None:
        self.path = path
        self._table = table
        self._rows = rows
        self._reader = reader

    @property
    def num_frames(self) -> int:
        """How many frames decode."""
        return len(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def fps(self) -> float:
        """Mean frames per second."""
        return self._table.fps / self._rows.step

    @property
    def lens(self) -> Lens | None:
        """What the file says about its lens; None where it says nothing."""
        table = self._table
        return table.lens or Lens.of_metadata(table.metadata, self.height, self.width)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know about the file, one sentence each."""
        return self._table.remarks

    @property
    def times(self) -> Float[np.ndarray, " frames"]:
        """When each frame is shown, since the first frame of the file (s)."""
        return self._table.times[self._rows.start : self._rows.stop : self._rows.step]

    @property
    def height(self) -> int:
        """Rows of the upright frames (px)."""
        return self._table.size[0]

    @property
    def width(self) -> int:
        """Columns of the upright frames (px)."""
        return self._table.size[1]

    def __getitem__(self, index: slice) -> "Video":
        """See a range of the frames, renumbered from 0.

        Raises:
            ValueError: a step below 1, or a range without frames.
        """
        rows = self._rows[index]
        if rows.step < 1 or not rows:
            raise ValueError(f"Video: {index} selects no forward range of {len(self)} frames")
        return Video(self.path, self._table, rows, self._reader)

    def frame(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        """Decode one frame (RGB); the neighbors of a frame just read come from a cache.

        Raises:
            IndexError: no such frame.
            ClipError: the file has changed since it was opened.
        """
        return self._reader.read(self._rows[index])

    def frames(
        self, start: int = 0, stop: int | None = None
    ) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Stream frames `start` to `stop` in order, one at a time, past the cache."""
        return self.select(range(self.num_frames)[start:stop])

    def select(self, indices: Sequence[int]) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Stream the frames at `indices` in that order; ascending ones are decoded only once."""
        with closing(_open_decoder(self.path, self._table)) as decoder:
            for index in indices:
                last = deque(decoder.advance_to(self._rows[index]), maxlen=1)
                yield decoder.to_rgb(last[0][1])


def _open_decoder(path: Path, table: FrameTable) -> VideoDecoder | PictureDecoder:
    return PictureDecoder(table) if table.pictures else VideoDecoder(path, table)


class _FrameReader:
    """Random access behind a lock, with the frames decoded last kept as they came (YUV)."""

    def __init__(self, path: Path, table: FrameTable) -> None:
        self._path = path
        self._table = table
        self._lock = threading.Lock()
        self._decoder: VideoDecoder | PictureDecoder | None = None
        self._cache: OrderedDict[int, av.VideoFrame] = OrderedDict()

    def read(self, row: int) -> UInt8[np.ndarray, "height width 3"]:
        with self._lock:
            if self._decoder is None:
                self._decoder = _open_decoder(self._path, self._table)
            if row not in self._cache:
                # Frames on the way are kept too: they are what stepping backwards asks for next.
                for number, frame in self._decoder.advance_to(row):
                    self._keep(number, frame)
            self._cache.move_to_end(row)
            return self._decoder.to_rgb(self._cache[row])

    def _keep(self, number: int, frame: av.VideoFrame) -> None:
        self._cache[number] = frame
        self._cache.move_to_end(number)
        frame_bytes = sum(plane.buffer_size for plane in frame.planes)
        while len(self._cache) > max(_CACHE_BYTES // frame_bytes, 2):
            self._cache.popitem(last=False)


def write_video(
    path: Path,
    frames: Iterable[UInt8[np.ndarray, "height width 3"]],
    fps: float | int,
    times: Float[np.ndarray, " frames"] | None = None,
) -> None:
    """Write RGB frames as H.264 (yuv420p, BT.709), one at a time.

    Odd sizes get one more row or column, a copy of the last. The file appears when it is whole and
    was opened once; if `frames` raises, nothing is left behind.

    Args:
        path: an mp4, mov or mkv file.
        frames: all of one size.
        fps: their rate.
        times: when each is shown (s); kept where the rate is not even.

    Raises:
        OutputError: no frames, or the file cannot be written.
        MissingDependencyError: there is no ffmpeg.
    """
    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        raise OutputError(f"{path} would hold no frames; choose a range with at least one frame.")
    height, width = (size + size % 2 for size in first.shape[:2])
    stamps = None if times is None or is_even(times, fps) else times
    even = map(_even, itertools.chain([first], stream))
    with atomic_path(path) as partial:
        encode(partial, even, (height, width), fps, stamps)


def _even(frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Repeat the last row and column where a size is odd, as yuv420p asks for even ones."""
    height, width = frame.shape[:2]
    padded = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded)
