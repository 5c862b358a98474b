"""A recorded motion free of its file's format, and how a body of this project makes it.

A body joint follows the recorded bone of the same name. Its world rotation is `W = G A`, where G
turns the recorded bone from its rest pose, and the fixed A turns the T-pose limb onto the recording
skeleton's rest bone.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skeleton import NUM_JOINTS
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.lab.people.motion.stage_motion import StageMotion

MOCAP_FPS = 120.0
"""Of CMU's recordings."""
METERS_PER_UNIT_LENGTH = 0.0254
"""CMU's skeletons are in inches over the `length` in their header."""

_CHILD_OF_LIMB: dict[int, int] = {
    1: 4, 2: 5, 4: 7, 5: 8, 7: 10, 8: 11, 16: 18, 17: 19, 18: 20, 19: 21,
}  # fmt: skip
"""Limb joints and the child that gives their direction; trunk joints need no alignment."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """One recorded performance; double precision."""

    name: str
    fps: float
    turned: dict[int, Float[Tensor, "frames 3 3"]]
    """G of the bone that a body joint follows; joints that are missing move with their parents."""
    directions: dict[int, Float[Tensor, "3"]]
    """Rest direction of that bone."""
    path: Float[Tensor, "frames 3"]
    """Of the hips (m; +y up)."""
    leg_length: float
    """Thigh and shank (m)."""

    def __len__(self) -> int:
        return len(self.path)

    def rows(self, index: Int[Tensor, " rows"]) -> "Recording":
        """Keep some frames."""
        turned = {joint: rotmats[index] for joint, rotmats in self.turned.items()}
        return replace(self, turned=turned, path=self.path[index])


def retarget(recording: Recording, shaped: ShapedBody) -> StageMotion:
    """Turn a recording into poses of a body whose legs may be longer or shorter.

    The root's path is scaled by the ratio of the legs' lengths. Feet and hands beyond ankle and
    wrist stay as they are in the rest pose.
    """
    body = shaped.to(torch.float64)
    align = _alignments(recording, body)
    world: dict[int, Tensor] = {}
    local = []
    for joint in range(NUM_JOINTS):
        parent = body.model.parents[joint]
        turned = recording.turned.get(joint)
        world[joint] = world[parent] if turned is None else turned @ align[joint]
        local.append(world[joint] if joint == 0 else world[parent].transpose(-1, -2) @ world[joint])
    rotmats = torch.stack(local, dim=1)
    path = recording.path * (_leg_length(body) / recording.leg_length)
    motion = StageMotion(rotmats[:, 0], rotmats[:, 1:], path - body.joints_rest[0])
    return motion.to(torch.float32)


def _alignments(recording: Recording, body: ShapedBody) -> dict[int, Tensor]:
    """A of every joint: the shortest turn from T-pose limb to recording limb."""
    align = {joint: torch.eye(3, dtype=torch.float64) for joint in recording.turned}
    for joint, child in _CHILD_OF_LIMB.items():
        limb = body.joints_rest[child] - body.joints_rest[joint]
        align[joint] = shortest_turn(limb, recording.directions[joint])
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
