"""Poses as refinement moves them: every rotation of a frame in one tensor."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.skinning import pose_bones
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rigid import Rigid
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class LocalPose(TensorStruct):
    """Rotations and translations of some frames, as the body model takes them."""

    rotmat: Float[Tensor, "frames 24 3 3"]
    """Root in the camera's frame first, then the body joints in their parents'."""
    transl: Float[Tensor, "frames 3"]

    @staticmethod
    def from_motion(motion: Motion) -> "LocalPose":
        """Put root and body joints into one tensor."""
        rotmat = torch.cat([motion.global_orient[:, None], motion.body_pose], dim=1)
        return LocalPose(rotmat, motion.transl)

    def bones(self, body: ShapedBody) -> Rigid:
        """Pose the bones, without any mesh (rest space to camera; batch axes: frames joints)."""
        return pose_bones(body.joints_rest, self.rotmat, body.model.parents, self.transl)

    def into(self, motion: Motion) -> Motion:
        """Replace the poses of a motion with as many frames."""
        return replace(
            motion,
            global_orient=self.rotmat[:, 0],
            body_pose=self.rotmat[:, 1:],
            transl=self.transl,
        )
