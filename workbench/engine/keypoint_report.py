"""What GHNeRF's heatmaps say of a frame's pose, as the window shows it.

Keypoints are BODY_25's, in the order of `neuhmr.body.skeleton.BODY_25_NAMES`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8

from neuhmr.body.skeleton import BODY_25_NAMES

KeypointSource = Literal["frame", "anchors"]
"""Where the heatmaps are read from: the shown frame itself, or the avatar's two frames."""
_LEFT_SHOULDER = BODY_25_NAMES.index("left_shoulder")
_RIGHT_HIP = BODY_25_NAMES.index("right_hip")


@dataclass(frozen=True, kw_only=True, eq=False)
class KeypointReport:
    """Keypoints of one frame: found in its heatmaps, and the body's own."""

    frame: int
    source: KeypointSource
    heatmaps: Float[np.ndarray, "joints height width"]
    """Over the pixels of the person's box, in [0, 1]."""
    box: tuple[float, float, float, float]
    """left, top, width, height of the person's box (px of the video)."""
    found: Float[np.ndarray, "joints 2"]
    """Where the heatmaps peak (px of the video); NaN where they do not."""
    confidence: Float[np.ndarray, " joints"]
    """Highest value of each heatmap, in [0, 1]; 0 where nothing was found."""
    projected: Float[np.ndarray, "joints 2"]
    """The body's own keypoints (px of the video)."""

    @property
    def pixel_size(self) -> Float[np.ndarray, "2"]:
        """Width and height of a heatmap's pixel (px of the video)."""
        height, width = self.heatmaps.shape[1:]
        return np.array([self.box[2] / width, self.box[3] / height])

    def in_box(self, points: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 2"]:
        """Turn positions in the video into positions in the heatmaps (px)."""
        return (points - np.array(self.box[:2])) / self.pixel_size

    def distances_px(self) -> Float[np.ndarray, " joints"]:
        """Measure from found to the body's own keypoints (px of the video); NaN where not found."""
        return np.linalg.norm(self.found - self.projected, axis=-1)

    def torso_px(self) -> float:
        """Measure the body from its left shoulder to its right hip in the picture (px)."""
        ends = self.projected[_LEFT_SHOULDER] - self.projected[_RIGHT_HIP]
        return max(float(np.linalg.norm(ends)), 1.0)

    def worst_first(self) -> list[int]:
        """Rank the keypoints by distance; those that were not found come last."""
        distances = self.distances_px()
        order = np.argsort(-np.nan_to_num(distances, nan=-1.0), kind="stable")
        return [int(joint) for joint in order]


@dataclass(frozen=True, kw_only=True, eq=False)
class ViewHeatmaps:
    """The person rendered from a free view, heatmaps among it."""

    image: UInt8[np.ndarray, "height width 3"]
    heatmaps: Float[np.ndarray, "joints height width"]
    """In [0, 1]."""


def strongest(
    heatmaps: Float[np.ndarray, "joints height width"], keypoint: int | None
) -> Float[np.ndarray, "height width"]:
    """Take one keypoint's heatmap, or the highest of all at each pixel for None."""
    return heatmaps.max(axis=0) if keypoint is None else heatmaps[keypoint]


def keypoint_words(keypoint: int) -> str:
    """Name a keypoint for the user."""
    return BODY_25_NAMES[keypoint].replace("_", " ")
