"""BVH: skeleton animation of motion capture and of 3D programs, in a world of its own."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES, SMPL_PARENTS, joint_index
from neuhmr.formats.reading.bvh_motion import BvhMotion
from neuhmr.formats.reading.bvh_names import NamedSkeleton, name_skeleton
from neuhmr.formats.reading.bvh_text import load_bvh
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses, WorldUp
from neuhmr.formats.reading.rest_body import open_rest_body
from neuhmr.formats.reading.retarget import retarget
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import UnusableTree
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats

_UNITS = (
    (0.01, "centimeters"),
    (1.0, "meters"),
    (0.001, "millimeters"),
    (0.0254 / 0.45, "CMU's units of 56 mm"),
    (0.0254, "inches"),
)
_SHORTEST_LEG, _LONGEST_LEG = 0.45, 1.1
"""From hip to ankle (m), of children and tall people."""
_UPRIGHT = 0.5
"""Mean part of the trunk's direction from which on an axis is taken for up."""


def matches(tree: Any) -> bool:
    """Tell by what reading the text gives."""
    return isinstance(tree, BvhMotion)


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person."""
    motion: BvhMotion = tree
    rest = motion.rest_places()
    skeleton = name_skeleton([joint.name for joint in motion.joints], motion.parents, rest)
    posed = motion.posed()
    if not np.isfinite(posed.places).all():
        raise UnusableTree("has numbers that are not finite")
    zero = _smpl_joints(skeleton, rest[None])[0]
    places = _smpl_joints(skeleton, posed.places)
    meters, unit = _unit(zero)
    up = _world_up(places)
    rotmats = _rotmats(skeleton, posed.rotmats)
    remarks = [f"its skeleton is {skeleton.name}'s, its lengths are taken for {unit}"]
    if not skeleton.is_smpls:
        rotmats, counted_from = retarget(rotmats, places, zero, open_rest_body().template)
        remarks += [
            counted_from,
            "bones point as its bones do, from where the open body's point at rest",
        ]
    remarks.append(f"up is taken for {up}, along which the person stands")
    return FoundPoses(
        tool="BVH",
        persons=(_person(skeleton, rotmats, meters * places, meters * zero),),
        model="unknown",
        world_up=up,
        fps=motion.fps,
        rows_are_times=True,
        has_body=False,
        has_frame_index=False,
        remarks=tuple(remarks),
    )


def _person(
    skeleton: NamedSkeleton,
    rotmats: Float[np.ndarray, "rows 24 3 3"],
    places: Float[np.ndarray, "rows 24 3"],
    zero: Float[np.ndarray, "24 3"],
) -> FoundPerson:
    """Count rotations from the joint before; hips are where the skeleton's are (m)."""
    rows = len(rotmats)
    local = [rotmats[:, 0]]
    for joint, parent in enumerate(SMPL_PARENTS[1:], start=1):
        local.append(np.swapaxes(rotmats[:, parent], 1, 2) @ rotmats[:, joint])
    poses = axisangles_from_rotmats(np.stack(local, axis=1))
    hips = places[:, [joint_index("left_hip"), joint_index("right_hip")]]
    return FoundPerson(
        id="0",
        frame_index=np.arange(rows),
        body_pose=poses[:, 1:].reshape(rows, -1),
        betas=np.zeros((1, 10)),
        valid=np.ones(rows, bool),
        world=FoundPlace(
            orient=poses[:, 0],
            position=places[:, 0] if skeleton.is_smpls else hips.mean(axis=1),
            meaning="pelvis" if skeleton.is_smpls else "mid_hip",
        ),
        rest_joints=zero,
    )


def _smpl_joints(
    skeleton: NamedSkeleton, places: Float[np.ndarray, "rows joints 3"]
) -> Float[np.ndarray, "rows 24 3"]:
    """Pick SMPL's joints; NaN where there is none."""
    picked = places[:, list(skeleton.joints)].copy()
    picked[:, np.array(skeleton.joints) < 0] = np.nan
    return picked


def _rotmats(
    skeleton: NamedSkeleton, rotmats: Float[np.ndarray, "rows joints 3 3"]
) -> Float[np.ndarray, "rows 24 3 3"]:
    """Pick SMPL's joints; a missing one turns with the one before."""
    picked = np.empty((len(rotmats), len(SMPL_JOINT_NAMES), 3, 3))
    for joint, (source, parent) in enumerate(zip(skeleton.joints, SMPL_PARENTS, strict=True)):
        picked[:, joint] = rotmats[:, source] if source >= 0 else picked[:, parent]
    return picked


def _unit(zero: Float[np.ndarray, "24 3"]) -> tuple[float, str]:
    """Tell the unit of length by the legs."""
    hip, knee, ankle = (zero[joint_index(f"left_{name}")] for name in ("hip", "knee", "ankle"))
    leg = float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
    for meters, name in _UNITS:
        if _SHORTEST_LEG <= meters * leg <= _LONGEST_LEG:
            return meters, name
    raise UnusableTree(
        f"has legs of {leg:.4g} units, which in no unit of length are a person's; scale it to "
        "centimeters"
    )


def _world_up(places: Float[np.ndarray, "rows 24 3"]) -> WorldUp:
    """Tell which axis points up: y, unless the person stands along another."""
    hips = places[:, [joint_index("left_hip"), joint_index("right_hip")]].mean(axis=1)
    arms = places[:, [joint_index("left_shoulder"), joint_index("right_shoulder")]].mean(axis=1)
    trunk = arms - hips
    trunk = (trunk / np.linalg.norm(trunk, axis=-1, keepdims=True)).mean(axis=0)
    if trunk[1] < _UPRIGHT and trunk[2] > _UPRIGHT:
        return "+z"
    return "-y" if trunk[1] < -_UPRIGHT else "+y"


TOOL = Tool(
    name="BVH",
    give="a .bvh file (skeletons of SMPL, CMU, Mixamo, Rokoko, Unreal, Character Creator)",
    poses="SMPL, or retargeted",
    camera="no",
    world=True,
    matches=matches,
    read=read,
    load_file=load_bvh,
)
