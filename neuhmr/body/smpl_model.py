"""SMPL-format bodies in three immutable stages: model, shaped, posed."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skinning import pose_bones, skin_points
from neuhmr.geometry.rigid import Rigid
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class SmplModel(TensorStruct):
    """What a body-model file holds (m; rest frame: +y up, +z front, +x the subject's left)."""

    v_template: Float[Tensor, "vertices 3"]
    shapedirs: Float[Tensor, "vertices 3 betas"]
    posedirs: Float[Tensor, "vertices 3 pose_features"] | None
    """Pose correctives on the 207 numbers of (R - I) of joints 1 to 23; None where all are zero."""
    J_regressor: Float[Tensor, "joints vertices"]
    lbs_weights: Float[Tensor, "vertices joints"]
    faces: Int[Tensor, "faces 3"]
    parents: tuple[int, ...]
    name: str
    digest: str
    """First 16 hex digits of the file's SHA-256."""

    @property
    def num_betas(self) -> int:
        """Number of shape coefficients."""
        return self.shapedirs.shape[-1]

    def with_shape(self, betas: Float[Tensor, " some_betas"]) -> "ShapedBody":
        """Give the body one shape; missing trailing coefficients are zero, surplus ones an error.

        Raises:
            ValueError: more coefficients than the model has.
        """
        if betas.shape[-1] > self.num_betas:
            raise ValueError(
                f"with_shape: {betas.shape[-1]} betas given, {self.name} has {self.num_betas}"
            )
        v_shaped = self.v_template + self.shapedirs[..., : betas.shape[-1]] @ betas
        return ShapedBody(self, v_shaped, self.J_regressor @ v_shaped)


@dataclass(frozen=True)
class ShapedBody(TensorStruct):
    """One person's body in the rest pose (m)."""

    model: SmplModel
    v_shaped: Float[Tensor, "vertices 3"]
    joints_rest: Float[Tensor, "joints 3"]

    def with_pose(
        self,
        body_pose: Float[Tensor, "*batch 23 3 3"],
        global_orient: Float[Tensor, "*batch 3 3"],
        transl: Float[Tensor, "*batch 3"],
    ) -> "PosedBody":
        """Pose the body; `transl` (m) is added after posing, as in smplx."""
        local = torch.cat([global_orient[..., None, :, :], body_pose], dim=-3)
        bones = pose_bones(self.joints_rest, local, self.model.parents, transl)
        v_rest = self.v_shaped
        if self.model.posedirs is not None:
            identity = torch.eye(3, dtype=local.dtype, device=local.device)
            features = (body_pose - identity).flatten(start_dim=-3)
            flat_dirs = self.model.posedirs.flatten(end_dim=1)
            v_rest = v_rest + (features @ flat_dirs.T).unflatten(-1, (-1, 3))
        vertices = skin_points(v_rest, self.model.lbs_weights, bones)
        joints = bones.apply(self.joints_rest)
        return PosedBody(vertices, joints, bones, self.model.faces)


@dataclass(frozen=True)
class PosedBody(TensorStruct):
    """Bodies in poses (m, camera frame where a motion was posed)."""

    vertices: Float[Tensor, "*batch vertices 3"]
    joints: Float[Tensor, "*batch joints 3"]
    bones: Rigid
    """Rest space to posed space, batch axes `*batch joints`."""
    faces: Int[Tensor, "faces 3"]

    def __getitem__(self, index: Any) -> "PosedBody":
        """Index the batch axes; the faces are shared."""
        return PosedBody(self.vertices[index], self.joints[index], self.bones[index], self.faces)
