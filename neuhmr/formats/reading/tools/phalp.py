"""4D-Humans and PHALP: tracks of many people, as `track.py` writes them.

A dictionary from frame names to parallel lists over tracks. Tracks that are lost stay in the lists
for a while and repeat what was seen last: those ghosts have a `tracked_time` above 0. The first
frames of a track are added at the end of lists, so places in a list mean nothing.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FocalRule, FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape
from neuhmr.formats.reading.rotation_forms import as_axisangles
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import UnusableTree, children_with, number, numbers

_LISTS = ("tid", "smpl", "camera")
_FOCAL = FocalRule("longest side", 5000.0 / 256.0)
_LONGEST = 1300
"""PHALP's default `video.end_frame`."""


def matches(tree: Any) -> bool:
    """Tell by lists of tracks under frame names."""
    return bool(children_with(tree, *_LISTS))


def read(tree: Any, path: Path) -> FoundPoses:
    """Gather the rows of every track, ghosts left out."""
    rows: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    sizes, ghosts = [], 0
    for index, frame in enumerate(tree.values()):
        if not children_with({"": frame}, *_LISTS):
            continue
        at = int(number(frame, "time")) if "time" in frame else index
        for track in _tracks(frame):
            sizes.append(track["size"])
            if track["tracked_time"] > 0:
                ghosts += 1
            else:
                rows.setdefault(str(track["tid"]), []).append((at, track))
    size = _common_size(sizes)
    K = None if size is None else _FOCAL.K(*size)
    remarks = [f"{ghosts} repeated poses of lost tracks are left out"] if ghosts else []
    if len(tree) == _LONGEST:
        remarks.append(
            f"it ends at frame {_LONGEST}, where PHALP stops unless video.end_frame is raised"
        )
    persons = tuple(_person(name, found, K) for name, found in sorted(rows.items(), key=_by_id))
    return FoundPoses(
        tool="4D-Humans (PHALP)",
        persons=persons,
        model="SMPL",
        image_size=size,
        focal_rule=_FOCAL,
        remarks=tuple(remarks),
    )


def _tracks(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """Turn parallel lists into one dictionary per track."""
    names = ("tid", "smpl", "camera", "tracked_time", "size", "bbox")
    count = len(frame["tid"])
    for name in names[:4]:
        if name in frame and len(frame[name]) != count:
            raise UnusableTree(f'has {count} "tid" but {len(frame[name])} "{name}" in one frame')
    blank = {"tracked_time": 0, "size": None, "bbox": None}
    return [
        blank | {name: frame[name][i] for name in names if len(frame.get(name, ())) == count}
        for i in range(count)
    ]


def _common_size(sizes: list[Any]) -> tuple[int, int] | None:
    """Find the video's height and width (px) among what every track says of it."""
    known = {tuple(int(side) for side in np.ravel(size)) for size in sizes if size is not None}
    if len(known) != 1 or len(size := known.pop()) != 2:
        return None
    return size


def _by_id(item: tuple[str, Any]) -> tuple[int, str]:
    return (int(item[0]), "") if item[0].lstrip("-").isdigit() else (0, item[0])


def _person(name: str, rows: list[tuple[int, dict[str, Any]]], K: np.ndarray | None) -> FoundPerson:
    bodies = [track["smpl"] for _, track in rows]
    orient, pose, betas = (
        np.stack([numbers(body, key).reshape(-1) for body in bodies])
        for key in ("global_orient", "body_pose", "betas")
    )
    boxes = [track["bbox"] for _, track in rows]
    corners = None
    if all(box is not None for box in boxes):
        corners = np.array([np.ravel(box)[:4] for box in boxes], np.float64)
        corners[:, 2:] += corners[:, :2]
    cameras = np.stack([numbers(track, "camera").reshape(-1) for _, track in rows])
    return FoundPerson(
        id=name,
        frame_index=np.array([at for at, _ in rows], np.int64),
        body_pose=as_axisangles(pose, 23, "body_pose").reshape(-1, 69),
        betas=shape(betas, len(rows))[0],
        valid=np.ones(len(rows), bool),
        camera=FoundPlace(orient=as_axisangles(orient, 1, "global_orient")[:, 0], position=cameras),
        K=K,
        boxes=corners,
    )


TOOL = Tool(
    name="4D-Humans (PHALP)",
    give="outputs/results/demo_CLIP.pkl of track.py",
    poses="SMPL",
    camera="yes",
    people=True,
    gaps=True,
    matches=matches,
    read=read,
)
