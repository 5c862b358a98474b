"""Single frames of a motion, posed without ever holding all frames' meshes at once."""

from jaxtyping import Float
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.skinning import pose_bones
from neuhmr.body.smpl_model import PosedBody, ShapedBody


def pose_frame(body: ShapedBody, motion: Motion, row: int) -> PosedBody:
    """Pose the body as in one row of the motion (m, that frame's camera frame)."""
    return body.with_pose(motion.body_pose[row], motion.global_orient[row], motion.transl[row])


def pose_joints(
    body: ShapedBody,
    local_rotmats: Float[Tensor, "*batch joints 3 3"],
    transl: Float[Tensor, "*batch 3"],
) -> Float[Tensor, "*batch joints 3"]:
    """Joints alone, without skinning any mesh (m, camera frame).

    Args:
        body: the person.
        local_rotmats: root rotation first, then the 23 body joints.
        transl: added after posing (m).
    """
    bones = pose_bones(body.joints_rest, local_rotmats, body.model.parents)
    return bones.apply(body.joints_rest) + transl[..., None, :]


def frame_joints(body: ShapedBody, motion: Motion) -> Float[Tensor, "frames joints 3"]:
    """Joints of all frames (m, each frame's camera frame)."""
    pose = LocalPose.from_motion(motion)
    return pose_joints(body, pose.rotmat, pose.transl)
