"""Encoding frames as H.264 by ffmpeg, and looking at what came out."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import numpy as np
from av.error import FFmpegError
from jaxtyping import Float, UInt8

from neuhmr.errors import MissingDependencyError

_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
_CODING = (
    *("-an", "-vcodec", "libx264", "-pix_fmt", "yuv420p", "-v", "error"),
    *("-crf", "18", "-preset", "veryfast", "-movflags", "+faststart"),
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv", *_BT709),
)
STAMPS_PER_SECOND = 90_000
_AS_STAMPED = ("-fps_mode", "passthrough", "-enc_time_base", f"1:{STAMPS_PER_SECOND}")
EVEN_TO = 0.002
"""Stamps that are off an even rate by no more (s) are rounded: many files keep milliseconds."""

Frame = UInt8[np.ndarray, "height width 3"]


def is_even(times: Float[np.ndarray, " frames"], fps: float) -> bool:
    """Tell whether frames are shown at an even rate, but for rounding."""
    return bool((np.abs(times - times[0] - np.arange(len(times)) / fps) <= EVEN_TO).all())


def encode(
    path: Path,
    frames: Iterable[Frame],
    size: tuple[int, int],
    fps: float | int,
    times: Float[np.ndarray, " frames"] | None = None,
) -> None:
    """Encode frames into a new file and count them there.

    Args:
        path: whose suffix says which container.
        frames: RGB, all of one even size.
        size: (height, width) of them (px).
        fps: their rate.
        times: when each is shown (s), where that is not even; ascending.

    Raises:
        OSError: ffmpeg failed, or wrote another number of frames.
        MissingDependencyError: there is no ffmpeg.
    """
    height, width = size
    rate = str(Fraction(fps).limit_denominator())
    raw = ["-f", "rawvideo", "-vcodec", "rawvideo", "-s", f"{width}x{height}"]
    given = [*raw, "-pix_fmt", "rgb24", "-r", rate] if times is None else ["-f", "nut"]
    coding = _CODING if times is None else (*_CODING, *_AS_STAMPED)
    sent = 0
    with _ffmpeg(path, [*given, "-i", "-", *coding, f"file:{path}"]) as pipe:
        if times is None:
            sent = _send_raw(pipe, frames)
        else:
            sent = _send_stamped(pipe, frames, size, times)
    require_frames(path, sent)


def require_frames(path: Path, expected: int) -> None:
    """Open a video that was written, count its frames, and decode the first.

    Raises:
        OSError: there are more or fewer, or it does not open.
    """
    try:
        with av.open(f"file:{path}") as container:
            next(container.decode(video=0))
        with av.open(f"file:{path}") as container:
            found = sum(packet.size > 0 for packet in container.demux(video=0))
    except (FFmpegError, IndexError, StopIteration) as error:
        raise OSError(f"the video that was written does not open: {error}") from error
    if found != expected:
        raise OSError(f"the video that was written holds {found} of {expected} frames")


@contextmanager
def _ffmpeg(path: Path, words: list[str]) -> Iterator[IO[bytes]]:
    """Run ffmpeg and lend its input; it has ended when the block has.

    It is no child of the terminal: Ctrl-C is for the caller to hear.
    """
    try:
        import imageio_ffmpeg  # A binary of 70 MB that only writing needs.

        binary = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise MissingDependencyError(
            f"{path} needs ffmpeg to be written and none was found; install it with "
            "`pip install imageio-ffmpeg`."
        ) from error
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [binary, "-y", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        assert process.stdin is not None, "it is a pipe"
        was_cut = True
        try:
            # A broken pipe is ffmpeg's end, whose reason it has told.
            with suppress(BrokenPipeError):
                yield process.stdin
                process.stdin.close()
                was_cut = False
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            with suppress(OSError):
                process.stdin.close()
        if code != 0:
            said.seek(0)
            raise OSError(_reason(said.read().decode(errors="replace"), code))
        if was_cut:
            raise OSError("ffmpeg ended before it had all frames")


def _reason(said: str, code: int) -> str:
    """Pick the line of ffmpeg's that a user understands."""
    lines = [line.rpartition("] ")[2].strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "No space" in line or "too large" in line]
    return f"ffmpeg ended with code {code}: {(telling or lines or ['no word'])[0]}"


def _send_raw(pipe: IO[bytes], frames: Iterable[Frame]) -> int:
    """Send frames one after the other; how many."""
    return sum(pipe.write(frame.data) > 0 for frame in frames)


def _send_stamped(
    pipe: IO[bytes],
    frames: Iterable[Frame],
    size: tuple[int, int],
    times: Float[np.ndarray, " frames"],
) -> int:
    """Send frames in a container that says when each is shown; how many."""
    unit = Fraction(1, STAMPS_PER_SECOND)
    stamps = np.rint((times - times[0]) * STAMPS_PER_SECOND).astype(np.int64).tolist()
    with av.open(pipe, "w", format="nut") as container:
        stream = container.add_stream("rawvideo")
        stream.height, stream.width, stream.pix_fmt = *size, "rgb24"
        stream.time_base = stream.codec_context.time_base = unit
        for stamp, frame in zip(stamps, frames, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = stamp, unit
            container.mux(stream.encode(picture))
    return len(stamps)
