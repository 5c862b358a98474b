"""EasyMocap and ZJU-MoCap: bodies that turn about the origin instead of their pelvis.

EasyMocap writes one JSON file per frame with a list of people; ZJU-MoCap one npy file per frame
with one person, in the calibration's world.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses, ModelKind
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import UnusableTree, frame_number, has, numbers, unwrapped

_KEYS = ("Rh", "Th", "poses", "shapes")
_GATHERED = "easymocap_frames"
_FOLDERS = ("smpl", "smpl_full", "smplx", "smplh", "output/smpl")
_ZJU_FOLDERS = ("new_params", "params")
_MODELS: dict[int, ModelKind] = {87: "SMPL-X", 78: "SMPL-H"}
"""By the width of a pose; else SMPL."""
_ROUNDED = "EasyMocap writes three decimals, so that angles are rounded to 0.06 degrees"


def matches(tree: Any) -> bool:
    """Tell by a person, a list of them, or the frames of a folder."""
    return has(tree, _GATHERED) or bool(_people(tree))


def load_folder(folder: Path) -> Any:
    """Gather one file per frame, of either tool."""
    for place in (folder, *(folder / name for name in (*_FOLDERS, *_ZJU_FOLDERS))):
        files = [
            path for path in (*place.glob("*.json"), *place.glob("*.npy")) if path.stem.isdigit()
        ]
        if files and matches(unwrapped(load_data(files[0], PoseFileError))):
            files.sort(key=lambda path: int(path.stem))
            return {
                _GATHERED: {path.name: unwrapped(load_data(path, PoseFileError)) for path in files}
            }
    return None


def read(tree: Any, path: Path) -> FoundPoses:
    """Gather the rows of every person."""
    frames = tree[_GATHERED] if has(tree, _GATHERED) else {path.name: tree}
    numbered = {name: frame_number(name) or 0 for name in frames}
    is_zju = all(name.endswith(".npy") for name in frames)
    # ZJU-MoCap counts some of its people's frames from 1.
    first = 1 if is_zju and len(frames) > 1 and 0 not in numbered.values() else 0
    rows: dict[str, list[tuple[int, Any]]] = {}
    for name, frame in frames.items():
        for place, person in enumerate(_people(frame)):
            at = numbered[name] - first if len(frames) > 1 else 0
            rows.setdefault(str(person.get("id", place)), []).append((at, person))
    if not rows:
        raise UnusableTree("holds nobody")
    persons = [_person(name, found, is_zju) for name, found in rows.items()]
    widths = {np.size(person["poses"]) for found in rows.values() for _, person in found}
    remarks: tuple[str, ...] = () if is_zju else (_ROUNDED,)
    if widths - {72, 69}:
        remarks += ("the poses of fingers, jaw and eyes are dropped",)
    if not is_zju:
        remarks += (
            "taken for poses before one camera, which EasyMocap's monocular ones are; those of "
            "several cameras are in their calibration's world",
        )
    return FoundPoses(
        tool="ZJU-MoCap" if is_zju else "EasyMocap",
        persons=tuple(persons),
        model=_MODELS.get(max(widths), "SMPL"),
        world_up="+z",
        remarks=remarks,
    )


def _people(tree: Any) -> Sequence[Any]:
    people = tree["annots"] if has(tree, "annots") else [tree] if isinstance(tree, dict) else tree
    if not isinstance(people, list) or not all(has(person, *_KEYS) for person in people):
        return ()
    return people


def _person(name: str, rows: list[tuple[int, Any]], is_zju: bool) -> FoundPerson:
    orient, position, betas = (
        np.stack([numbers(person, key).reshape(-1)[:count] for _, person in rows])
        for key, count in (("Rh", 3), ("Th", 3), ("shapes", 10))
    )
    poses = np.stack([_whole(numbers(person, "poses").reshape(-1)) for _, person in rows])
    place = FoundPlace(orient=orient, position=position, meaning="origin_rotation")
    return FoundPerson(
        id=name,
        frame_index=np.array([at for at, _ in rows], np.int64),
        body_pose=whole_pose(poses, "poses").body_pose,
        betas=shape(betas, len(rows))[0],
        valid=np.ones(len(rows), bool),
        camera=None if is_zju else place,
        world=place if is_zju else None,
    )


def _whole(poses: np.ndarray) -> np.ndarray:
    """Bring poses of several widths to 72 numbers; the first three are always zero.

    SMPL-H's 78 and SMPL-X's 87 are 66 of the body and components of hands and face.
    """
    if poses.size == 69:
        return np.concatenate([np.zeros(3), poses])
    if poses.size in (78, 87):
        return np.concatenate([poses[:66], np.zeros(6)])
    if poses.size != 72:
        raise UnusableTree(f'has "poses" of {poses.size} numbers, 72, 78 or 87 were expected')
    return poses


TOOL = Tool(
    name="EasyMocap, ZJU-MoCap",
    give="the folder output/smpl, or new_params or params",
    poses="SMPL, SMPL-H or SMPL-X",
    camera="no",
    world=True,
    people=True,
    gaps=True,
    matches=matches,
    read=read,
    load_folder=load_folder,
)
