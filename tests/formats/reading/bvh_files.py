"""BVH files of known motions in the layouts of programs: names, trees, units, orders of turns."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from neuhmr.body.model_files import load_body_arrays
from neuhmr.body.skeleton import SMPL_PARENTS, joint_index

Node = tuple[str, str, list]
"""Name, SMPL joint that it moves with and lies at ("" for its parent's), children."""


def limb(names: list[str], joints: list[str], below: list[Node] | None = None) -> Node:
    children = [limb(names[1:], joints[1:], below)] if len(names) > 1 else below or []
    return names[0], joints[0], children


def arm(side: str, names: list[str]) -> Node:
    return limb(names, [f"{side}_{j}" for j in ("collar", "shoulder", "elbow", "wrist")])


def leg(side: str, names: list[str]) -> Node:
    return limb(names, [f"{side}_{j}" for j in ("hip", "knee", "ankle", "foot")])


def _cmu_side(side: str) -> tuple[Node, Node]:
    word, letter = side.capitalize(), side[0].upper()
    thumb: Node = (f"{letter}Thumb", "", [])
    hand: Node = (f"{word}Hand", f"{side}_wrist", [(f"{word}FingerBase", "", []), thumb])
    lower: Node = (f"{word}ForeArm", f"{side}_elbow", [hand])
    upper: Node = (f"{word}Arm", f"{side}_shoulder", [lower])
    collar: Node = (f"{word}Shoulder", f"{side}_collar", [upper])
    legs = leg(side, [f"{word}{part}" for part in ("UpLeg", "Leg", "Foot", "ToeBase")])
    return collar, (f"{letter}HipJoint", "pelvis", [legs])


def cmu() -> Node:
    (left_arm, left_leg), (right_arm, right_leg) = _cmu_side("left"), _cmu_side("right")
    head: Node = ("Neck", "spine3", [("Neck1", "neck", [("Head", "head", [])])])
    chest: Node = ("Spine1", "spine3", [head, left_arm, right_arm])
    back: Node = ("LowerBack", "spine1", [("Spine", "spine2", [chest])])
    return "Hips", "pelvis", [left_leg, right_leg, back]


def mixamo() -> Node:
    def side(name: str) -> tuple[Node, Node]:
        word = f"mixamorig:{name.capitalize()}"
        return (
            arm(name, [f"{word}{part}" for part in ("Shoulder", "Arm", "ForeArm", "Hand")]),
            leg(name, [f"{word}{part}" for part in ("UpLeg", "Leg", "Foot", "ToeBase")]),
        )

    (left_arm, left_leg), (right_arm, right_leg) = side("left"), side("right")
    neck: Node = ("mixamorig:Neck", "neck", [("mixamorig:Head", "head", [])])
    chest: Node = ("mixamorig:Spine2", "spine3", [neck, left_arm, right_arm])
    spine: Node = ("mixamorig:Spine", "spine1", [("mixamorig:Spine1", "spine2", [chest])])
    return "mixamorig:Hips", "pelvis", [spine, left_leg, right_leg]


def unreal() -> Node:
    def side(name: str) -> tuple[Node, Node]:
        end = f"_{name[0]}"
        return (
            arm(name, [part + end for part in ("clavicle", "upperarm", "lowerarm", "hand")]),
            leg(name, [part + end for part in ("thigh", "calf", "foot", "ball")]),
        )

    (left_arm, left_leg), (right_arm, right_leg) = side("left"), side("right")
    neck: Node = ("neck_01", "neck", [("head", "head", [])])
    chest: Node = ("spine_03", "spine3", [neck, left_arm, right_arm])
    spine: Node = ("spine_01", "spine1", [("spine_02", "spine2", [chest])])
    return "pelvis", "pelvis", [spine, left_leg, right_leg]


def character_creator() -> Node:
    def side(name: str) -> tuple[Node, Node]:
        start = f"CC_Base_{name[0].upper()}_"
        return (
            arm(name, [start + part for part in ("Clavicle", "Upperarm", "Forearm", "Hand")]),
            leg(name, [start + part for part in ("Thigh", "Calf", "Foot", "ToeBase")]),
        )

    (left_arm, left_leg), (right_arm, right_leg) = side("left"), side("right")
    neck: Node = ("CC_Base_NeckTwist01", "neck", [("CC_Base_Head", "head", [])])
    chest: Node = ("CC_Base_Spine02", "spine3", [neck, left_arm, right_arm])
    spine: Node = ("CC_Base_Waist", "spine1", [("CC_Base_Spine01", "spine2", [chest])])
    hips: Node = ("CC_Base_Pelvis", "pelvis", [left_leg, right_leg])
    return "CC_Base_Hip", "pelvis", [hips, spine]


def open_rest() -> np.ndarray:
    """The open body's joints at rest (m)."""
    body = load_body_arrays()
    return np.asarray(body.J_regressor @ body.v_template, np.float64)


def chained(local: np.ndarray) -> np.ndarray:
    """Rotations in the world of local ones, (..., 24, 3, 3)."""
    world = [local[..., 0, :, :]]
    for joint in range(1, 24):
        world.append(world[SMPL_PARENTS[joint]] @ local[..., joint, :, :])
    return np.stack(world, axis=-3)


def places_of(world: np.ndarray, rest: np.ndarray, pelvis: np.ndarray) -> np.ndarray:
    """Joints in the world."""
    places = [pelvis]
    for joint in range(1, 24):
        parent = SMPL_PARENTS[joint]
        places.append(places[parent] + world[:, parent] @ (rest[joint] - rest[parent]))
    return np.stack(places, axis=1)


@dataclass(frozen=True)
class Skeleton:
    """How a program writes a motion of the open body."""

    tree: Node
    zero: np.ndarray
    """Rotations in the world (24, 3, 3) that the body has where all angles are zero."""
    order: str = "ZYX"
    per_meter: float = 100.0
    all_positions: bool = False
    fps: float = 30.0

    def write(self, path: Path, world: np.ndarray, pelvis: np.ndarray) -> Path:
        """Write rotations in the world (rows, 24, 3, 3) and the pelvis' places (m)."""
        rest = open_rest()
        zero_places = places_of(self.zero[None], rest, np.zeros((1, 3)))[0]
        turned = world @ np.swapaxes(self.zero, -1, -2)
        lines, columns = ["HIERARCHY"], []

        def angles(rotmats: np.ndarray) -> np.ndarray:
            return Rotation.from_matrix(rotmats).as_euler(self.order, degrees=True)

        def add(node: Node, parent: int, depth: int) -> None:
            name, joint_name, children = node
            joint = joint_index(joint_name) if joint_name else parent
            tab = "\t" * depth
            offset = zero_places[joint] - zero_places[parent] if parent >= 0 else np.zeros(3)
            if not joint_name:
                offset = np.array([0.05, 0.0, 0.0])
            offset = self.per_meter * offset
            local = turned[:, joint]
            if parent >= 0:
                local = np.swapaxes(turned[:, parent], -1, -2) @ local
            if not joint_name:
                local = np.broadcast_to(np.eye(3), local.shape)
            has_place = parent < 0 or self.all_positions
            if has_place:
                place = self.per_meter * pelvis if parent < 0 else offset
                columns.append(np.broadcast_to(place, (len(world), 3)))
            columns.append(angles(local))
            names = "Xposition Yposition Zposition " if has_place else ""
            names += " ".join(f"{axis}rotation" for axis in self.order)
            lines.append(f"{tab}{'ROOT' if parent < 0 else 'JOINT'} {name}")
            lines.append(tab + "{")
            lines.append(f"{tab}\tOFFSET " + " ".join(f"{x:.6f}" for x in offset))
            lines.append(f"{tab}\tCHANNELS {6 if has_place else 3} {names} ")
            for child in children:
                add(child, joint, depth + 1)
            if not children:
                lines.extend(
                    [f"{tab}\tEnd Site", tab + "\t{", f"{tab}\t\tOFFSET 0 1 0", tab + "\t}"]
                )
            lines.append(tab + "}")

        add(self.tree, -1, 0)
        lines += ["MOTION", f"Frames: {len(world)}", f"Frame Time: {1 / self.fps:.7f}"]
        rows = np.concatenate(columns, axis=1)
        lines += [" ".join(f"{number:.6f}" for number in row) + " " for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="ascii")
        return path
