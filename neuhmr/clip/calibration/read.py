"""Reading whatever calibrates cameras, and picking one of them."""

import struct
from pathlib import Path

from neuhmr.clip.calibration import colmap, opencv_storage, pose2sim, qualisys
from neuhmr.clip.calibration.found import FoundCamera, UnusableCalibration
from neuhmr.clip.intrinsics import check_intrinsics
from neuhmr.errors import ClipError, NeuhmrError
from neuhmr.files.file_kinds import require_file
from neuhmr.files.limits import MIB, in_words

EXPECTED = (
    "a camera file (our JSON, COLMAP's cameras.txt or .bin or their folder, OpenCV's YAML or XML, "
    "Pose2Sim's toml, Qualisys' XML)"
)
REMEDY = "correct it, or leave --camera out to use a guessed focal length"
_LIMIT = 16 * MIB
_IMAGES_LIMIT = 512 * MIB
"""COLMAP's images list every point that they saw."""


def read_calibration(path: Path, error: type[NeuhmrError] = ClipError) -> tuple[FoundCamera, ...]:
    """Read all cameras of a file, or of COLMAP's folder.

    Raises:
        NeuhmrError: of class `error`: no known program's, or damaged.
    """
    if path.is_dir():
        path = _colmap_file(path, error)
    size = require_file(path, error, EXPECTED, REMEDY)
    try:
        if size > _LIMIT:
            raise UnusableCalibration(
                f"holds {in_words(size)}, at most {in_words(_LIMIT)} expected"
            )
        cameras = _read(path, path.read_bytes(), error)
    except UnusableCalibration as problem:
        raise error(f"{path} {problem}; {EXPECTED} was expected; {REMEDY}.") from problem
    except (KeyError, IndexError, ValueError, TypeError, struct.error, OverflowError) as problem:
        raise error(
            f"{path} is damaged or of an unknown version ({type(problem).__name__}: {problem}); "
            f"{EXPECTED} was expected; {REMEDY}."
        ) from problem
    for camera in cameras:
        check_intrinsics(path, camera.K, error, REMEDY)
    return cameras


def choose_camera(path: Path, cameras: tuple[FoundCamera, ...], name: str | None) -> FoundCamera:
    """Pick the only camera, or the one of that name.

    Raises:
        ClipError: there are several and none was named, or no such one.
    """
    names = [camera.name for camera in cameras]
    if name is None and len(cameras) == 1:
        return cameras[0]
    if name in names:
        return cameras[names.index(name)]
    listed = ", ".join(names[:20]) + (" and more" if len(names) > 20 else "")
    if name is None:
        raise ClipError(
            f"{path} holds {len(cameras)} cameras, one was expected; choose with --camera-name "
            f"among {listed}."
        )
    raise ClipError(f'{path} holds no camera "{name}"; it has {listed}.')


def _read(path: Path, data: bytes, error: type[NeuhmrError]) -> tuple[FoundCamera, ...]:
    """Tell the program by content; COLMAP's binary files have no mark but their name."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if path.suffix == ".bin" and b"\0" in data[:8]:
        images = _beside(path, "images.bin", error)
        return colmap.read_binary(data, images)
    if head.startswith(b"<"):
        is_opencv = b"<opencv_storage" in head
        return opencv_storage.read_xml(data) if is_opencv else qualisys.read(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise UnusableCalibration("is neither text nor COLMAP's cameras.bin") from problem
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    words = lines[0].split() if lines else []
    if len(words) > 4 and words[0].isdigit() and words[1].isupper():
        images = _beside(path, "images.txt", error)
        return colmap.read_text(text, None if images is None else images.decode("utf-8"))
    if any(line.startswith("[") for line in lines) and "matrix" in text and "=" in text:
        return pose2sim.read(text)
    return opencv_storage.read_yaml(text)


def _beside(path: Path, name: str, error: type[NeuhmrError]) -> bytes | None:
    other = path.with_name(name)
    if not other.exists():
        return None
    if require_file(other, error, "COLMAP's images") > _IMAGES_LIMIT:
        raise UnusableCalibration(f"lies beside {name} of more than {in_words(_IMAGES_LIMIT)}")
    return other.read_bytes()


def _colmap_file(folder: Path, error: type[NeuhmrError]) -> Path:
    for place in (folder, folder / "sparse" / "0", folder / "sparse"):
        for name in ("cameras.bin", "cameras.txt"):
            if (place / name).is_file():
                return place / name
    raise error(
        f"{folder} is a folder without COLMAP's cameras.txt or cameras.bin; {EXPECTED} was "
        f"expected; {REMEDY}."
    )
