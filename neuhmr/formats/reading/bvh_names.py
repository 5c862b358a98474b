"""Which joint of somebody's skeleton stands for which of SMPL's, told by name and tree.

Limbs go by the words in a name, whatever the program puts around them (`mixamorig:LeftUpLeg`,
`thigh_l`, `CC_Base_L_Thigh`); the trunk's joints differ in number and go by the tree.
"""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.formats.reading.tree import UnusableTree

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_PREFIXES = {"mixamorig", "cc", "base", "bip", "character", "rokoko", "newton", "def", "b", "jnt"}
_LIMBS: dict[str, tuple[str, ...]] = {
    "hip": ("upleg", "thigh", "upperleg", "upleg01", "hip"),
    "knee": ("leg", "calf", "shin", "lowerleg", "lowleg", "knee"),
    "ankle": ("foot", "ankle"),
    "foot": ("toebase", "toe", "toes", "ball", "toe0"),
    "shoulder": ("arm", "upperarm", "uparm"),
    "elbow": ("forearm", "lowerarm", "lowarm", "elbow"),
    "wrist": ("hand", "wrist", "palm"),
    "collar": ("clavicle", "collar", "shoulder"),
}
_NEEDED = ("hip", "knee", "ankle", "shoulder", "elbow")
_SMPL_HANDS = ("left_hand", "right_hand")


@dataclass(frozen=True, kw_only=True)
class NamedSkeleton:
    """Where SMPL's joints are in somebody's list."""

    name: str
    joints: tuple[int, ...]
    """For each of SMPL's 24, the joint whose rotation is its; -1 where there is none."""

    @property
    def is_smpls(self) -> bool:
        """Tell whether its rotations are SMPL's own."""
        return self.name == "SMPL"


def name_skeleton(
    names: list[str], parents: list[int], rest: Float[np.ndarray, "joints 3"]
) -> NamedSkeleton:
    """Find SMPL's joints in a tree.

    Args:
        names: of its joints.
        parents: of its joints; the root's is -1.
        rest: places of its joints where all angles are zero.

    Raises:
        UnusableTree: joints that no retargeting can do without are missing.
    """
    words = [_words(name) for name in names]
    own = _smpl_joints(words)
    if own is not None:
        return NamedSkeleton(name="SMPL", joints=own)
    found: dict[str, int] = {}
    for limb, cores in _LIMBS.items():
        for side in ("left", "right"):
            joint = _first(words, side, cores)
            if joint is not None:
                found[f"{side}_{limb}"] = joint
    _sort_out_shoulders(found, words)
    missing = [
        f"{side}_{limb}"
        for limb in _NEEDED
        for side in ("left", "right")
        if f"{side}_{limb}" not in found
    ]
    if missing:
        raise UnusableTree(
            f"has no joint that is known as {', '.join(missing)} among {', '.join(names[:40])}; "
            "skeletons of SMPL, CMU, Mixamo, Rokoko, Unreal and Character Creator are known"
        )
    found |= _trunk(found, words, parents, rest)
    joints = tuple(found.get(name, -1) for name in SMPL_JOINT_NAMES)
    return NamedSkeleton(name=_program(names), joints=joints)


def _words(name: str) -> tuple[str, str]:
    """Split a name into its side and the rest: `mixamorig:LeftUpLeg` is left, upleg."""
    words = [word.lower() for word in _WORDS.findall(name.rsplit(":", 1)[-1])]
    side = next((_SIDES[word] for word in words if word in _SIDES), "")
    rest = [word for word in words if word not in _SIDES]
    while len(rest) > 1 and rest[0] in _PREFIXES | {"01", "1"}:
        rest = rest[1:]
    return side, "".join(rest)


def _smpl_joints(words: list[tuple[str, str]]) -> tuple[int, ...] | None:
    """Find SMPL's own names; the hands may be missing."""
    places = {f"{side}_{core}" if side else core: index for index, (side, core) in enumerate(words)}
    joints = [places.get(name, -1) for name in SMPL_JOINT_NAMES]
    for hand in _SMPL_HANDS:
        index = SMPL_JOINT_NAMES.index(hand)
        if joints[index] < 0:
            joints[index] = places.get(hand.replace("hand", "palm"), -1)
    return tuple(joints) if min(joints[:22]) >= 0 else None


def _first(words: list[tuple[str, str]], side: str, cores: tuple[str, ...]) -> int | None:
    for core in cores:
        if (side, core) in words:
            return words.index((side, core))
    return None


def _sort_out_shoulders(found: dict[str, int], words: list[tuple[str, str]]) -> None:
    """Where no joint is called an arm, the one that is called a shoulder is where it begins."""
    for side in ("left", "right"):
        if f"{side}_shoulder" not in found and (side, "shoulder") in words:
            found[f"{side}_shoulder"] = words.index((side, "shoulder"))
        if found.get(f"{side}_collar") == found.get(f"{side}_shoulder"):
            found.pop(f"{side}_collar", None)


def _trunk(
    found: dict[str, int],
    words: list[tuple[str, str]],
    parents: list[int],
    rest: Float[np.ndarray, "joints 3"],
) -> dict[str, int]:
    """Find pelvis, spine, neck and head by the branches of the tree."""
    pelvis = _meeting(found["left_hip"], found["right_hip"], parents)
    chest = _meeting(found["left_shoulder"], found["right_shoulder"], parents)
    bottom = _meeting(pelvis, chest, parents)
    spine = _path(chest, bottom, parents)
    # Joints in one place turn as one; the last of them carries what is above.
    spine = [
        joint
        for joint, above in zip(spine, [*spine[1:], None], strict=True)
        if above is None or np.linalg.norm(rest[above] - rest[joint]) > 0
    ]
    trunk = {"pelvis": pelvis}
    if spine:
        last = len(spine) - 1
        picks = (spine[0], spine[last // 2], spine[last]) if last > 1 else (spine[0], -1, spine[-1])
        trunk |= dict(zip(("spine1", "spine2", "spine3"), picks, strict=True))
    head = next((index for index, (side, core) in enumerate(words) if core == "head"), None)
    if head is not None:
        trunk["head"] = head
        between = _path(head, chest, parents)[:-1]
        apart = [j for j in between if np.linalg.norm(rest[j] - rest[chest]) > 0]
        if between:
            trunk["neck"] = (apart or between)[0]
    return trunk


def _ancestors(joint: int, parents: list[int]) -> list[int]:
    line = []
    while joint >= 0:
        line.append(joint)
        joint = parents[joint]
    return line


def _meeting(first: int, second: int, parents: list[int]) -> int:
    """Find the lowest joint that both hang on."""
    others = set(_ancestors(second, parents))
    return next(joint for joint in _ancestors(first, parents) if joint in others)


def _path(joint: int, above: int, parents: list[int]) -> list[int]:
    """List the joints from below one of its ancestors down to a joint."""
    line = _ancestors(joint, parents)
    return line[: line.index(above)][::-1] if above in line else []


def _program(names: list[str]) -> str:
    """Name the program whose skeleton it is."""
    known = {
        "LHipJoint": "CMU",
        "mixamorig": "Mixamo",
        "CC_Base": "Character Creator",
        "thigh_l": "Unreal",
        "Spine4": "Rokoko",
    }
    marks = (program for mark, program in known.items() if any(mark in name for name in names))
    return next(marks, "a program of its own")
