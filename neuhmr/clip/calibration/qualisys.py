"""Qualisys' calibration (.qca.txt, XML): cameras look along -z, lengths are in millimeters."""

import numpy as np

from neuhmr.clip.calibration.found import (
    PIXEL_CENTER,
    FoundCamera,
    UnusableCalibration,
    pinhole,
    transform,
)
from neuhmr.clip.calibration.xml_tree import Element, parse_xml

_PER_PIXEL = 64.0
"""Intrinsics are in units of a 64th of a pixel."""
_MM_PER_M = 1000.0
_LOOKS_AHEAD = np.diag([1.0, -1.0, -1.0])
"""From its camera's axes, y up and z backwards, to ours."""


def read(data: bytes) -> tuple[FoundCamera, ...]:
    """Read every camera that films; markers' cameras have no picture."""
    root = parse_xml(data)
    cameras = root.find("cameras/camera")
    filming = [
        camera
        for camera in cameras
        if "video" in camera.attributes.get("model", "video").lower()
        or camera.attributes.get("model") == "none"
    ] or cameras
    if not filming:
        raise UnusableCalibration("names no cameras")
    return tuple(_camera(camera) for camera in filming)


def _camera(camera: Element) -> FoundCamera:
    inner = _only(camera, "intrinsic")
    place, view = _only(camera, "transform"), _only(camera, "fov_video")
    number = {key: float(value) for key, value in inner.items() if key != "name"}
    left, top, right, bottom = (float(view[side]) for side in ("left", "top", "right", "bottom"))
    rows = [[float(place[f"r{row}{column}"]) for column in (1, 2, 3)] for row in (1, 2, 3)]
    center = np.array([float(place[axis]) for axis in "xyz"]) / _MM_PER_M
    rotmat: np.ndarray = _LOOKS_AHEAD @ np.array(rows)
    return FoundCamera(
        name=camera.attributes.get("serial", "camera"),
        K=pinhole(
            number["focalLengthU"] / _PER_PIXEL,
            number["focalLengthV"] / _PER_PIXEL,
            number["centerPointU"] / _PER_PIXEL - left + PIXEL_CENTER,
            number["centerPointV"] / _PER_PIXEL - top + PIXEL_CENTER,
        ),
        size=(int(bottom - top) + 1, int(right - left) + 1),
        distortion=tuple(
            number.get(key, 0.0)
            for key in (
                *("radialDistortion1", "radialDistortion2", "tangentalDistortion1"),
                *("tangentalDistortion2", "radialDistortion3"),
            )
        ),
        T_camera_world=transform(rotmat, -(rotmat @ center)),
    )


def _only(camera: Element, name: str) -> dict[str, str]:
    found = camera.find(name)
    if len(found) != 1:
        raise UnusableCalibration(f"has a camera with {len(found)} elements {name}, one expected")
    return found[0].attributes
