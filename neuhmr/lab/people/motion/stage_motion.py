"""Motion of a synthetic person on the stage.

Stage frame: +y up with the floor at y = 0 (m); a person in the rest pose faces +z and has the left
hand at +x, as in the body model's rest frame.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about, rotmat_to_axisangle
from neuhmr.tensor_struct import TensorStruct

FRAMES_AT_ONCE = 32
"""Frames whose vertices are held together."""


@dataclass(frozen=True)
class StageMotion(TensorStruct):
    """Poses over frames in the stage frame."""

    global_orient: Float[Tensor, "frames 3 3"]
    body_pose: Float[Tensor, "frames 23 3 3"]
    transl: Float[Tensor, "frames 3"]
    """Added after posing, as in smplx (m)."""

    def __len__(self) -> int:
        return self.transl.shape[0]

    def pose(self, shaped: ShapedBody) -> PosedBody:
        """Pose a body in every frame, in the stage frame."""
        return shaped.with_pose(self.body_pose, self.global_orient, self.transl)

    def seen_from(self, T_camera_stage: Rigid, pelvis_rest: Float[Tensor, "3"]) -> "StageMotion":
        """Express the same poses in a camera's frame.

        Args:
            T_camera_stage: one camera for all frames, or one per frame.
            pelvis_rest: rest position of the pelvis (m), about which SMPL rotates the body.
        """
        pelvis = T_camera_stage.apply(pelvis_rest + self.transl)
        rotmat = T_camera_stage.rotmat @ self.global_orient
        return replace(self, global_orient=rotmat, transl=pelvis - pelvis_rest)

    def turned(self, angle: float, pelvis_rest: Float[Tensor, "3"]) -> "StageMotion":
        """Turn the whole motion about the vertical through the stage's origin (rad)."""
        rotmat = rotation_about("y", torch.as_tensor(angle, dtype=self.transl.dtype))
        return self.seen_from(Rigid(rotmat, torch.zeros_like(self.transl[0])), pelvis_rest)

    def centered(self, pelvis_rest: Float[Tensor, "3"]) -> "StageMotion":
        """Move the motion so that the pelvis stays around the stage's vertical axis."""
        pelvis = self.transl + pelvis_rest
        middle = (pelvis.amax(dim=0) + pelvis.amin(dim=0)) / 2
        return replace(self, transl=self.transl - middle * middle.new_tensor([1.0, 0.0, 1.0]))


def between(first: StageMotion, second: StageMotion, share: float) -> StageMotion:
    """Go a share of the way from one pose to another, joint by joint."""

    def turn(start: Tensor, end: Tensor) -> Tensor:
        step = rotmat_to_axisangle(start.transpose(-1, -2) @ end)
        return start @ axisangle_to_rotmat(share * step)

    return StageMotion(
        turn(first.global_orient, second.global_orient),
        turn(first.body_pose, second.body_pose),
        first.transl + share * (second.transl - first.transl),
    )


def set_on_floor(
    motion: StageMotion, shaped: ShapedBody, sole: float = 0.0, smoothing_frames: float = 4.0
) -> StageMotion:
    """Lift or lower the motion smoothly so that the lowest vertex stays about on the floor.

    For motions whose feet were not placed by a solver. Smoothing keeps short hops: a height that is
    raised for less than `smoothing_frames` is not pulled down.

    Args:
        motion: poses of any height.
        shaped: the body that is to stand on the floor.
        sole: thickness of the shoes' soles (m).
        smoothing_frames: standard deviation of the height correction over time.
    """
    lowest = torch.cat(
        [
            motion[i : i + FRAMES_AT_ONCE].pose(shaped).vertices[..., 1].amin(dim=1)
            for i in range(0, len(motion), FRAMES_AT_ONCE)
        ]
    )
    lowest = smooth_over_time(lowest[:, None], smoothing_frames)[:, 0]
    lift = torch.zeros_like(motion.transl)
    lift[:, 1] = sole - lowest
    return replace(motion, transl=motion.transl + lift)


def smooth_over_time(
    values: Float[Tensor, "frames channels"], deviation_frames: float
) -> Float[Tensor, "frames channels"]:
    """Filter with a Gaussian whose window shrinks at the ends."""
    if deviation_frames <= 0:
        return values
    index = torch.arange(values.shape[0], dtype=values.dtype, device=values.device)
    kernel = torch.exp(-0.5 * ((index[:, None] - index[None]) / deviation_frames).square())
    return (kernel / kernel.sum(dim=1, keepdim=True)) @ values
