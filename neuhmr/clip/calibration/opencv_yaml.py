"""OpenCV's FileStorage YAML, as far as calibrations use it: names, numbers and matrices.

Read line by line with no YAML library: OpenCV's `%YAML:1.0` header and `!!opencv-matrix` tag are
not YAML that others read, and tags that build objects are not looked up at all.
"""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.clip.calibration.found import UnusableCalibration
from neuhmr.errors import DatasetError

_MATRIX = re.compile(
    r"^(?P<name>[\w.-]+):[ \t]*(?:!!opencv-matrix)?[ \t]*\n"
    r"\s+rows:\s*(?P<rows>\d+)\s*\n\s+cols:\s*(?P<cols>\d+)\s*\n(?:\s+dt:\s*\"?\w+\"?\s*\n)?"
    r"\s+data:\s*\[(?P<data>[^\]]*)\]",
    re.MULTILINE,
)
_NUMBER = re.compile(r"^(?P<name>[\w.-]+):\s*(?P<value>[-+.\dEe]+)\s*$", re.MULTILINE)
_NAMES = re.compile(r"^names:\s*(?:\[(?P<inline>[^\]]*)\]|\n(?P<items>(?:\s*-\s*.+\n?)+))", re.M)


def read_opencv_yaml(
    path: Path,
) -> tuple[tuple[str, ...], dict[str, Float[np.ndarray, "_rows _columns"]]]:
    """Read the list `names` and all matrices; single numbers come as 1 x 1 matrices.

    Raises:
        DatasetError: the file cannot be read, or a matrix contradicts itself.
    """
    try:
        return parse_opencv_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); a calibration as EasyMocap writes it was expected, "
            "calibrate or copy the file again."
        ) from error
    except UnusableCalibration as problem:
        raise DatasetError(f"{path} {problem}; calibrate again.") from problem


def parse_opencv_yaml(
    text: str,
) -> tuple[tuple[str, ...], dict[str, Float[np.ndarray, "_rows _columns"]]]:
    """Parse the list `names` and all matrices; ROS' matrices have no tag.

    Raises:
        UnusableCalibration: a matrix contradicts itself.
    """
    text = text.replace("\r\n", "\n")
    values: dict[str, np.ndarray] = {}
    for match in _NUMBER.finditer(text):
        values[match["name"]] = _numbers(match["name"], match["value"]).reshape(1, 1)
    for match in _MATRIX.finditer(text):
        rows, cols = int(match["rows"]), int(match["cols"])
        numbers = _numbers(match["name"], match["data"])
        if len(numbers) != rows * cols:
            raise UnusableCalibration(
                f"has {match['name']} of {len(numbers)} numbers, {rows} x {cols} were expected"
            )
        values[match["name"]] = numbers.reshape(rows, cols)
    names = _NAMES.search(text)
    if names is None:
        return (), values
    listed = names["inline"].split(",") if names["inline"] is not None else [
        line.strip().removeprefix("-") for line in names["items"].splitlines()
    ]  # fmt: skip
    stripped = (name.strip().strip("\"'") for name in listed)
    return tuple(name for name in stripped if name), values


def _numbers(name: str, text: str) -> Float[np.ndarray, " numbers"]:
    try:
        numbers = np.array([float(part) for part in text.replace("\n", " ").split(",")])
    except ValueError as error:
        raise UnusableCalibration(f"has {name} that is no list of numbers ({error})") from error
    if not np.isfinite(numbers).all():
        raise UnusableCalibration(f"has {name} with numbers that are not finite")
    return numbers
