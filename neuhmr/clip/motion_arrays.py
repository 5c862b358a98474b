"""One person's poses as plain arrays: what pose files of all formats are read into and made from.

Files come and go without torch; who computes asks for the tensors (`motion`, `camera`).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles

if TYPE_CHECKING:
    from neuhmr.body.motion import Motion
    from neuhmr.geometry.cameras import Camera
    from neuhmr.geometry.rigid import Rigid


@dataclass(frozen=True, kw_only=True)
class MotionArrays:
    """SMPL poses of one person, and what their file says about the clip.

    Axis-angle (rad) in each row's camera frame (OpenCV axes, m), in at least the file's precision.
    """

    global_orient: Float[np.ndarray, "rows 3"]
    body_pose: Float[np.ndarray, "rows 69"]
    transl: Float[np.ndarray, "rows 3"]
    """smplx's sense: added after posing, so the pelvis is at its rest position plus this."""
    betas: Float[np.ndarray, "#rows betas"]
    """One row, or one per pose where a tool fits the shape anew in every frame."""
    frame_index: Int[np.ndarray, " rows"]
    """Which video frame each row belongs to; ascending."""
    valid: Bool[np.ndarray, " rows"]
    """False where the estimator saw nobody: such rows are placeholders."""
    fps: float
    K: Float[np.ndarray, "3 3"] | Float[np.ndarray, "rows 3 3"] | None = None
    """Intrinsics that the poses were estimated with (px)."""
    image_size: tuple[int, int] | None = None
    """Height and width (px) that K holds for."""
    T_camera_world: Float[np.ndarray, "4 4"] | Float[np.ndarray, "rows 4 4"] | None = None
    gender: str = "neutral"
    body_model: str = ""
    """Name and hash of the body model the poses belong to."""
    source: str = ""
    """What the poses were read from, and by which rule."""
    remarks: tuple[str, ...] = ()
    """What was assumed, dropped or filled in on reading; files keep it in `source`."""
    has_frame_index: bool = True
    """False where rows were numbered on reading because the file does not say."""
    camera_is_guessed: bool = False
    """True where the intrinsics are a guess from the image size."""
    points3d: Float[np.ndarray, "rows 35 3"] | None = None
    """`POINT_NAMES` of the body that the poses were made on (m), NaN where unknown; only on poses
    that were moved onto another one, and never in files."""

    def __len__(self) -> int:
        return len(self.transl)

    def select(self, rows: Bool[np.ndarray, " rows"]) -> "MotionArrays":
        """Keep the rows that are marked, with their shapes and cameras."""
        K, transforms = self.K, self.T_camera_world
        return replace(
            self,
            global_orient=self.global_orient[rows],
            body_pose=self.body_pose[rows],
            transl=self.transl[rows],
            betas=self.betas[rows] if len(self.betas) > 1 and rows.any() else self.betas[:1],
            frame_index=self.frame_index[rows],
            valid=self.valid[rows],
            K=K[rows] if K is not None and K.ndim == 3 else K,
            T_camera_world=transforms[rows]
            if transforms is not None and transforms.ndim == 3
            else transforms,
            points3d=None if self.points3d is None else self.points3d[rows],
        )

    def mean_betas(self) -> Float[np.ndarray, " betas"]:
        """Give the person one shape: the mean over the valid rows."""
        per_row = len(self.betas) > 1 and self.valid.any()
        betas = self.betas[self.valid] if per_row else self.betas
        return betas.mean(axis=0).astype(np.float32)

    @cached_property
    def motion(self) -> "Motion":
        """The poses as tensors."""
        import torch

        from neuhmr.body.motion import Motion

        pose = self.body_pose.reshape(len(self), 23, 3)
        orient, pose = (
            rotmats_from_axisangles(angles.astype(np.float64)).astype(np.float32)
            for angles in (self.global_orient, pose)
        )
        return Motion(
            global_orient=torch.from_numpy(orient),
            body_pose=torch.from_numpy(pose),
            transl=torch.from_numpy(self.transl.astype(np.float32)),
            betas=torch.from_numpy(self.mean_betas()),
            frame_index=torch.from_numpy(self.frame_index.copy()),
            valid=torch.from_numpy(self.valid.copy()),
        )

    @cached_property
    def camera(self) -> "Camera | None":
        """The intrinsics as tensors, one or one per row, where the file holds them."""
        if self.K is None or self.image_size is None:
            return None
        import torch

        from neuhmr.geometry.cameras import Camera

        return Camera(torch.from_numpy(self.K.astype(np.float32)), *self.image_size)

    @staticmethod
    def from_motion(
        motion: "Motion",
        fps: float,
        camera: "Camera | None" = None,
        T_camera_world: "Rigid | None" = None,
        *,
        camera_is_guessed: bool = False,
        body_model: str = "",
        source: str = "",
    ) -> "MotionArrays":
        """Make arrays of tensors; camera and transform hold for all rows or one for each."""
        motion = motion.detach().to("cpu")
        transforms = None if T_camera_world is None else T_camera_world.detach().to("cpu")
        return MotionArrays(
            global_orient=motion.global_orient_axisangle().float().numpy(),
            body_pose=motion.body_pose_axisangle().float().numpy(),
            transl=motion.transl.float().numpy(),
            betas=motion.betas.float().numpy()[None],
            frame_index=motion.frame_index.long().numpy(),
            valid=motion.valid.numpy(),
            fps=fps,
            K=None if camera is None else camera.K.detach().cpu().float().numpy(),
            image_size=None if camera is None else (camera.height, camera.width),
            T_camera_world=None if transforms is None else transforms.as_matrix().numpy(),
            body_model=body_model,
            source=source,
            camera_is_guessed=camera_is_guessed,
        )
