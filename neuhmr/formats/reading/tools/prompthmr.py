"""PromptHMR: people in the camera and in a world with the floor at y = 0, on SMPL-X's body.

`results.pkl` of a video, whose frames may have been made smaller or fewer, and `output.pt` of an
image.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import SmplPose, shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.translation import rigid
from neuhmr.formats.reading.tree import (
    UnusableTree,
    children_with,
    has,
    number,
    numbers,
    rows_of,
    whole_numbers,
)

_IMAGE = ("pose", "betas", "transl", "rotmat", "cam_int")


def matches(tree: Any) -> bool:
    """Tell by people with SMPL-X poses, or by one image's."""
    people = tree.get("people") if isinstance(tree, dict) else None
    return bool(children_with(people, "frames", "smplx_cam")) or has(tree, *_IMAGE)


def read(tree: Any, path: Path) -> FoundPoses:
    """Read everybody."""
    return _image(tree) if has(tree, *_IMAGE) else _video(tree)


def _video(tree: Any) -> FoundPoses:
    K, size = _intrinsics(tree)
    persons, dropped = [], ()
    for name, data in children_with(tree["people"], "frames", "smplx_cam").items():
        person, dropped = _person(str(name), data, tree, K)
        persons.append(person)
    remarks = dropped
    if any(not person.valid.all() for person in persons):
        remarks += ("frames that PromptHMR interpolated are marked as gaps",)
    return FoundPoses(
        tool="PromptHMR",
        persons=tuple(persons),
        model="SMPL-X",
        world_up="+y",
        image_size=size,
        remarks=remarks,
    )


def _person(
    name: str, data: Any, tree: Any, K: np.ndarray | None
) -> tuple[FoundPerson, tuple[str, ...]]:
    frames = whole_numbers(data, "frames")
    pose, camera = _place(data["smplx_cam"])
    world = _place(data["smplx_world"])[1] if has(data, "smplx_world") else None
    detected = np.ones(len(frames), bool)
    if has(data, "detected"):
        detected = numbers(data, "detected").reshape(-1) > 0
    boxes = rows_of(data, "bboxes", 4) if has(data, "bboxes") else None
    if not len(frames) == len(pose.orient) == len(detected):
        raise UnusableTree(f"has {len(frames)} frames but {len(pose.orient)} poses of {name}")
    person = FoundPerson(
        id=name,
        frame_index=frames,
        body_pose=pose.body_pose,
        betas=shape(numbers(data["smplx_cam"], "shape"), len(frames))[0],
        valid=detected,
        camera=camera,
        world=world,
        T_camera_world=_towards_camera(tree, frames),
        K=K,
        boxes=boxes if boxes is not None and len(boxes) == len(frames) else None,
    )
    return person, pose.remarks


def _place(body: Any) -> tuple[SmplPose, FoundPlace]:
    key = "rotmat" if has(body, "rotmat") else "pose"
    pose = whole_pose(numbers(body, key), key)
    return pose, FoundPlace(orient=pose.orient, position=rows_of(body, "trans", 3))


def _towards_camera(tree: Any, frames: np.ndarray) -> np.ndarray | None:
    if not has(tree, "camera_world") or not has(tree["camera_world"], "Rcw", "Tcw"):
        return None
    camera = tree["camera_world"]
    rotmats = numbers(camera, "Rcw").reshape(-1, 3, 3)
    if frames.max() >= len(rotmats):
        raise UnusableTree(f"has poses up to frame {frames.max()} but {len(rotmats)} cameras")
    return rigid(rotmats, rows_of(camera, "Tcw", 3))[frames]


def _intrinsics(tree: Any) -> tuple[np.ndarray | None, tuple[int, int] | None]:
    """Take focal length and center, which tells the size of the frames that were looked at."""
    camera = next(
        (tree[key] for key in ("camera", "camera_world") if has(tree, key)
         and has(tree[key], "img_focal", "img_center")), None
    )  # fmt: skip
    if camera is None:
        return None, None
    focal = number(camera, "img_focal")
    x, y = numbers(camera, "img_center").reshape(2)
    return np.array([[focal, 0.0, x], [0.0, focal, y], [0.0, 0.0, 1.0]]), (
        round(2 * y),
        round(2 * x),
    )


def _image(tree: Any) -> FoundPoses:
    pose = whole_pose(numbers(tree, "rotmat"), "rotmat")
    transl = rows_of(tree, "transl", 3)
    betas = shape(numbers(tree, "betas"), len(transl))[0]
    K = numbers(tree, "cam_int").reshape(-1, 3, 3)[0]
    persons = tuple(
        FoundPerson(
            id=str(i),
            frame_index=np.zeros(1, np.int64),
            body_pose=pose.body_pose[i : i + 1],
            betas=betas[i : i + 1] if len(betas) > 1 else betas,
            valid=np.ones(1, bool),
            camera=FoundPlace(orient=pose.orient[i : i + 1], position=transl[i : i + 1]),
            K=K,
        )
        for i in range(len(transl))
    )
    return FoundPoses(
        tool="PromptHMR",
        persons=persons,
        model="SMPL-X",
        image_size=(round(2 * K[1, 2]), round(2 * K[0, 2])),
        remarks=pose.remarks,
    )


TOOL = Tool(
    name="PromptHMR",
    give="results/CLIP/results.pkl, or output.pt of an image",
    poses="SMPL-X",
    camera="yes",
    world=True,
    people=True,
    gaps=True,
    matches=matches,
    read=read,
)
