"""CMU motion recordings (ASF skeleton, AMC frames) on a body of this project.

ASF: `G_b = G_parent C_b R_b C_b^-1` with C the bone's axis and R its joint angles, both Euler XYZ
(x applied first); metres = number * 0.0254 / length. A body joint follows its ASF bone through a
fixed alignment A that turns the T-pose limb onto the recording skeleton's rest bone: `W = G A`.

The recordings are CMU's (mocap.cs.cmu.edu, funded by NSF EIA-0196217): free to use, not part of
this project, and not to be resold.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import ShapedBody
from neuhmr.errors import DatasetError
from neuhmr.geometry.rotations import euler_to_rotmat
from neuhmr.lab.people.motion.stage_motion import StageMotion, set_on_floor
from neuhmr.lab.people.splits import Split, is_recording_of

MOCAP_FPS = 120.0
_INCH = 0.0254

_BONE_OF_JOINT: dict[int, str] = {
    0: "root", 1: "lfemur", 2: "rfemur", 3: "lowerback", 4: "ltibia", 5: "rtibia",
    6: "upperback", 7: "lfoot", 8: "rfoot", 9: "thorax", 12: "lowerneck", 13: "lclavicle",
    14: "rclavicle", 15: "head", 16: "lhumerus", 17: "rhumerus", 18: "lradius", 19: "rradius",
    20: "lhand", 21: "rhand",
}  # fmt: skip
_CHILD_OF_LIMB: dict[int, int] = {
    1: 4, 2: 5, 4: 7, 5: 8, 7: 10, 8: 11, 16: 18, 17: 19, 18: 20, 19: 21,
}  # fmt: skip
"""Limb joints and the child that gives their direction; trunk joints need no alignment."""


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


def mocap_files(folder: Path, seconds: float = 0.0) -> list[tuple[Path, Path]]:
    """Find recordings: (skeleton, frames) pairs, a skeleton beside its recordings.

    Args:
        folder: searched with all folders in it.
        seconds: shorter recordings are left out.

    Raises:
        DatasetError: there are none.
    """
    pairs = [
        (skeletons[0], amc)
        for amc in sorted(folder.rglob("*.amc"))
        if (skeletons := sorted(amc.parent.glob("*.asf"))) and _duration(amc) >= seconds
    ]
    if not pairs:
        raise DatasetError(
            f"{folder} holds no recordings of at least {seconds:.1f} s; expected .amc files beside "
            "their .asf skeleton."
        )
    return pairs


def pick_recording(
    folder: Path, split: Split, seconds: float, rng: np.random.Generator
) -> tuple[Path, Path]:
    """Draw one of a split's recordings.

    Raises:
        DatasetError: the folder has none of them.
    """
    own = [pair for pair in mocap_files(folder, seconds) if is_recording_of(split, pair[1].stem)]
    if not own:
        raise DatasetError(
            f"{folder} holds no recordings of {seconds:.1f} s that belong to the {split} split; "
            "add recordings or leave the folder out."
        )
    return own[int(rng.integers(len(own)))]


def _duration(amc: Path) -> float:
    """Count the frames of a recording without parsing it (s)."""
    return _count_frames(amc, amc.stat().st_mtime_ns) / MOCAP_FPS


@functools.cache
def _count_frames(amc: Path, _changed: int) -> int:
    return sum(line.strip().isdigit() for line in amc.read_text(encoding="latin-1").splitlines())


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
        return AsfSkeleton(bones, parents, channels, _INCH / float(units["length"]))
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


@functools.lru_cache(maxsize=16)
def _read_amc_once(amc: Path, _changed: int) -> dict[str, Float[np.ndarray, "frames channels"]]:
    """Parsing takes a second; a training set moves many people by few recordings."""
    return read_amc(amc)


def retarget(
    skeleton: AsfSkeleton,
    channels: dict[str, Float[np.ndarray, "frames channels"]],
    shaped: ShapedBody,
) -> StageMotion:
    """Turn a recording into poses of a body whose legs may be longer or shorter.

    The root's path is scaled by the ratio of the legs' lengths. Feet and hands beyond ankle and
    wrist stay as they are in the rest pose.
    """
    body = shaped.to(torch.float64)
    turned = _bone_rotmats(skeleton, channels)
    align = _alignments(skeleton, body)
    world: dict[int, Tensor] = {}
    local = []
    for joint in range(24):
        parent = body.model.parents[joint]
        bone = _BONE_OF_JOINT.get(joint)
        world[joint] = world[parent] if bone is None else turned[bone] @ align[joint]
        local.append(world[joint] if joint == 0 else world[parent].transpose(-1, -2) @ world[joint])
    rotmats = torch.stack(local, dim=1)
    order = [skeleton.root_channels.index(name) for name in ("tx", "ty", "tz")]
    path = torch.from_numpy(channels["root"][:, order]) * skeleton.meters_per_unit
    path = path * (_leg_length(body) / skeleton.leg_length())
    motion = StageMotion(rotmats[:, 0], rotmats[:, 1:], path - body.joints_rest[0])
    return motion.to(torch.float32)


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


def _alignments(skeleton: AsfSkeleton, body: ShapedBody) -> dict[int, Tensor]:
    """A of every joint: the shortest turn from T-pose limb to recording limb."""
    align = {joint: torch.eye(3, dtype=torch.float64) for joint in _BONE_OF_JOINT}
    for joint, child in _CHILD_OF_LIMB.items():
        limb = body.joints_rest[child] - body.joints_rest[joint]
        bone = torch.from_numpy(skeleton.bones[_BONE_OF_JOINT[joint]].direction)
        align[joint] = shortest_turn(limb, bone)
    align[20], align[21] = align[18], align[19]
    return align


def shortest_turn(start: Float[Tensor, "3"], end: Float[Tensor, "3"]) -> Float[Tensor, "3 3"]:
    """Rotate one direction onto another without twist; they must not be opposite."""
    start, end = start / start.norm(), end / end.norm()
    axis = torch.linalg.cross(start, end)
    x, y, z = axis.tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=start.dtype)
    return torch.eye(3, dtype=start.dtype) + cross + cross @ cross / (1.0 + start @ end)


def _leg_length(body: ShapedBody) -> float:
    rest = body.joints_rest
    return float((rest[4] - rest[1]).norm() + (rest[7] - rest[4]).norm())


def load_mocap_motion(
    asf: Path,
    amc: Path,
    shaped: ShapedBody,
    num_frames: int,
    fps: float,
    rng: np.random.Generator,
    sole: float = 0.0,
) -> StageMotion:
    """Cut a random piece out of a recording and put it on a body, standing on the floor.

    Raises:
        DatasetError: the files cannot be read, or the recording is too short.
    """
    channels = _read_amc_once(amc, amc.stat().st_mtime_ns if amc.exists() else 0)
    step = MOCAP_FPS / fps
    available = len(channels["root"])
    needed = int(np.ceil((num_frames - 1) * step)) + 1
    if available < needed:
        raise DatasetError(
            f"{amc} lasts {available / MOCAP_FPS:.1f} s but {num_frames / fps:.1f} s were "
            "asked for; ask for fewer frames or leave it out."
        )
    start = int(rng.integers(available - needed + 1))
    rows = start + np.round(np.arange(num_frames) * step).astype(int)
    cut = {name: values[rows] for name, values in channels.items()}
    return set_on_floor(retarget(read_asf(asf), cut, shaped), shaped, sole)
