"""Pose2Sim's Calib.toml, which anipose and others write, too."""

import tomllib

import numpy as np

from neuhmr.clip.calibration.found import (
    PIXEL_CENTER,
    FoundCamera,
    UnusableCalibration,
    transform,
)
from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles


def read(text: str) -> tuple[FoundCamera, ...]:
    """Read every table that has a matrix; world to camera, meters."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise UnusableCalibration(f"is not valid TOML ({problem})") from problem
    cameras = [table for table in tables.values() if isinstance(table, dict) and "matrix" in table]
    if not cameras:
        raise UnusableCalibration("has no table with a matrix, one for each camera")
    return tuple(_camera(str(number), table) for number, table in enumerate(cameras, start=1))


def _camera(number: str, table: dict) -> FoundCamera:
    K = np.array(table["matrix"], np.float64)
    if K.shape != (3, 3):
        raise UnusableCalibration(f"has a matrix of shape {K.shape}")
    K[:2, 2] += PIXEL_CENTER
    width, height = table.get("size", (0, 0))
    place = None
    if "rotation" in table and "translation" in table:
        rotation = np.array(table["rotation"], np.float64).reshape(3)
        shift = np.array(table["translation"], np.float64).reshape(3)
        place = transform(rotmats_from_axisangles(rotation), shift)
    return FoundCamera(
        name=str(table.get("name", number)),
        K=K,
        size=(int(height), int(width)) if width and height else None,
        distortion=tuple(float(value) for value in table.get("distortions", ())[:5]),
        is_fisheye=bool(table.get("fisheye", False)),
        T_camera_world=place,
    )
