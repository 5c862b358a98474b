"""Poses over frames: what estimators give, refinement changes and export writes.

Only what turns axis-angle into matrices or back imports roma, which takes as long as torch itself.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, SmplModel
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Motion(TensorStruct):
    """SMPL parameters of one person, in each frame's camera frame (OpenCV axes, m)."""

    global_orient: Float[Tensor, "frames 3 3"]
    body_pose: Float[Tensor, "frames 23 3 3"]
    transl: Float[Tensor, "frames 3"]
    """smplx's sense: added after posing, so the pelvis is at its rest position plus this."""
    betas: Float[Tensor, " betas"]
    frame_index: Int[Tensor, " frames"]
    """Which video frame each row belongs to; ascending."""
    valid: Bool[Tensor, " frames"]
    """False where the estimator saw nobody: such rows are placeholders, never shown or scored."""

    def __len__(self) -> int:
        return self.transl.shape[0]

    def __getitem__(self, index: slice | Tensor) -> "Motion":
        """Select frames by slice, mask or index list."""
        return replace(
            self,
            global_orient=self.global_orient[index],
            body_pose=self.body_pose[index],
            transl=self.transl[index],
            frame_index=self.frame_index[index],
            valid=self.valid[index],
        )

    @staticmethod
    def from_axisangle(
        global_orient: Float[Tensor, "frames 3"],
        body_pose: Float[Tensor, "frames 69"],
        transl: Float[Tensor, "frames 3"],
        betas: Float[Tensor, " betas"],
        frame_index: Int[Tensor, " frames"] | None = None,
        valid: Bool[Tensor, " frames"] | None = None,
    ) -> "Motion":
        """Build from the axis-angle form of files (rad); by default frames 0, 1, ... all valid."""
        from neuhmr.geometry.rotations import axisangle_to_rotmat

        frames = transl.shape[0]
        return Motion(
            global_orient=axisangle_to_rotmat(global_orient),
            body_pose=axisangle_to_rotmat(body_pose.reshape(frames, 23, 3)),
            transl=transl,
            betas=betas,
            frame_index=torch.arange(frames) if frame_index is None else frame_index,
            valid=torch.ones(frames, dtype=torch.bool) if valid is None else valid,
        )

    def body_pose_axisangle(self) -> Float[Tensor, "frames 69"]:
        """Joint rotations as files hold them (rad)."""
        from neuhmr.geometry.rotations import rotmat_to_axisangle

        return rotmat_to_axisangle(self.body_pose).flatten(start_dim=1)

    def global_orient_axisangle(self) -> Float[Tensor, "frames 3"]:
        """Root rotations as files hold them (rad)."""
        from neuhmr.geometry.rotations import rotmat_to_axisangle

        return rotmat_to_axisangle(self.global_orient)

    def pose(self, model: SmplModel) -> PosedBody:
        """Pose the body in every frame (batch axis: frames)."""
        return model.with_shape(self.betas).with_pose(
            self.body_pose, self.global_orient, self.transl
        )
