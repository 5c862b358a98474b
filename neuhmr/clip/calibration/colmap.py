"""COLMAP's cameras and images, as text and as binary (pixel centers at +0.5, as ours)."""

import struct
from pathlib import Path

import numpy as np

from neuhmr.clip.calibration.found import FoundCamera, UnusableCalibration, pinhole, transform

_MODELS = (
    ("SIMPLE_PINHOLE", "f cx cy"),
    ("PINHOLE", "fx fy cx cy"),
    ("SIMPLE_RADIAL", "f cx cy k1"),
    ("RADIAL", "f cx cy k1 k2"),
    ("OPENCV", "fx fy cx cy k1 k2 p1 p2"),
    ("OPENCV_FISHEYE", "fx fy cx cy k1 k2 k3 k4"),
    ("FULL_OPENCV", "fx fy cx cy k1 k2 p1 p2 k3 k4 k5 k6"),
    ("FOV", "fx fy cx cy omega"),
    ("SIMPLE_RADIAL_FISHEYE", "f cx cy k1"),
    ("RADIAL_FISHEYE", "f cx cy k1 k2"),
    ("THIN_PRISM_FISHEYE", "fx fy cx cy k1 k2 p1 p2 k3 k4 s1 s2"),
)
"""In the order of their numbers, with the names of their parameters."""
_UNKNOWN = ("FOV", "THIN_PRISM_FISHEYE")
"""Models whose distortion is not computed here."""
_MOST = 100_000


def read_text(text: str, images: str | None) -> tuple[FoundCamera, ...]:
    """Read cameras.txt, and from images.txt where cameras are that took one picture."""
    cameras: dict[int, FoundCamera] = {}
    for line in _lines(text):
        number, model, width, height, *parameters = line.split()
        values = [float(value) for value in parameters]
        cameras[int(number)] = _camera(int(number), model, int(width), int(height), values)
    entries = []
    # Every image has a second line, of points, which may be empty.
    for line in [] if images is None else _lines(images, keep_empty=True)[::2]:
        words = line.split(maxsplit=9)
        entries.append((words[9], int(words[8]), [float(word) for word in words[1:8]]))
    return _placed(cameras, entries)


def read_binary(data: bytes, images: bytes | None) -> tuple[FoundCamera, ...]:
    """Read cameras.bin, and from images.bin where cameras are that took one picture."""
    (count,) = struct.unpack_from("<Q", data)
    place, cameras = 8, {}
    if not 0 < count <= _MOST:
        raise UnusableCalibration(f"announces {count} cameras")
    for _ in range(count):
        number, model, width, height = struct.unpack_from("<IiQQ", data, place)
        if not 0 <= model < len(_MODELS):
            raise UnusableCalibration(f"has a camera of unknown model {model}")
        name, parameters = _MODELS[model]
        values = struct.unpack_from(f"<{len(parameters.split())}d", data, place + 24)
        place += 24 + 8 * len(values)
        cameras[number] = _camera(number, name, width, height, list(values))
    entries = [] if images is None else _binary_images(images)
    return _placed(cameras, entries)


def _binary_images(data: bytes) -> list[tuple[str, int, list[float]]]:
    (count,) = struct.unpack_from("<Q", data)
    place, entries = 8, []
    if count > _MOST:
        raise UnusableCalibration(f"announces {count} images")
    for _ in range(count):
        _, *pose, camera = struct.unpack_from("<I7dI", data, place)
        place += 64
        end = data.index(b"\0", place)
        name = data[place:end].decode("utf-8", "replace")
        (points,) = struct.unpack_from("<Q", data, end + 1)
        place = end + 9 + 24 * points
        entries.append((name, camera, list(pose)))
    return entries


def _lines(text: str, keep_empty: bool = False) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    return lines if keep_empty else [line for line in lines if line]


def _camera(number: int, model: str, width: int, height: int, values: list[float]) -> FoundCamera:
    names = dict(_MODELS).get(model)
    if names is None or len(values) != len(names.split()):
        raise UnusableCalibration(f"has a camera of model {model} with {len(values)} parameters")
    at = dict(zip(names.split(), values, strict=True))
    if model in _UNKNOWN:
        raise UnusableCalibration(
            f"has a camera of model {model}, whose distortion is not known here"
        )
    is_fisheye = model.endswith("FISHEYE")
    order = ("k1", "k2", "k3", "k4") if is_fisheye else ("k1", "k2", "p1", "p2", "k3")
    return FoundCamera(
        name=str(number),
        K=pinhole(at.get("fx", at.get("f", 0)), at.get("fy", at.get("f", 0)), at["cx"], at["cy"]),
        size=(height, width),
        distortion=tuple(at.get(name, 0.0) for name in order),
        is_fisheye=is_fisheye,
    )


def _placed(
    cameras: dict[int, FoundCamera], images: list[tuple[str, int, list[float]]]
) -> tuple[FoundCamera, ...]:
    """Give cameras of one picture its name and place; others keep their number."""
    found = []
    for number, camera in cameras.items():
        taken = [(name, pose) for name, by, pose in images if by == number]
        if len(taken) == 1:
            name, (w, x, y, z, *shift) = taken[0]
            matrix = transform(_rotmat(w, x, y, z), np.array(shift))
            camera = FoundCamera(
                **{**vars(camera), "name": Path(name).stem, "T_camera_world": matrix}
            )
        found.append(camera)
    if len({camera.name for camera in found}) < len(found):  # CAM/000000.jpg of a rig.
        return tuple(
            FoundCamera(**{**vars(camera), "name": str(number)})
            for number, camera in zip(cameras, found, strict=True)
        )
    return tuple(found)


def _rotmat(w: float, x: float, y: float, z: float) -> np.ndarray:
    length = np.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = (value / length for value in (w, x, y, z))
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
