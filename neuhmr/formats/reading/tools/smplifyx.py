"""SMPLify-X: one pickle per person in a folder per image, on SMPL-X's body at the origin."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.found import FocalRule, FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.translation import rigid
from neuhmr.formats.reading.tree import UnusableTree, frame_number, has, numbers

_KEYS = ("camera_rotation", "camera_translation", "global_orient", "body_pose", "betas")
_GATHERED = "smplifyx_images"
_LATENT = 32
"""VPoser's numbers, from which only its network makes poses."""


def matches(tree: Any) -> bool:
    """Tell by one person's parameters with the camera's, or the images of a folder."""
    return has(tree, _GATHERED) or has(tree, *_KEYS)


def load_folder(folder: Path) -> Any:
    """Gather the people of all images."""
    place = folder / "results" if (folder / "results").is_dir() else folder
    files = sorted(place.glob("*/[0-9][0-9][0-9].pkl"))
    if not files or not has(load_data(files[0], PoseFileError), *_KEYS):
        return None
    images: dict[str, dict[str, Any]] = {}
    for file in files:
        images.setdefault(file.parent.name, {})[file.stem] = load_data(file, PoseFileError)
    return {_GATHERED: images}


def read(tree: Any, path: Path) -> FoundPoses:
    """Gather the rows of every person."""
    images = tree[_GATHERED] if has(tree, _GATHERED) else {path.stem: {"000": tree}}
    numbered = [frame_number(name) for name in images]
    is_numbered = len(images) > 1 and all(number is not None for number in numbered)
    first = min(number or 0 for number in numbered)
    rows: dict[str, list[tuple[int, Any]]] = {}
    for order, (people, number) in enumerate(zip(images.values(), numbered, strict=True)):
        at = (number or 0) - first if is_numbered else order
        for name, person in people.items():
            rows.setdefault(name, []).append((at, person))
    return FoundPoses(
        tool="SMPLify-X",
        persons=tuple(_person(name, found) for name, found in rows.items()),
        model="SMPL-X",
        focal_rule=FocalRule("fixed", 5000.0),
        remarks=(
            "the poses of fingers, jaw and eyes are dropped",
            "SMPLify-X does not track, so that people may change their numbers between images",
            "the first image is taken for frame 0",
        ),
    )


def _person(name: str, rows: list[tuple[int, Any]]) -> FoundPerson:
    gathered = {
        key: np.stack([numbers(person, key).reshape(-1) for _, person in rows]) for key in _KEYS
    }
    if gathered["body_pose"].shape[1] == _LATENT:
        raise UnusableTree(
            f'has a "body_pose" of {_LATENT} numbers of VPoser instead of joint rotations (run it '
            "with use_vposer=False, or decode them with VPoser)"
        )
    towards_camera = rigid(
        gathered["camera_rotation"].reshape(-1, 3, 3), gathered["camera_translation"]
    )
    return FoundPerson(
        id=name,
        frame_index=np.array([at for at, _ in rows], np.int64),
        body_pose=body_pose(gathered["body_pose"], "body_pose"),
        betas=shape(gathered["betas"], len(rows))[0],
        valid=np.ones(len(rows), bool),
        world=FoundPlace(orient=gathered["global_orient"], position=np.zeros((len(rows), 3))),
        T_camera_world=towards_camera,
    )


TOOL = Tool(
    name="SMPLify-X",
    give="the folder results",
    poses="SMPL-X",
    camera="rule",
    people=True,
    gaps=True,
    matches=matches,
    read=read,
    load_folder=load_folder,
)
