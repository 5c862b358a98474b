"""One camera of a calibration."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

PIXEL_CENTER = 0.5
"""Added to what OpenCV and its kin measure: they put a pixel's center at whole numbers."""
_SAMPLES = 33
"""Points along each side of the picture where distortion is measured."""


class UnusableCalibration(ValueError):
    """A calibration that lacks something; the message completes "it ..."."""


@dataclass(frozen=True, kw_only=True)
class FoundCamera:
    """A camera as a file describes it."""

    name: str
    K: Float[np.ndarray, "3 3"]
    """Intrinsics (px), pixel centers at +0.5."""
    size: tuple[int, int] | None = None
    """Height and width of its pictures (px)."""
    distortion: tuple[float, ...] = ()
    """k1, k2, p1, p2, k3, as OpenCV has them; or a fisheye's four."""
    is_fisheye: bool = False
    T_camera_world: Float[np.ndarray, "4 4"] | None = None
    """World to camera (m)."""

    def bends_by(self) -> float:
        """Measure how far distortion moves points at the picture's edge, at most (px)."""
        if not any(self.distortion):
            return 0.0
        center, focal = self.K[:2, 2], self.K[[0, 1], [0, 1]]
        height, width = self.size or (2 * center[1], 2 * center[0])
        along = np.linspace(0.0, 1.0, _SAMPLES)
        ends = [(along, 0 * along), (along, 0 * along + 1), (0 * along, along)]
        ends.append((0 * along + 1, along))
        edge = np.concatenate([np.stack(pair, axis=-1) for pair in ends]) * [width, height]
        plane = (edge - center) / focal
        moved = self._distorted(plane) * focal + center
        return float(np.linalg.norm(moved - edge, axis=-1).max())

    def _distorted(self, plane: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 2"]:
        """Say where points of the image plane (over depth) are seen."""
        r2 = (plane**2).sum(axis=-1)
        if self.is_fisheye:
            r = np.sqrt(r2)
            angle = np.arctan(r)
            powers = angle[:, None] ** (2 * np.arange(1, len(self.distortion) + 1))
            seen = angle * (1.0 + powers @ np.array(self.distortion))
            return plane * np.where(r > 0, seen / np.where(r > 0, r, 1.0), 1.0)[:, None]
        k1, k2, p1, p2, k3 = (*self.distortion, *(0.0,) * 5)[:5]
        x, y = plane.T
        d = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        u = x * d + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x)
        v = y * d + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y
        return np.stack([u, v], axis=-1)


def pinhole(fx: float, fy: float, cx: float, cy: float) -> Float[np.ndarray, "3 3"]:
    """Assemble intrinsics (px)."""
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def transform(
    rotmat: Float[np.ndarray, "3 3"], shift: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "4 4"]:
    """Assemble a rigid transform.

    Raises:
        UnusableCalibration: the matrix is no rotation.
    """
    is_rotation = np.abs(rotmat @ rotmat.T - np.eye(3)).max() < 1e-3 and np.linalg.det(rotmat) > 0
    if not np.isfinite(shift).all() or not is_rotation:
        raise UnusableCalibration("has a camera whose place is no rigid transform")
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotmat, shift
    return matrix
