"""Cameras of OpenCV's FileStorage, YAML or XML, and of EasyMocap and ROS in the same form."""

import re

import numpy as np

from neuhmr.clip.calibration.found import PIXEL_CENTER, FoundCamera, UnusableCalibration
from neuhmr.clip.calibration.opencv_yaml import parse_opencv_yaml
from neuhmr.clip.calibration.xml_tree import Element, parse_xml

_MATRICES = (
    *("camera_matrix", "cameraMatrix", "Camera_Matrix", "intrinsic_matrix", "mtx", "K", "M"),
    *("intrinsics", "CameraMatrix", "M1"),
)
_DISTORTIONS = (
    *("distortion_coefficients", "distCoeffs", "Distortion_Coefficients", "dist_coeffs"),
    *("distortion", "dist", "D", "D1"),
)
_WIDTHS = ("image_width", "imageWidth", "image_Width", "width")
_HEIGHTS = ("image_height", "imageHeight", "image_Height", "height")
_MODEL = re.compile(r"fisheye|equidistant", re.IGNORECASE)


def read_yaml(text: str) -> tuple[FoundCamera, ...]:
    """Read one camera under OpenCV's usual names, or EasyMocap's several."""
    names, values = parse_opencv_yaml(text)
    return _cameras(names, values, text)


def read_xml(data: bytes) -> tuple[FoundCamera, ...]:
    """Read one camera of an `opencv_storage` document."""
    root = parse_xml(data)
    values: dict[str, np.ndarray] = {}
    for element in root.children:
        try:
            values[element.name] = _matrix(element)
        except ValueError:
            continue  # Text, dates and flags lie beside the matrices.
    return _cameras((), values, data.decode("utf-8", "replace"))


def _matrix(element: Element) -> np.ndarray:
    data = element.find("data")
    numbers = np.array([float(word) for word in (data[0] if data else element).text.split()])
    if not data:
        return numbers.reshape(1, -1)
    rows, cols = (int(element.find(name)[0].text) for name in ("rows", "cols"))
    return numbers.reshape(rows, cols)


def _cameras(
    names: tuple[str, ...], values: dict[str, np.ndarray], text: str
) -> tuple[FoundCamera, ...]:
    is_fisheye = _MODEL.search(text) is not None
    if names:
        return tuple(_camera(name, values, f"_{name}", is_fisheye) for name in names)
    return (_camera("camera", values, "", is_fisheye),)


def _camera(name: str, values: dict[str, np.ndarray], suffix: str, is_fisheye: bool) -> FoundCamera:
    K = _first(values, [f"{key}{suffix}" for key in _MATRICES])
    if K is None or K.size != 9:
        raise UnusableCalibration(
            f"holds no matrix of 9 numbers under {', '.join(key + suffix for key in _MATRICES[:3])}"
        )
    K = K.reshape(3, 3).copy()
    K[:2, 2] += PIXEL_CENTER
    distortion = _first(values, [f"{key}{suffix}" for key in _DISTORTIONS])
    height = _first(values, [f"H{suffix}", *_HEIGHTS])
    width = _first(values, [f"W{suffix}", *_WIDTHS])
    size = None if height is None or width is None else (int(height.item()), int(width.item()))
    coefficients = () if distortion is None else tuple(distortion.ravel()[:5].tolist())
    return FoundCamera(name=name, K=K, size=size, distortion=coefficients, is_fisheye=is_fisheye)


def _first(values: dict[str, np.ndarray], names: list[str]) -> np.ndarray | None:
    return next((values[name] for name in names if name in values), None)
