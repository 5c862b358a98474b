"""MediaPipe Pose as a detector of one person in a square window of a picture.

MediaPipe's solutions API in static mode: its video mode smooths and lags. The weights are inside
its wheel, nothing is downloaded.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from neuhmr.errors import MissingDependencyError

MAX_INPUT_SIZE = 1024
"""MediaPipe looks at 256 x 256 px of the person; larger pictures only cost time."""
MASK_THRESHOLD = 0.5
MIN_TORSO_VISIBILITY = 0.3
"""Below this mean visibility of shoulders and hips, what was found is hardly a person."""
TORSO_LANDMARKS = (11, 12, 23, 24)


class Window(NamedTuple):
    """A square part of a picture (px); it may reach beyond the picture's edges."""

    left: int
    top: int
    side: int


@dataclass(frozen=True)
class Detection:
    """One person in one picture, in pixels of the whole picture."""

    points2d: Float[np.ndarray, "33 2"]
    visibility: Float[np.ndarray, "33"]
    points3d: Float[np.ndarray, "33 3"]
    mask: Bool[np.ndarray, "height width"]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Bounds (left, top, right, bottom) of the landmarks."""
        low, high = self.points2d.min(axis=0), self.points2d.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def whole_picture(height: int, width: int) -> Window:
    """Frame the whole picture."""
    side = max(height, width)
    return Window((width - side) // 2, (height - side) // 2, side)


class MediapipeDetector:
    """Finds the landmarks and mask of one person; use as a context manager."""

    def __init__(self, min_confidence: float = 0.5) -> None:
        """Load MediaPipe and its pose network.

        Raises:
            MissingDependencyError: MediaPipe is not installed.
        """
        with _quiet_and_without_gpu():
            try:
                from mediapipe.python.solutions import pose
            except ImportError as error:
                raise MissingDependencyError(
                    "First poses from a video alone need MediaPipe, which is not installed: run "
                    'pip install "neuhmr-workbench[mediapipe]", or give a pose file with --poses.'
                ) from error
            self._network: Any = pose.Pose(
                static_image_mode=True,
                model_complexity=1,
                enable_segmentation=True,
                min_detection_confidence=min_confidence,
            )
            # Its threads go on starting, and writing to stderr, until a first picture is through.
            self._network.process(np.zeros((256, 256, 3), np.uint8))
        self._has_spoken = False

    def __enter__(self) -> "MediapipeDetector":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._network.close()

    def detect(
        self, picture: UInt8[np.ndarray, "height width 3"], window: Window
    ) -> Detection | None:
        """Find a person in a window of an RGB picture; None where there is nobody."""
        pixels = _cut_out(picture, window)
        result = self._process(pixels)
        if result.pose_landmarks is None or result.pose_world_landmarks is None:
            return None
        shares = np.array(
            [(p.x, p.y, p.visibility) for p in result.pose_landmarks.landmark], np.float32
        )
        if shares[list(TORSO_LANDMARKS), 2].mean() < MIN_TORSO_VISIBILITY:
            return None
        height, width = picture.shape[:2]
        corner = np.array([window.left, window.top], np.float32)
        return Detection(
            points2d=shares[:, :2] * window.side + corner,
            visibility=shares[:, 2],
            points3d=np.array(
                [(p.x, p.y, p.z) for p in result.pose_world_landmarks.landmark], np.float32
            ),
            mask=_paste_back(result.segmentation_mask, window, (height, width)),
        )

    def _process(self, pixels: UInt8[np.ndarray, "side side 3"]) -> Any:
        if self._has_spoken:
            return self._network.process(pixels)
        # The first person found makes it warn of pictures that are not square; these are square.
        with _quiet_and_without_gpu():
            result = self._network.process(pixels)
        self._has_spoken = result.pose_landmarks is not None
        return result


def _cut_out(
    picture: UInt8[np.ndarray, "height width 3"], window: Window
) -> UInt8[np.ndarray, "side side 3"]:
    """Copy a window, black beyond the picture, at most `MAX_INPUT_SIZE` wide.

    Windows are square since MediaPipe's projection of the landmarks is exact only there.
    """
    height, width = picture.shape[:2]
    left, top = max(window.left, 0), max(window.top, 0)
    right, bottom = min(window.left + window.side, width), min(window.top + window.side, height)
    pixels = np.zeros((window.side, window.side, 3), np.uint8)
    pixels[top - window.top : bottom - window.top, left - window.left : right - window.left] = (
        picture[top:bottom, left:right]
    )
    if window.side <= MAX_INPUT_SIZE:
        return pixels
    size = (MAX_INPUT_SIZE, MAX_INPUT_SIZE)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _paste_back(
    shares: Float[np.ndarray, "rows columns"], window: Window, image_size: tuple[int, int]
) -> Bool[np.ndarray, "height width"]:
    """Bring a window's mask, in [0, 1], back to the picture it was cut from."""
    if shares.shape[0] != window.side:
        size = (window.side, window.side)
        shares = np.asarray(Image.fromarray(shares).resize(size, Image.Resampling.BILINEAR))
    height, width = image_size
    left, top = max(window.left, 0), max(window.top, 0)
    right, bottom = min(window.left + window.side, width), min(window.top + window.side, height)
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = (
        shares[top - window.top : bottom - window.top, left - window.left : right - window.left]
        > MASK_THRESHOLD
    )
    return mask


_native_state = threading.Lock()


@contextlib.contextmanager
def _quiet_and_without_gpu() -> Iterator[None]:
    """Keep MediaPipe from writing to stderr and from opening a GPU context while it starts.

    Its C++ logging has no switch, so the file descriptor is turned away. It opens an EGL context
    even for networks on the CPU; its own copy of the EGL loader reads the variable below once.
    Both are put back at once, since other code in this process needs them.
    """
    variable = "__EGL_VENDOR_LIBRARY_FILENAMES"
    with _native_state:
        before = os.environ.get(variable)
        sys.stderr.flush()
        stderr_copy, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.environ[variable] = os.devnull
        try:
            yield
        finally:
            os.dup2(stderr_copy, 2)
            os.close(stderr_copy)
            os.close(nowhere)
            if before is None:
                del os.environ[variable]
            else:
                os.environ[variable] = before
