"""Decoding single frames of a scanned video file.

A frame is found by its time stamp, from the keyframe before it, or by going on from the last one.
"""

import bisect
import itertools
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8

from neuhmr.clip.video_scan import FrameTable, decoded_frames, open_container, video_stream
from neuhmr.errors import ClipError

_FRAMES_WORTH_A_SEEK = 8


class VideoDecoder:
    """One open decoder over a scanned file; not safe to share between threads."""

    def __init__(self, path: Path, table: FrameTable) -> None:
        self._path = path
        self._table = table
        self._reformatter = VideoReformatter()
        self._restart()

    def close(self) -> None:
        """Free the file."""
        self._container.close()

    def advance_to(self, index: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode up to frame `index`: yields (number, frame) of those on the way, it last.

        Goes on from where the decoder stands if that is not farther than seeking.

        Raises:
            ClipError: the frame is no longer there.
        """
        ahead = self._keyframe_before(index) - self._next
        if self._next > index or ahead > _FRAMES_WORTH_A_SEEK:
            self._seek(index)
        for number, frame in self._numbered:
            self._next = number + 1
            # A frame that decoded in the scan only is stood in for by the one after it.
            yield min(number, index), frame
            if number >= index:
                return
        self._restart()
        raise ClipError(
            f"frame {index} of {self._path} can no longer be decoded; the file has changed since "
            "it was opened, so open it again."
        )

    def to_rgb(self, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """Convert a decoded frame to upright 8-bit RGB."""
        height, width = self._table.stored_size
        image = self._reformatter.reformat(frame, width, height, "rgb24").to_ndarray()
        return _turn_upright(image, self._table.orientation)

    def _keyframe_before(self, index: int) -> int:
        if self._table.time_stamps is None:
            return 0
        position = bisect.bisect_right(self._table.keyframes, index) - 1
        return self._table.keyframes[max(position, 0)] if self._table.keyframes else 0

    def _seek(self, index: int) -> None:
        """Stand at or before `index`, at the nearest keyframe that really allows it."""
        stamps = self._table.time_stamps
        keyframe = self._keyframe_before(index)
        while stamps is not None and keyframe > 0:
            # Files index keyframes by decoding time, so a seek may land one keyframe late.
            self._container.seek(stamps[keyframe], stream=self._stream, backward=True)
            numbered = self._number(decoded_frames(self._container, self._stream))
            first = next(numbered, None)
            if first is not None and first[0] <= index:
                self._numbered = itertools.chain([first], numbered)
                self._next = first[0]
                return
            keyframe = self._keyframe_before(keyframe - 1)
        self._restart()

    def _restart(self) -> None:
        if hasattr(self, "_container"):
            self._container.close()
        self._container = open_container(self._path)
        self._stream = video_stream(self._container)
        self._numbered = self._number(decoded_frames(self._container, self._stream))
        self._next = 0

    def _number(self, frames: Iterator[av.VideoFrame]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Pair frames with their numbers; frames that the scan did not see are left out."""
        stamps = self._table.time_stamps
        if stamps is None:
            yield from itertools.islice(enumerate(frames), len(self._table.times))
            return
        for frame in frames:
            if frame.pts is None:
                continue
            number = bisect.bisect_left(stamps, frame.pts)
            if number < len(stamps) and stamps[number] == frame.pts:
                yield number, frame


def _turn_upright(
    image: UInt8[np.ndarray, "rows columns 3"], orientation: tuple[int, int, int, int]
) -> UInt8[np.ndarray, "height width 3"]:
    a, b, c, d = orientation
    if a == 0:
        image, (a, d) = image.transpose(1, 0, 2), (c, b)
    if a < 0:
        image = image[:, ::-1]
    if d < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)
