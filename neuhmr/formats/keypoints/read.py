"""2D keypoints of one person for a clip, from the file or folder of any known detector."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.errors import PoseFileError
from neuhmr.files.file_kinds import require_file
from neuhmr.files.loading import load_data
from neuhmr.formats.keypoints import alphapose, mediapipe, mmpose, openpose, vitpose
from neuhmr.formats.keypoints.choose import choose_rows
from neuhmr.formats.keypoints.found import FoundKeypoints, KeypointTool
from neuhmr.formats.reading.tree import UnusableTree, describe, unwrapped

KEYPOINT_TOOLS: tuple[KeypointTool, ...] = (
    openpose.TOOL,
    mmpose.TOOL,
    alphapose.TOOL,
    vitpose.TOOL,
    mediapipe.TOOL,
)
_EXPECTED = "2D keypoints (OpenPose's folder, MMPose's, AlphaPose's or MediaPipe's JSON, ViTPose's)"
_REMEDY = "give the detector's result for this very clip"
_USUAL_SIZES = (
    *((240, 320), (360, 640), (480, 640), (480, 854), (540, 960), (576, 1024), (720, 1280)),
    *((1080, 1920), (1440, 1920), (1440, 2560), (2160, 3840), (2160, 4096), (4320, 7680)),
)
"""Height and width of pictures (px)."""
_OUTSIDE = 1.1
"""Keypoints reach that far beyond the picture at most, in its sides."""


class ReadKeypoints(NamedTuple):
    """One person's keypoints over a clip, and what is to be said about them."""

    keypoints: ClipKeypoints
    remarks: tuple[str, ...]


def read_keypoints_2d(
    path: Path,
    num_frames: int,
    size: tuple[int, int],
    person: str | None = None,
    find_boxes: Callable[[], Float[np.ndarray, "frames 4"] | None] | None = None,
) -> ReadKeypoints:
    """Read one person's keypoints for every frame of a clip.

    Args:
        path: a file or folder.
        num_frames: of the clip.
        size: its height and width (px).
        person: an id of the file, where it follows several people.
        find_boxes: gives left, top, right, bottom of the person in every frame (px), NaN where
            unknown; asked who is meant where the ids do not say it.

    Raises:
        PoseFileError: no known detector's, damaged, of another clip, or of several people.
    """
    found = read_everybodys_keypoints(path)
    try:
        found = _in_pixels(found, size)
        if found.frames_counted not in (None, num_frames):
            raise UnusableTree(
                f"lists {found.frames_counted} frames without numbers, but the clip has "
                f"{num_frames}"
            )
        last = int(found.frame_index.max())
        if last >= num_frames or found.frame_index.min() < 0:
            raise UnusableTree(
                f"holds frames up to number {last}, but the clip has {num_frames} (0 to "
                f"{num_frames - 1})"
            )
        rows, remarks = choose_rows(found, person, find_boxes)
    except UnusableTree as problem:
        raise PoseFileError(
            f"{path} ({found.tool}, {found.layout}) cannot be used: it {problem}; {_REMEDY}."
        ) from problem
    points = np.full((num_frames, 25, 3), np.nan)
    points[..., 2] = 0.0
    points[found.frame_index[rows]] = found.points[rows]
    missing = num_frames - len(set(found.frame_index[rows].tolist()))
    if missing:
        remarks += (f"in {missing} of {num_frames} frames it saw nobody",)
    tensor = torch.from_numpy(points).float()
    return ReadKeypoints(
        ClipKeypoints(tensor[..., :2], tensor[..., 2]),
        tuple(f"2D keypoints of {found.tool}: {text}" for text in (*found.remarks, *remarks)),
    )


def read_everybodys_keypoints(path: Path) -> FoundKeypoints:
    """Read all that a file or folder of a known detector holds.

    Raises:
        PoseFileError: it is of no known detector, or damaged.
    """
    tree = _load(path)
    tool = next((tool for tool in KEYPOINT_TOOLS if tool.matches(tree)), None)
    if tool is None:
        raise PoseFileError(f"{path} is {describe(tree)}, {_EXPECTED} was expected; {_REMEDY}.")
    try:
        return tool.read(tree, path)
    except UnusableTree as problem:
        raise PoseFileError(
            f"{path} looks like a file of {tool.name} but it {problem}; run the detector again."
        ) from problem
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError) as problem:
        raise PoseFileError(
            f"{path} looks like a file of {tool.name} but is damaged or of an unknown version "
            f"({type(problem).__name__}: {problem}); run the detector again."
        ) from problem


def keypoint_table() -> str:
    """Write the table of detectors for the documentation."""
    rows = [("detector", "what to give", "layouts"), ("---",) * 3]
    rows += [(tool.name, tool.give, tool.layouts) for tool in KEYPOINT_TOOLS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _load(path: Path) -> Any:
    if path.is_dir():
        tree = openpose.load_folder(path)
        if tree is None:
            raise PoseFileError(
                f"{path} is a folder without files *_keypoints.json, {_EXPECTED} was expected; "
                f"{_REMEDY}."
            )
        return tree
    require_file(path, PoseFileError, _EXPECTED, _REMEDY)
    return unwrapped(load_data(path, PoseFileError))


def _in_pixels(found: FoundKeypoints, size: tuple[int, int]) -> FoundKeypoints:
    """Scale shares of the picture, and refuse pixels of another one.

    Raises:
        UnusableTree: the keypoints lie outside the picture.
    """
    height, width = size
    if found.is_normalized:
        return replace(found, points=found.points * [width, height, 1.0], is_normalized=False)
    written_for = found.image_size
    seen = found.points[found.points[..., 2] > 0, :2]
    if not len(seen):
        raise UnusableTree("holds no keypoint that was seen")
    reach = np.percentile(seen, 99.0, axis=0)
    if written_for is None and (reach > [_OUTSIDE * width, _OUTSIDE * height]).any():
        sizes = [*_USUAL_SIZES, *((w, h) for h, w in _USUAL_SIZES)]
        same = [s for s in sizes if abs(s[1] / s[0] * height / width - 1.0) < 0.02]
        fitting = [s for s in same if s[1] >= 0.95 * reach[0] and s[0] >= 0.95 * reach[1]]
        if not fitting:
            raise UnusableTree(
                f"has keypoints out to ({reach[0]:.0f}, {reach[1]:.0f}) px, outside the picture of "
                f"{width}x{height}"
            )
        written_for = min(fitting)
    if written_for is not None and written_for != size:
        raise UnusableTree(
            f"was written for a picture of {written_for[1]}x{written_for[0]}, but the clip has "
            f"{width}x{height}"
        )
    return found
