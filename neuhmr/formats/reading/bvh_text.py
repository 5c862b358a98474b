"""BVH's text: a tree of joints with offsets and channels, and one row of numbers per frame."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.files.file_kinds import require_file
from neuhmr.files.limits import MIB, in_words
from neuhmr.formats.reading.bvh_motion import BvhJoint, BvhMotion
from neuhmr.formats.reading.tree import UnusableTree

BVH_LIMIT = 128 * MIB
"""Bytes of one file: an hour at 30 frames a second."""
_MARK = b"HIERARCHY"
_HEADER_LIMIT = MIB
_MOST_JOINTS = 1000
_CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "xyz")


def load_bvh(path: Path) -> BvhMotion | None:
    """Read a file that begins as BVH does; None for others.

    Raises:
        PoseFileError: it is too large, damaged, or not readable.
    """
    size = require_file(path, PoseFileError, "a BVH file")
    with path.open("rb") as file:
        if not file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_MARK):
            return None
    try:
        if size > BVH_LIMIT:
            raise UnusableTree(f"holds {in_words(size)}, at most {in_words(BVH_LIMIT)} can be read")
        return parse_bvh(path.read_bytes().decode("latin-1"))
    except UnusableTree as problem:
        raise PoseFileError(
            f"{path} looks like BVH but it {problem}; export it again from the program that made "
            "it."
        ) from problem


def parse_bvh(text: str) -> BvhMotion:
    """Parse a whole file.

    Raises:
        UnusableTree: it is no BVH, or cut off.
    """
    head, found, tail = text.partition("MOTION")
    if not found or len(head) > _HEADER_LIMIT:
        raise UnusableTree("has no MOTION after its hierarchy")
    joints = _Hierarchy(head.split()).joints
    lines = tail.lstrip().split("\n", 2)
    frames = _after(lines[0], "Frames:")
    seconds = _after(lines[1] if len(lines) > 1 else "", "Frame Time:")
    body = lines[2] if len(lines) > 2 else ""
    width = sum(len(joint.channels) for joint in joints)
    rows = [row for row in (line.strip() for line in body.split("\n")) if row]
    if not width or frames < 1 or frames != int(frames) or len(rows) < frames:
        raise UnusableTree(
            f"announces {frames:g} frames of {width} channels but holds {len(rows)} rows"
        )
    if not 1e-5 < seconds < 1e3:
        raise UnusableTree(f"has a frame time of {seconds:g} s")
    # A row without all its numbers may not borrow from the next.
    try:
        numbers = [np.array(row.split(), np.float64) for row in rows[: int(frames)]]
    except ValueError as problem:
        raise UnusableTree(f"has a row that is no numbers ({problem})") from problem
    short = next((index for index, row in enumerate(numbers) if len(row) != width), None)
    if short is not None:
        raise UnusableTree(
            f"has {len(numbers[short])} numbers in row {short}, {width} were expected"
        )
    return BvhMotion(joints=joints, fps=1.0 / seconds, numbers=np.stack(numbers))


@dataclass
class _Hierarchy:
    """Reads the tree of joints from words."""

    words: list[str]
    joints: list[BvhJoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        position, open_joints, pending = 1, [], -1
        while position < len(self.words):
            word = self.words[position].upper()
            if word in ("ROOT", "JOINT", "END"):
                start = position + 1
                position = self._next_brace(start)
                if word == "END":
                    pending = -2
                elif word == "ROOT" and self.joints:
                    raise UnusableTree("holds several roots, that is several people, export one")
                else:
                    name = " ".join(self.words[start:position])
                    parent = open_joints[-1] if open_joints else -1
                    self.joints.append(BvhJoint(name=name, parent=parent))
                    pending = len(self.joints) - 1
                if len(self.joints) > _MOST_JOINTS:
                    raise UnusableTree(f"has more than {_MOST_JOINTS} joints")
            elif word == "{":
                open_joints.append(pending)
                position += 1
            elif word == "}" and open_joints:
                open_joints.pop()
                position += 1
            elif word == "OFFSET" and open_joints:
                self._offset(open_joints, self._floats(position + 1, 3))
                position += 4
            elif word == "CHANNELS" and open_joints and open_joints[-1] >= 0:
                count = int(self._floats(position + 1, 1)[0])
                names = tuple(name.lower() for name in self.words[position + 2 :][:count])
                if not set(names) <= set(_CHANNELS) or not 0 <= count <= 6:
                    raise UnusableTree(f'has channels "{" ".join(names)}"')
                self.joints[open_joints[-1]].channels = names
                position += 2 + count
            else:
                raise UnusableTree(f'has "{self.words[position][:40]}" in its hierarchy')
        if not self.joints or open_joints:
            raise UnusableTree("has a hierarchy that does not end")

    def _next_brace(self, start: int) -> int:
        for position in range(start, min(start + 20, len(self.words))):
            if self.words[position] == "{":
                return position
        raise UnusableTree("has a joint without braces")

    def _offset(self, open_joints: list[int], offset: list[float]) -> None:
        if open_joints[-1] >= 0:
            self.joints[open_joints[-1]].offset = offset
        elif len(open_joints) > 1:
            self.joints[open_joints[-2]].end = offset

    def _floats(self, start: int, count: int) -> list[float]:
        try:
            values = [float(word) for word in self.words[start : start + count]]
        except ValueError as problem:
            raise UnusableTree(f"has a hierarchy with {problem}") from problem
        if len(values) != count or not np.isfinite(values).all():
            raise UnusableTree("has a hierarchy that is cut off")
        return values


def _after(line: str, word: str) -> float:
    start, found, number = line.strip().partition(":")
    try:
        if found and start.lower().split() == word.lower().rstrip(":").split():
            return float(number)
    except ValueError:
        pass
    raise UnusableTree(f'lacks "{word}"')
