"""Telling whether numbers from a file are a pinhole camera's."""

from pathlib import Path

import numpy as np

from neuhmr.errors import NeuhmrError

MOST_PIXELS = 100_000
"""Of a picture's side."""
FOCAL_LENGTHS = (1.0, 1e7)
"""Of any camera (px): a fisheye's on a thumbnail to a telescope's."""
_FARTHEST_CENTER = 1e6
"""Of the principal point from the picture's corner (px)."""


def check_intrinsics(path: Path, K: np.ndarray, error: type[NeuhmrError], remedy: str) -> None:
    """Refuse a K, or a stack of them, that is no pinhole camera.

    Args:
        path: the file, for messages.
        K: what it holds (px).
        error: the class to raise.
        remedy: what to do about it.

    Raises:
        NeuhmrError: of the class `error`.
    """
    if K.shape[-2:] != (3, 3) or K.ndim not in (2, 3) or K.shape[0] == 0:
        raise error(
            f"{path} has K of shape {K.shape}, (3, 3) or (frames, 3, 3) expected; {remedy}."
        )
    stacked = K.reshape(-1, 3, 3)
    is_pinhole = (
        np.isfinite(stacked).all(axis=(1, 2))
        & (stacked[:, [0, 1], [0, 1]] >= FOCAL_LENGTHS[0]).all(axis=1)
        & (stacked[:, [0, 1], [0, 1]] <= FOCAL_LENGTHS[1]).all(axis=1)
        & (np.abs(stacked[:, :2, 1:]) <= FOCAL_LENGTHS[1]).all(axis=(1, 2))
        & (np.abs(stacked[:, :2, 2]) <= _FARTHEST_CENTER).all(axis=1)
        & (np.abs(stacked[:, 1, 0]) < 1e-6)
        & (np.abs(stacked[:, 2] - [0.0, 0.0, 1.0]) < 1e-6).all(axis=1)
    )
    if not is_pinhole.all():
        where = f" in frame {int((~is_pinhole).argmax())}" if K.ndim == 3 else ""
        raise error(
            f"{path} has a K that is no pinhole camera{where}: focal lengths from "
            f"{FOCAL_LENGTHS[0]:g} to {FOCAL_LENGTHS[1]:g} px, a center near the picture and a "
            f"last row of 0 0 1 were expected; {remedy}."
        )
