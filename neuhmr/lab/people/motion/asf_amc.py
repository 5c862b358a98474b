"""CMU motion recordings as ASF skeleton and AMC frames.

ASF: `G_b = G_parent C_b R_b C_b^-1` with C the bone's axis and R its joint angles, both Euler XYZ
(x applied first); metres = number * 0.0254 / length.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.errors import DatasetError
from neuhmr.geometry.rotations import euler_to_rotmat
from neuhmr.lab.people.motion.recording import METERS_PER_UNIT_LENGTH, MOCAP_FPS, Recording

_BONE_OF_JOINT: dict[int, str] = {
    0: "root", 1: "lfemur", 2: "rfemur", 3: "lowerback", 4: "ltibia", 5: "rtibia",
    6: "upperback", 7: "lfoot", 8: "rfoot", 9: "thorax", 12: "lowerneck", 13: "lclavicle",
    14: "rclavicle", 15: "head", 16: "lhumerus", 17: "rhumerus", 18: "lradius", 19: "rradius",
    20: "lhand", 21: "rhand",
}  # fmt: skip


@dataclass(frozen=True)
class AsfBone:
    """One bone of a recording skeleton."""

    direction: Float[np.ndarray, "3"]
    """Rest direction (stage axes)."""
    length: float
    """In the file's units."""
    axis: Float[Tensor, "3 3"]
    """C: the frame in which the joint angles turn."""
    channels: tuple[str, ...]
    """Which of rx, ry, rz the AMC gives, in order."""


@dataclass(frozen=True)
class AsfSkeleton:
    """A recording skeleton."""

    bones: dict[str, AsfBone]
    parents: dict[str, str]
    root_channels: tuple[str, ...]
    meters_per_unit: float

    def leg_length(self) -> float:
        """Thigh and shank of the left leg (m)."""
        return self.meters_per_unit * (self.bones["lfemur"].length + self.bones["ltibia"].length)


def read_asf(path: Path) -> AsfSkeleton:
    """Read a skeleton.

    Raises:
        DatasetError: the file cannot be read as ASF.
    """
    sections = _sections(path)
    try:
        units = dict(line.split()[:2] for line in sections["units"])
        to_radians = np.pi / 180 if units.get("angle", "deg").startswith("deg") else 1.0
        bones = dict(_read_bone(lines, to_radians) for lines in _blocks(sections["bonedata"]))
        parents: dict[str, str] = {}
        for line in next(iter(_blocks(sections["hierarchy"]))):
            parent, *children = line.split()
            parents.update({child: parent for child in children})
        root = dict(line.split(maxsplit=1) for line in sections["root"])
        channels = tuple(root["order"].lower().split())
        return AsfSkeleton(
            bones, parents, channels, METERS_PER_UNIT_LENGTH / float(units["length"])
        )
    except (KeyError, ValueError, StopIteration) as error:
        raise DatasetError(
            f"{path} is no ASF skeleton as CMU writes it ({error}); give the .asf that belongs to "
            "the recording."
        ) from error


def _sections(path: Path) -> dict[str, list[str]]:
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for raw in text.splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith(":"):
            name, _, rest = line[1:].partition(" ")
            current = sections.setdefault(name.lower(), [])
            if rest:
                current.append(rest)
        elif line:
            current.append(line)
    return sections


def _blocks(lines: list[str]) -> list[list[str]]:
    """Split at begin and end."""
    blocks: list[list[str]] = []
    for line in lines:
        if line == "begin":
            blocks.append([])
        elif line != "end" and blocks:
            blocks[-1].append(line)
    return blocks


def _read_bone(lines: list[str], to_radians: float) -> tuple[str, AsfBone]:
    fields = {line.split()[0]: line.split()[1:] for line in lines}
    axis = torch.tensor([float(v) * to_radians for v in fields["axis"][:3]], dtype=torch.float64)
    bone = AsfBone(
        direction=np.array([float(v) for v in fields["direction"]]),
        length=float(fields["length"][0]),
        axis=euler_to_rotmat(axis),
        channels=tuple(fields.get("dof", [])),
    )
    return fields["name"][0], bone


def read_amc(path: Path) -> dict[str, Float[np.ndarray, "frames channels"]]:
    """Read a recording: the channel values of each bone over frames (degrees, file units).

    Raises:
        DatasetError: the file cannot be read as AMC.
    """
    values: dict[str, list[list[float]]] = {}
    frames = 0
    try:
        for line in path.read_text(encoding="latin-1").splitlines():
            words = line.split()
            if not words or words[0][0] in "#:":
                continue
            if len(words) == 1:
                frames += 1
            else:
                values.setdefault(words[0], []).append([float(word) for word in words[1:]])
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{path} is no AMC recording ({error}); give a CMU .amc file."
        ) from error
    short = [name for name, rows in values.items() if len(rows) != frames]
    if not frames or "root" not in values or short:
        raise DatasetError(
            f"{path} is no complete AMC recording: {frames} frames, {len(values)} bones"
            + (f", {short[0]} not in every frame" if short else "")
            + "; give a CMU .amc file."
        )
    return {name: np.array(rows) for name, rows in values.items()}


def read_recording(asf: Path, amc: Path) -> Recording:
    """Read a recording with its skeleton.

    Raises:
        DatasetError: a file cannot be read.
    """
    skeleton, channels = read_asf(asf), read_amc(amc)
    turned = _bone_rotmats(skeleton, channels)
    order = [skeleton.root_channels.index(name) for name in ("tx", "ty", "tz")]
    return Recording(
        name=amc.stem,
        fps=MOCAP_FPS,
        turned={joint: turned[bone] for joint, bone in _BONE_OF_JOINT.items()},
        directions={
            joint: torch.from_numpy(skeleton.bones[bone].direction)
            for joint, bone in _BONE_OF_JOINT.items()
            if bone != "root"
        },
        path=torch.from_numpy(channels["root"][:, order]) * skeleton.meters_per_unit,
        leg_length=skeleton.leg_length(),
    )


def _bone_rotmats(
    skeleton: AsfSkeleton, channels: dict[str, Float[np.ndarray, "frames channels"]]
) -> dict[str, Tensor]:
    """G of every bone over frames."""
    turned = {"root": euler_to_rotmat(_angles(channels["root"], skeleton.root_channels))}
    frames = turned["root"].shape[0]

    def turn(name: str) -> Tensor:
        if name not in turned:
            bone = skeleton.bones[name]
            angles = channels.get(name, np.zeros((frames, 0)))
            own = euler_to_rotmat(_angles(angles, bone.channels if name in channels else ()))
            turned[name] = turn(skeleton.parents[name]) @ bone.axis @ own @ bone.axis.T
        return turned[name]

    for name in _BONE_OF_JOINT.values():
        turn(name)
    return turned


def _angles(values: Float[np.ndarray, "frames channels"], names: tuple[str, ...]) -> Tensor:
    angles = torch.zeros(len(values), 3, dtype=torch.float64)
    for column, name in enumerate(names):
        if name in ("rx", "ry", "rz"):
            angles[:, "xyz".index(name[1])] = torch.deg2rad(torch.from_numpy(values[:, column]))
    return angles
