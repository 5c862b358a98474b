"""OpenPose: a folder with one JSON file per frame, people in no order."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.clip.frame_ranges import frame_ranges
from neuhmr.errors import PoseFileError
from neuhmr.files.json_text import read_json
from neuhmr.formats.keypoints.found import FoundKeypoints, KeypointTool, gather
from neuhmr.formats.reading.tree import UnusableTree, frame_number, has

_GATHERED = "openpose_frames"
_SUFFIX = "_keypoints"
_MOST_FILES = 200_000


def load_folder(folder: Path) -> Any:
    """Gather the files of a folder; None where it holds none of OpenPose's.

    Raises:
        PoseFileError: one of them is damaged.
    """
    files = sorted(folder.glob(f"*{_SUFFIX}.json"))[:_MOST_FILES]
    remedy = "run OpenPose again with --write_json"
    return {
        _GATHERED: {
            file.name: read_json(file, PoseFileError, "a frame of OpenPose", remedy)
            for file in files
        }
    } if files else None  # fmt: skip


def matches(tree: Any) -> bool:
    """Tell by a folder's frames, or one frame."""
    return has(tree, _GATHERED) or has(tree, "people", "version")


def read(tree: Any, path: Path) -> FoundKeypoints:
    """Read everybody in every frame; frames keep the numbers in their files' names."""
    frames = tree[_GATHERED] if has(tree, _GATHERED) else {path.name: tree}
    rows, numbers = [], []
    for name, frame in frames.items():
        number = frame_number(name.removesuffix(".json").removesuffix(_SUFFIX))
        if number is None:
            raise UnusableTree(f"has a frame {name} without a number")
        numbers.append(number)
        for person in frame.get("people", []):
            values = np.asarray(person["pose_keypoints_2d"], np.float64)
            if values.size:
                rows.append((number, _id(person), values.reshape(-1, 3)))
    return gather("OpenPose", rows, _gaps(numbers))


def _id(person: dict[str, Any]) -> str:
    """Name somebody who is followed; OpenPose writes -1 for others."""
    value = np.asarray(person.get("person_id", -1)).reshape(-1)
    return str(int(value[0])) if value.size and value[0] >= 0 else ""


def _gaps(numbers: list[int]) -> tuple[str, ...]:
    """Name the frames that have no file."""
    missing = sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))
    if not missing:
        return ()
    return (f"{len(missing)} frames have no file: {frame_ranges(missing)}",)


TOOL = KeypointTool(
    name="OpenPose",
    give="the folder of --write_json",
    layouts="BODY_25, COCO-18",
    matches=matches,
    read=read,
)
