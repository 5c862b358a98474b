"""What a video file really holds: frames that decode, their times, which way is up.

Headers are not believed: a scan decodes the file once.
"""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import EOFError as EndOfStreamError
from av.error import FFmpegError
from av.stream import Disposition
from jaxtyping import Float

from neuhmr.clip.lens_metadata import Lens
from neuhmr.errors import ClipError
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.progress import OnProgress, Progress, ignore_progress

logger = logging.getLogger(__name__)

_EXPECTED = "a video (mp4, mov, webm, mkv or avi)"
_UPRIGHT = (1, 0, 0, 1)
_QUARTER_TURN_TOLERANCE = 0.02
"""How far numbers of a quarter turn's display matrix may be off: about one degree."""


@dataclass(frozen=True)
class FrameTable:
    """What a scan found in a video file."""

    time_stamps: tuple[int, ...] | None
    """Presentation stamp of each frame in the stream's unit; None where they do not ascend."""
    times: Float[np.ndarray, " frames"]
    """Since the first frame (s)."""
    keyframes: tuple[int, ...]
    """Frames at which decoding can start; ascending."""
    fps: float
    stored_size: tuple[int, int]
    """(height, width) as stored, before the rotation (px)."""
    orientation: tuple[int, int, int, int]
    """(a, b, c, d) of the display matrix: stored (x, y) is shown at (a x + c y, b x + d y)."""

    metadata: dict[str, str] = field(default_factory=dict)
    """What file and stream say about themselves."""
    pictures: tuple[Path, ...] = ()
    """One for each frame, where the clip is a folder of them."""
    lens: Lens | None = None
    """What the pictures tell of it."""
    remarks: tuple[str, ...] = ()
    """What the user should know, one sentence each."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the upright frames (px)."""
        height, width = self.stored_size
        return (width, height) if self.orientation[0] == 0 else (height, width)


def open_container(path: Path) -> InputContainer:
    """Open a video file whose pictures move.

    Raises:
        ClipError: there is no such file, or it is no video.
    """
    require_file(path, ClipError, _EXPECTED)
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (FFmpegError, OSError) as error:
        kind = describe_file(path)
        if "MP4" in kind:
            raise ClipError(
                f"{path} is cut off or damaged (its index is missing), a whole video was expected; "
                "copy or download it again, or repair it with ffmpeg."
            ) from error
        raise ClipError(
            f"{path} is {kind}, {_EXPECTED} was expected; give the path of the clip itself."
        ) from error
    kind = describe_file(path)
    if container.format.name.endswith("_pipe") or "picture" in kind:
        container.close()
        raise ClipError(
            f"{path} is {kind}, {_EXPECTED} was expected; give the whole clip, or join pictures "
            "into a video with ffmpeg."
        )
    if kind == "a text file":  # ffmpeg reads text as pictures of a terminal.
        container.close()
        raise ClipError(
            f"{path} is {kind}, {_EXPECTED} was expected; give the path of the clip itself."
        )
    stream = _moving_stream(container)
    # Streams of a codec that nobody knows have no decoder at all.
    if stream is not None and getattr(stream, "codec_context", None) is None:
        container.close()
        raise ClipError(
            f"{path} is coded in a way that is not known here, {_EXPECTED} was expected; convert "
            "it to H.264 with ffmpeg."
        )
    if stream is None:
        container.close()
        raise ClipError(
            f"{path} holds no moving pictures (only sound or other data), {_EXPECTED} was "
            "expected; give the file with the pictures."
        )
    return container


def scan_video(path: Path, on_progress: OnProgress = ignore_progress) -> FrameTable:
    """Decode a file once without converting pictures, and note what is there.

    Raises:
        ClipError: no such file, no video, or not one frame decodes.
    """
    with open_container(path) as container:
        stream = video_stream(container)
        label, expected = f"Reading {path.name}", stream.frames
        stamps: list[int | None] = []
        keyframes: list[int] = []
        first = None
        for frame in decoded_frames(container, stream):
            first = first or frame
            if frame.key_frame:
                keyframes.append(len(stamps))
            stamps.append(frame.pts)
            if len(stamps) % 50 == 0:
                on_progress(Progress(label, len(stamps), max(expected, len(stamps))))
        if first is None:
            raise ClipError(
                f"not one frame of {path} can be decoded, {_EXPECTED} was expected; convert it "
                "to H.264 with ffmpeg or copy it again."
            )
        if expected and len(stamps) != expected:
            logger.warning("%s: its header says %d frames, %d decode.", path, expected, len(stamps))
        return _frame_table(stream, first, stamps, keyframes)


def _moving_stream(container: InputContainer) -> av.VideoStream | None:
    """Pick the first video stream that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def video_stream(container: InputContainer) -> av.VideoStream:
    """Get the stream of a container from `open_container` that holds the moving pictures."""
    stream = _moving_stream(container)
    assert stream is not None, "open_container lets no container without a video stream pass"
    stream.thread_type = "AUTO"
    return stream


def decoded_frames(container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Decode what can be decoded: damaged packets are passed over, a damaged end is the end."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            logger.warning("%s is damaged (%s); what comes before is used.", container.name, error)
            packet = None
        try:
            yield from stream.codec_context.decode(packet)
        except EndOfStreamError:
            return
        except FFmpegError as error:
            logger.warning("%s holds a damaged frame (%s); it is left out.", container.name, error)
        if packet is None or packet.size == 0:
            return


def _frame_table(
    stream: av.VideoStream,
    first: av.VideoFrame,
    stamps: list[int | None],
    keyframes: list[int],
) -> FrameTable:
    known = tuple(stamp for stamp in stamps if stamp is not None)
    ascends = all(a < b for a, b in itertools.pairwise(known))
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    if len(known) == len(stamps) and ascends and stream.time_base:
        times = (np.array(known, np.float64) - known[0]) * float(stream.time_base)
        span = float(times[-1])
        measured = (len(times) - 1) / span if span > 0 else rate
        # Rounded time stamps blur the rate a little; then the header's is the better one.
        fps = rate if abs(measured / rate - 1.0) < 0.01 else measured
        time_stamps: tuple[int, ...] | None = known
    else:
        times, fps, time_stamps = np.arange(len(stamps)) / rate, rate, None
    return FrameTable(
        time_stamps=time_stamps,
        times=times,
        keyframes=tuple(keyframes),
        fps=fps,
        stored_size=(first.height, first.width),
        orientation=_read_orientation(first, stream.container.name),
        metadata={**stream.container.metadata, **stream.metadata},
    )


def _read_orientation(frame: av.VideoFrame, name: str) -> tuple[int, int, int, int]:
    """Read the quarter turns and mirrors of the display matrix; other angles are passed over."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")  # pyright: ignore[reportAttributeAccessIssue]
    except ValueError:  # PyAV does not know all kinds of side data; mirrors are then missed.
        angle = np.deg2rad(frame.rotation)
        numbers = np.array([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)])
    else:
        if data is None:
            return _UPRIGHT
        numbers = np.frombuffer(bytes(data), np.int32)[[0, 1, 3, 4]] / 65536.0
    a, b, c, d = (int(number) for number in np.rint(numbers))
    is_near = bool((np.abs(numbers - np.rint(numbers)) <= _QUARTER_TURN_TOLERANCE).all())
    if is_near and sorted((abs(a), abs(b), abs(c), abs(d))) == [0, 0, 1, 1] and abs(a) == abs(d):
        return a, b, c, d
    logger.warning(
        "%s asks to be shown turned by an angle that is no multiple of 90 degrees; "
        "its frames are used as they are stored.",
        name,
    )
    return _UPRIGHT
