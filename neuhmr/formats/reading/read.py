"""Poses from a file or folder of any known tool, told by content."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import MOTION_FORMAT, read_motion_file
from neuhmr.errors import PoseFileError
from neuhmr.files.file_kinds import require_file
from neuhmr.files.loading import load_data
from neuhmr.files.zip_archive import is_archive
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses, ModelKind
from neuhmr.formats.reading.resolve import onto_body, resolve, source_text
from neuhmr.formats.reading.rest_body import shares_shapes, typical_rest_body
from neuhmr.formats.reading.table import TOOLS, known_tools
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import UnusableTree, describe, unwrapped
from neuhmr.formats.reading.without_poses import advice_for_folder, advice_for_tree

_KINDS: dict[str, ModelKind] = {"SMPL": "SMPL", "SMPL-H": "SMPL-H", "SMPL-X": "SMPL-X"}
DAMAGE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What a reader meets in a file whose parts do not fit each other."""
_ESTIMATED_OF = re.compile(r"\bperson (?P<person>\d+) of (?P<people>\d+)")
_EXPECTED = "a pose file (npz, npy, pkl, pth, pt, json, bvh) or a tool's folder"
_REMEDY = "give the estimator's result; `neuhmr convert --list` names the tools that are known"


def read_poses(path: Path, choice: Choice | None = None) -> MotionArrays:
    """Read one person's poses from the file or folder of any known tool.

    Raises:
        PoseFileError: the file is of no known tool or damaged, or it is not clear whose poses are
            meant.
        BodyModelError: the source model is not of the kind that the poses belong to.
    """
    choice = choice or Choice()
    if is_motion_file(path):
        return _own(path, choice)
    found = read_everybody(path)
    try:
        content = resolve(path, found, choice)
    except DAMAGE as problem:
        raise _damaged(path, found.tool, problem) from problem
    return replace(content, source=source_text(content))


def read_everybody(path: Path) -> FoundPoses:
    """Read all that a file or folder of a known tool holds.

    Raises:
        PoseFileError: it is of no known tool, or damaged.
    """
    tool, tree = _folder(path) if path.is_dir() else _file(path)
    try:
        return tool.read(tree, path)
    except UnusableTree as problem:
        raise PoseFileError(
            f"{path} looks like a file of {tool.name} but it {problem}; run the tool again, or "
            "convert the file by hand to smplx's names."
        ) from problem
    except DAMAGE as problem:
        raise _damaged(path, tool.name, problem) from problem


def is_motion_file(path: Path) -> bool:
    """Tell our own files, which keep what others do not, by the mark in them."""
    try:
        if not path.is_file() or not is_archive(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return "format.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False  # What is damaged is told by who reads it.


def _damaged(path: Path, tool: str, problem: Exception) -> PoseFileError:
    reason = " ".join(str(problem).split())[:200]
    return PoseFileError(
        f"{path} looks like a file of {tool} but is damaged or of an unknown version "
        f"({type(problem).__name__}: {reason}); run the tool again."
    )


def _file(path: Path) -> tuple[Tool, Any]:
    require_file(path, PoseFileError, _EXPECTED, _REMEDY)
    for tool in TOOLS:
        loaded = None if tool.load_file is None else tool.load_file(path)
        if loaded is not None:
            return tool, loaded
    tree = unwrapped(load_data(path, PoseFileError))
    for tool in TOOLS:
        if _is_of(tool, tree):
            return tool, tree
    advice = advice_for_tree(tree)
    if advice is not None:
        raise PoseFileError(f"{path} cannot be used: {advice}.")
    raise PoseFileError(
        f"{path} is {describe(tree)}, which is no pose file of a known tool ({known_tools()}); "
        f"{_REMEDY}."
    )


def _is_of(tool: Tool, tree: Any) -> bool:
    try:
        return tool.matches(tree)
    except DAMAGE:  # Lists of different lengths, say, where numbers were looked for.
        return False


def _folder(path: Path) -> tuple[Tool, Any]:
    for tool in TOOLS:
        try:
            tree = None if tool.load_folder is None else tool.load_folder(path)
        except DAMAGE as problem:
            raise _damaged(path, tool.name, problem) from problem
        if tree is not None:
            return tool, tree
    advice = advice_for_folder(path)
    if advice is not None:
        raise PoseFileError(f"{path} cannot be used: {advice}.")
    layouts = ", ".join(tool.name for tool in TOOLS if tool.load_folder is not None)
    raise PoseFileError(
        f"{path} is a folder, but not one of {layouts}; give the file of poses inside it, or see "
        "`neuhmr convert --list`."
    )


def _own(path: Path, choice: Choice) -> MotionArrays:
    """Read a motion file; poses that belong to another tool's body move onto the one in use."""
    content = read_motion_file(path)
    _check_person(path, content, choice)
    if choice.fps is not None:
        content = replace(content, fps=choice.fps)
    kind = _kind_of(content)
    if choice.frame == "world" or choice.source_model is not None:
        moved = resolve(path, _found_in(content, kind), choice)
        return replace(moved, source="; ".join((content.source, *moved.remarks)))
    if choice.body is not None and not shares_shapes(kind, choice.body.kind):
        return onto_body(content, typical_rest_body(kind), choice)
    return content


def _check_person(path: Path, content: MotionArrays, choice: Choice) -> None:
    """Refuse poses that were estimated of somebody else in the picture.

    Raises:
        PoseFileError: the file says whose poses it holds, and somebody else's are wanted.
    """
    match = _ESTIMATED_OF.search(content.source)
    if match is None or choice.takes_only_one or choice.person in (None, match["person"]):
        return
    raise PoseFileError(
        f"{path} holds the poses of person {match['person']} of {match['people']}, those of person "
        f"{choice.person} were expected; estimate these into another file with `neuhmr init "
        f"--person {choice.person} --out`, or move the file away."
    )


def _kind_of(content: MotionArrays) -> ModelKind:
    """Tell the tool's body by the name under which `onto_body` keeps it."""
    return _KINDS.get(content.body_model, "unknown")


def _found_in(content: MotionArrays, kind: ModelKind) -> FoundPoses:
    transforms = content.T_camera_world
    if transforms is not None:
        transforms = np.broadcast_to(transforms, (len(content), 4, 4))
    person = FoundPerson(
        id="0",
        frame_index=content.frame_index,
        body_pose=content.body_pose,
        betas=content.betas,
        valid=content.valid,
        camera=FoundPlace(orient=content.global_orient, position=content.transl),
        T_camera_world=transforms,
        K=content.K,
        gender=content.gender,
    )
    return FoundPoses(
        tool=MOTION_FORMAT,
        persons=(person,),
        model=kind,
        world_up="+y",
        image_size=content.image_size,
        fps=content.fps,
    )
