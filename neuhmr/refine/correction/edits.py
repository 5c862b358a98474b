"""What a user can do to poses by hand: each edit makes a new motion of an old one.

An edit is said of one frame and spreads over the frames around it. Locked frames and joints, and
everything that an edit is not about, stay the same bit for bit. "frame" is a frame of the video.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_JOINT_NAMES, SMPL_PARENTS
from neuhmr.errors import NeuhmrError
from neuhmr.geometry.rotations import nearest_rotations
from neuhmr.refine.correction.depth_flip import flip_depth, flip_of
from neuhmr.refine.correction.reach import reach
from neuhmr.refine.correction.skeleton import Skeleton, chain_of
from neuhmr.refine.correction.spreading import bell_shares, mix_poses, stretch_shares
from neuhmr.refine.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and how far an edit reaches."""

    frame: int
    radius: int = 0
    """Frames to each side that follow; 0 for this frame alone."""
    locks: Scope = field(default_factory=Scope)
    """Its locked frames and joints stay; its range of frames is the refinement's business."""

    @property
    def first(self) -> int:
        """First frame that is wholly changed by an edit of a stretch."""
        return self.frame - self.radius

    @property
    def last(self) -> int:
        """Last frame that is wholly changed by an edit of a stretch."""
        return self.frame + self.radius


def turn_joint(motion: Motion, place: Place, joint: int, rotmat: Float[Tensor, "3 3"]) -> Motion:
    """Give a joint one rotation in one frame; neighbors turn the same way, less and less.

    Args:
        motion: the poses.
        place: frame and reach.
        joint: 0 for the root.
        rotmat: in its parent's frame, the root's in the camera's.

    Raises:
        NeuhmrError: the frame has no pose, or frame or joint are locked.
    """
    row = _editable_row(motion, place, (joint,))
    old = LocalPose.from_motion(motion)
    new = old.rotmat.clone()
    new[row, joint] = rotmat
    return _spread(motion, old, LocalPose(new, old.transl), row, place, (joint,))


def turn_in_camera(
    motion: Motion, place: Place, skeleton: Skeleton, joint: int, rotmat: Float[Tensor, "3 3"]
) -> Motion:
    """Give a joint's bone one rotation in the camera's axes in one frame; as `turn_joint`.

    Raises:
        NeuhmrError: the frame has no pose, or frame or joint are locked.
    """
    row = _editable_row(motion, place, (joint,))
    pose = LocalPose.from_motion(motion)
    if joint > 0:
        bones = skeleton.bones(pose.rotmat[row], pose.transl[row])
        rotmat = nearest_rotations(bones.rotmat[SMPL_PARENTS[joint]].T @ rotmat)
    return turn_joint(motion, place, joint, rotmat)


def move_root(motion: Motion, place: Place, transl: Float[Tensor, "3"]) -> Motion:
    """Put the person somewhere in one frame (smplx's translation, m); neighbors follow.

    Raises:
        NeuhmrError: the frame has no pose, or frame or place are locked.
    """
    row = _editable_row(motion, place, ())
    if place.locks.lock_translation:
        raise NeuhmrError("The place is locked, so nobody can be moved; unlock it first.")
    old = LocalPose.from_motion(motion)
    new = old.transl.clone()
    new[row] = transl
    return _spread(motion, old, LocalPose(old.rotmat, new), row, place, ())


def reach_point(
    motion: Motion, place: Place, skeleton: Skeleton, joint: int, target: Float[Tensor, "3"]
) -> Motion:
    """Bring a joint to a point (m, camera) in one frame with all that holds it; neighbors follow.

    Raises:
        NeuhmrError: the frame has no pose, or something that would have to move is locked.
    """
    turning = chain_of(joint).joints
    row = _editable_row(motion, place, turning)
    old = LocalPose.from_motion(motion)
    rotmat, transl = reach(skeleton, old.rotmat[row], old.transl[row], joint, target)
    if not turning:
        return move_root(motion, place, transl)
    new = old.rotmat.clone()
    new[row] = rotmat
    return _spread(motion, old, LocalPose(new, old.transl), row, place, turning)


def flip_limb(motion: Motion, place: Place, skeleton: Skeleton, joint: int) -> Motion:
    """Mirror a joint's limb in depth in every frame of a stretch.

    Raises:
        NeuhmrError: the joint belongs to no limb, the frame has no pose, or something is locked.
    """
    (upper, lower, _), _ = flip_of(joint)
    _editable_row(motion, place, (upper, lower))
    old = LocalPose.from_motion(motion)
    shares = stretch_shares(motion.frame_index, place.first, place.last)
    new = old.rotmat.clone()
    for row in ((shares > 0.0) & motion.valid).nonzero()[:, 0].tolist():
        new[row] = flip_depth(skeleton, old.rotmat[row], old.transl[row], joint)
    return _mixed(motion, old, LocalPose(new, old.transl), shares, place.locks)


def copy_pose(motion: Motion, place: Place, source: int) -> Motion:
    """Take over the pose and place of another frame, in one frame alone.

    Raises:
        NeuhmrError: one of the frames has no pose, or the frame is locked.
    """
    old = LocalPose.from_motion(motion)
    given = _row(motion, source)
    row = _editable_row(motion, place, ())
    new = LocalPose(old.rotmat.clone(), old.transl.clone())
    new.rotmat[row], new.transl[row] = old.rotmat[given], old.transl[given]
    shares = bell_shares(motion.frame_index, place.frame, 0)
    return _mixed(motion, old, new, shares, place.locks)


def mark_frames(motion: Motion, frames: Collection[int], is_valid: bool) -> Motion:
    """Say of frames that their poses count, or that they do not."""
    chosen = torch.isin(motion.frame_index, torch.tensor(sorted(frames), dtype=torch.long))
    return replace(motion, valid=torch.where(chosen, torch.tensor(is_valid), motion.valid))


def _spread(
    motion: Motion,
    old: LocalPose,
    new: LocalPose,
    row: int,
    place: Place,
    joints: Collection[int],
) -> Motion:
    """Let neighbors turn and move as the changed row does, by falling shares."""
    shares = bell_shares(motion.frame_index, place.frame, place.radius)
    rotmat = old.rotmat.clone()
    for joint in joints:
        turn = old.rotmat[row, joint].T @ new.rotmat[row, joint]
        rotmat[:, joint] = old.rotmat[:, joint] @ turn
    rotmat[row] = new.rotmat[row]
    shift = new.transl[row] - old.transl[row]
    transl = old.transl + shift
    transl[row] = new.transl[row]
    return _mixed(motion, old, LocalPose(rotmat, transl), shares, place.locks)


def _mixed(
    motion: Motion, old: LocalPose, new: LocalPose, shares: Float[Tensor, " frames"], locks: Scope
) -> Motion:
    only_locks = replace(locks, first=None, last=None)
    free = only_locks.free_joints(motion)
    free_transl = only_locks.free_translations(motion)
    return mix_poses(old, new, shares, free, free_transl).into(motion)


def _editable_row(motion: Motion, place: Place, joints: Collection[int]) -> int:
    """Find the frame's row.

    Raises:
        NeuhmrError: it has no pose, or it or one of the joints is locked.
    """
    row = _row(motion, place.frame)
    if place.frame in place.locks.locked_frames:
        raise NeuhmrError(f"Frame {place.frame} is locked, so it keeps its pose; unlock it first.")
    locked = sorted(place.locks.locked_joints & set(joints))
    if locked:
        names = ", ".join(SMPL_JOINT_NAMES[joint].replace("_", " ") for joint in locked)
        raise NeuhmrError(f"This would turn what is locked ({names}); unlock it first.")
    return row


def _row(motion: Motion, frame: int) -> int:
    found = ((motion.frame_index == frame) & motion.valid).nonzero()
    if not len(found):
        raise NeuhmrError(
            f"Frame {frame} has no pose, one was expected; go to a frame with the person, or fill "
            "the invalid frames first."
        )
    return int(found[0, 0])
