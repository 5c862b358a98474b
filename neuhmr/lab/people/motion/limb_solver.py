"""From targets for pelvis, trunk, feet and hands to joint rotations: two-bone inverse kinematics.

All targets are in the stage frame (m, +y up). Feet are given by where their sole stands, so planted
feet do not slide and floor contact needs no correction. Left limbs come first in every pair.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rotations import rotation_about
from neuhmr.lab.people.motion.stage_motion import StageMotion, smooth_over_time
from neuhmr.tensor_struct import TensorStruct

LEG_JOINTS = ((1, 4, 7, 10), (2, 5, 8, 11))
ARM_JOINTS = ((13, 16, 18, 20), (14, 17, 19, 21))
REACH = 0.995
"""Longest part of a limb's length that is used, so that knees and elbows never lock."""


@dataclass(frozen=True)
class BodyTargets(TensorStruct):
    """What a person is asked to do, frame by frame."""

    pelvis_drop: Float[Tensor, " frames"]
    """How far the pelvis is below standing height (m)."""
    pelvis_position: Float[Tensor, "frames 2"]
    """Where the pelvis is over the floor: x, z (m)."""
    pelvis_turn: Float[Tensor, "frames 3"]
    """Heading, forward tilt, tilt to the left (rad)."""
    trunk_bend: Float[Tensor, "frames 3"]
    """Whole spine relative to the pelvis: forward, to the left, twist to the left (rad)."""
    head_bend: Float[Tensor, "frames 3"]
    """Neck and head relative to the chest: nod, to the left, turn to the left (rad)."""
    feet_position: Float[Tensor, "frames 2 3"]
    """Floor point under each ankle when the foot is flat (m)."""
    feet_turn: Float[Tensor, "frames 2 2"]
    """Heading of each foot and its pitch, toes up positive (rad)."""
    hands: Float[Tensor, "frames 2 3"]
    """Wrist relative to the shoulder, chest axes, in arm lengths; x is outward on both sides."""
    elbows: Float[Tensor, "frames 2 3"]
    """Direction in which the elbow points, chest axes; x is outward on both sides."""
    wrists: Float[Tensor, "frames 2 2"]
    """Flexion towards the palm and roll of the forearm, thumb inward positive (rad)."""


def solve_targets(targets: BodyTargets, shaped: ShapedBody, sole: float = 0.0) -> StageMotion:
    """Find joint rotations and root positions that meet the targets as nearly as the limbs reach.

    Args:
        targets: what to do.
        shaped: the body that does it, whose limb lengths count; its dtype rules.
        sole: thickness of the shoes' soles (m).
    """
    world = _pose_trunk(targets)
    ankle_targets = _ankle_positions(targets, shaped, sole)
    pelvis = _pelvis_positions(targets, shaped, world[0], ankle_targets, sole)
    joints = {0: pelvis}
    for joint in (1, 2, 3, 6, 9, 13, 14):
        parent = shaped.model.parents[joint]
        joints[joint] = joints[parent] + world[parent] @ _offset(shaped, parent, joint)
    for side in range(2):
        _solve_leg(side, shaped, world, joints, ankle_targets[:, side], targets)
        _solve_arm(side, shaped, world, joints, targets)
    local = [world[0]]
    for joint in range(1, 24):
        parent = world[shaped.model.parents[joint]]
        own = world.setdefault(joint, parent)
        local.append(parent.transpose(-1, -2) @ own)
    rotmats = torch.stack(local, dim=1)
    return StageMotion(rotmats[:, 0], rotmats[:, 1:], pelvis - shaped.joints_rest[0])


def place_limb(
    start: Float[Tensor, "frames 3"],
    target: Float[Tensor, "frames 3"],
    pole: Float[Tensor, "frames 3"],
    lengths: tuple[float, float],
) -> tuple[Float[Tensor, "frames 3"], Float[Tensor, "frames 3"], Float[Tensor, "frames 3"]]:
    """Bend a two-bone limb so that its end reaches the target and its middle points to the pole.

    Args:
        start: first joint (m).
        target: where the last joint should be (m); moved into reach if it is out of it.
        pole: direction of the middle joint away from the line between the ends.
        lengths: upper and lower bone (m).

    Returns:
        Direction of the upper bone, direction of the lower bone, hinge axis (upper to lower).
    """
    upper, lower = lengths
    line = target - start
    distance = line.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    line = line / distance
    distance = distance.clamp(abs(upper - lower) + 0.15 * min(lengths), REACH * (upper + lower))
    sideways = pole - (pole * line).sum(dim=-1, keepdim=True) * line
    sideways = torch.nn.functional.normalize(sideways, dim=-1)
    along = (distance.square() + upper**2 - lower**2) / (2 * distance)
    height = (upper**2 - along.square()).clamp_min(0).sqrt()
    middle = along * line + height * sideways
    upper_direction = torch.nn.functional.normalize(middle, dim=-1)
    lower_direction = torch.nn.functional.normalize(distance * line - middle, dim=-1)
    return upper_direction, lower_direction, torch.linalg.cross(sideways, line)


def _axes(direction: Tensor, hinge: Tensor) -> Tensor:
    """Build a right-handed frame from a bone direction and a hinge axis about across to it."""
    hinge = hinge - (hinge * direction).sum(dim=-1, keepdim=True) * direction
    hinge = torch.nn.functional.normalize(hinge, dim=-1)
    return torch.stack([direction, hinge, torch.linalg.cross(direction, hinge)], dim=-1)


def _bone_rotmat(direction: Tensor, hinge: Tensor, rest_bone: Tensor, flexing: Tensor) -> Tensor:
    """Rotate a rest bone to a direction, its flexing side (rest axes) turned by the hinge."""
    rest = torch.nn.functional.normalize(rest_bone, dim=-1)
    rest_axes = _axes(rest, torch.linalg.cross(rest, flexing))
    return _axes(direction, hinge) @ rest_axes.transpose(-1, -2)


def _pose_trunk(targets: BodyTargets) -> dict[int, Tensor]:
    heading, tilt, lean = targets.pelvis_turn.unbind(dim=-1)
    world = {0: rotation_about("y", heading) @ _bend(torch.stack([tilt, lean, 0 * tilt], dim=-1))}
    for parent, joint, share in ((0, 3, 0.35), (3, 6, 0.35), (6, 9, 0.3)):
        world[joint] = world[parent] @ _bend(share * targets.trunk_bend)
    world[12] = world[9] @ _bend(0.45 * targets.head_bend)
    world[15] = world[12] @ _bend(0.55 * targets.head_bend)
    return world


def _bend(angles: Tensor) -> Tensor:
    """Rotate: forward about x, to the left about -z, twist to the left about y."""
    forward, leftward, twist = angles.unbind(dim=-1)
    return (
        rotation_about("y", twist) @ rotation_about("z", -leftward) @ rotation_about("x", forward)
    )


def _ankle_positions(targets: BodyTargets, shaped: ShapedBody, sole: float) -> Tensor:
    """Put the ankles over the soles, rolling over ball or heel as the foot pitches."""
    positions = []
    for side, (_, _, ankle, toe) in enumerate(LEG_JOINTS):
        height = ankle_height(shaped, side) + sole
        length = (shaped.joints_rest[toe] - shaped.joints_rest[ankle])[2]
        heading, pitch = targets.feet_turn[:, side].unbind(dim=-1)
        pivot_ahead = torch.where(pitch < 0, length * 1.05, -0.3 * length)
        zero = torch.zeros_like(pitch)
        from_pivot = torch.stack([zero, zero + height, -pivot_ahead], dim=-1)
        rolled = (rotation_about("x", -pitch) @ from_pivot[..., None])[..., 0]
        rolled = rolled + torch.stack([zero, zero, pivot_ahead], dim=-1)
        turned = (rotation_about("y", heading) @ rolled[..., None])[..., 0]
        positions.append(targets.feet_position[:, side] + turned)
    return torch.stack(positions, dim=1)


def ankle_height(shaped: ShapedBody, side: int) -> Float[Tensor, ""]:
    """Measure the ankle joint over the naked sole in the rest pose (m); side 0 is left."""
    _, _, ankle, toe = LEG_JOINTS[side]
    foot = shaped.model.lbs_weights[:, [ankle, toe]].sum(dim=-1) > 0.5
    return shaped.joints_rest[ankle, 1] - shaped.v_shaped[foot, 1].min()


def _pelvis_positions(
    targets: BodyTargets, shaped: ShapedBody, pelvis_rotmat: Tensor, ankles: Tensor, sole: float
) -> Tensor:
    """Lower the pelvis until both feet are in reach, smoothly over time."""
    rest = shaped.joints_rest
    leg_lengths = [_leg_length(shaped, side) for side in range(2)]
    standing = rest[0, 1] - rest[7, 1] + ankle_height(shaped, 0) + sole
    height = standing - targets.pelvis_drop
    for side, (hip, _, _, _) in enumerate(LEG_JOINTS):
        offset = pelvis_rotmat @ _offset(shaped, 0, hip)
        hip_floor = targets.pelvis_position + offset[:, [0, 2]]
        across = (ankles[:, side, [0, 2]] - hip_floor).square().sum(dim=-1)
        reach = ((0.99 * leg_lengths[side]) ** 2 - across).clamp_min(0.04).sqrt()
        height = torch.minimum(height, ankles[:, side, 1] + reach - offset[:, 1])
    height = smooth_over_time(torch.minimum(height, _window_minimum(height, 2))[:, None], 1.2)[:, 0]
    x, z = targets.pelvis_position.unbind(dim=-1)
    return torch.stack([x, height, z], dim=-1)


def _window_minimum(values: Tensor, radius: int) -> Tensor:
    padded = torch.nn.functional.pad(-values[None, None], (radius, radius), value=-1e6)
    return -torch.nn.functional.max_pool1d(padded, 2 * radius + 1, stride=1)[0, 0]


def _leg_length(shaped: ShapedBody, side: int) -> float:
    hip, knee, ankle, _ = LEG_JOINTS[side]
    bones = _offset(shaped, hip, knee), _offset(shaped, knee, ankle)
    return float(bones[0].norm() + bones[1].norm())


def _solve_leg(
    side: int,
    shaped: ShapedBody,
    world: dict[int, Tensor],
    joints: dict[int, Tensor],
    ankle_target: Tensor,
    targets: BodyTargets,
) -> None:
    hip, knee, ankle, toe = LEG_JOINTS[side]
    thigh, shank = _offset(shaped, hip, knee), _offset(shaped, knee, ankle)
    heading, pitch = targets.feet_turn[:, side].unbind(dim=-1)
    foot = rotation_about("y", heading) @ rotation_about("x", -pitch)
    # The knee points halfway between where foot and pelvis point, so neither joint twists alone.
    pole = rotation_about("y", heading)[..., 2] + 0.6 * world[0][..., 2]
    upper, lower, hinge = place_limb(
        joints[hip], ankle_target, pole, (float(thigh.norm()), float(shank.norm()))
    )
    backward = thigh.new_tensor([0.0, 0.0, -1.0])
    world[hip] = _bone_rotmat(upper, hinge, thigh, backward)
    world[knee] = _bone_rotmat(lower, hinge, shank, backward)
    world[ankle] = foot
    # On the floor the toes stay flat while the heel rises; in the air they follow the foot.
    grounded = torch.exp(-(targets.feet_position[:, side, 1] / 0.03).square())
    world[toe] = foot @ rotation_about("x", pitch.clamp(-0.8, 0.0) * grounded)


def _solve_arm(
    side: int,
    shaped: ShapedBody,
    world: dict[int, Tensor],
    joints: dict[int, Tensor],
    targets: BodyTargets,
) -> None:
    collar, shoulder, elbow, wrist = ARM_JOINTS[side]
    upper_bone, lower_bone = _offset(shaped, shoulder, elbow), _offset(shaped, elbow, wrist)
    lengths = (float(upper_bone.norm()), float(lower_bone.norm()))
    outward = upper_bone.new_tensor([1.0 if side == 0 else -1.0, 1.0, 1.0])
    hands = _keep_off_trunk(targets.hands[:, side], shaped, sum(lengths))
    # The shoulder girdle takes part: it rises and sinks with the hand and follows it forward.
    raised = 0.38 * (hands[:, 1] + 0.35).clamp(-0.4, 1.3)
    forward = 0.25 * hands[:, 2].clamp(-0.4, 1.0)
    girdle = rotation_about("z", outward[0] * raised) @ rotation_about("y", -outward[0] * forward)
    world[collar] = world[9] @ girdle
    joints[shoulder] = joints[collar] + world[collar] @ _offset(shaped, collar, shoulder)
    wanted = (world[9] @ (hands * outward * sum(lengths))[..., None])[..., 0]
    pole = (world[9] @ (targets.elbows[:, side] * outward)[..., None])[..., 0]
    upper, lower, hinge = place_limb(joints[shoulder], joints[shoulder] + wanted, pole, lengths)
    flexing = upper_bone.new_tensor([0.0, 0.0, 1.0])
    world[shoulder] = _bone_rotmat(upper, hinge, upper_bone, flexing)
    world[elbow] = _bone_rotmat(lower, hinge, lower_bone, flexing)
    flexion, roll = targets.wrists[:, side].unbind(dim=-1)
    world[wrist] = (
        world[elbow] @ rotation_about("x", roll) @ rotation_about("z", -outward[0] * flexion)
    )


def _keep_off_trunk(hands: Tensor, shaped: ShapedBody, arm_length: float) -> Tensor:
    """Push wrists out of an elliptic cylinder around the trunk, seen from the shoulder."""
    shoulder_x = shaped.joints_rest[16, 0] / arm_length
    half_width, half_depth = 0.20 / arm_length + 0.02, 0.20 / arm_length
    x, y, z = hands.unbind(dim=-1)
    from_axis_x, from_axis_z = (x + shoulder_x) / half_width, (z - 0.03) / half_depth
    radius = (from_axis_x.square() + from_axis_z.square()).sqrt().clamp_min(1e-3)
    push = (1.0 / radius).clamp_min(1.0)
    low = torch.sigmoid(-(y - 0.1) / 0.05)
    push = 1.0 + low * (push - 1.0)
    return torch.stack(
        [from_axis_x * push * half_width - shoulder_x, y, from_axis_z * push * half_depth + 0.03],
        dim=-1,
    )


def _offset(shaped: ShapedBody, parent: int, joint: int) -> Tensor:
    return shaped.joints_rest[joint] - shaped.joints_rest[parent]
