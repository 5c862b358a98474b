"""The bones of one person, and which of them a dragged joint moves."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_PARENTS
from neuhmr.body.skinning import pose_bones
from neuhmr.geometry.rigid import Rigid
from neuhmr.tensor_struct import TensorStruct

ChainKind = Literal["place", "one bone", "limb", "trunk"]

_LIMBS: dict[int, tuple[int, int]] = {
    7: (1, 4), 10: (1, 4), 8: (2, 5), 11: (2, 5), 20: (16, 18), 22: (16, 18), 21: (17, 19),
    23: (17, 19),
}  # fmt: skip
_ONE_BONE: dict[int, tuple[int, ...]] = {4: (1,), 5: (2,), 18: (16,), 19: (17,)}
_TRUNK: dict[int, tuple[int, ...]] = {
    6: (3,), 9: (3, 6), 12: (3, 6, 9), 13: (3, 6, 9), 14: (3, 6, 9), 15: (3, 6, 9, 12),
    16: (3, 6, 9, 13), 17: (3, 6, 9, 14),
}  # fmt: skip


@dataclass(frozen=True)
class Chain:
    """What turns when a joint is dragged, from the trunk outwards."""

    kind: ChainKind
    joints: tuple[int, ...]
    """Joints that turn; for a place none, as the whole person moves."""


def chain_of(joint: int) -> Chain:
    """Look up what turns when a joint is dragged; pelvis, hips and lowest spine move everything."""
    if joint in _LIMBS:
        return Chain("limb", _LIMBS[joint])
    if joint in _ONE_BONE:
        return Chain("one bone", _ONE_BONE[joint])
    if joint in _TRUNK:
        return Chain("trunk", _TRUNK[joint])
    return Chain("place", ())


@dataclass(frozen=True)
class Skeleton(TensorStruct):
    """Joints of one person's rest pose; every limb's length is in them."""

    joints_rest: Float[Tensor, "24 3"]
    """+y up, +z front, +x the person's left (m)."""

    def bones(self, rotmat: Float[Tensor, "24 3 3"], transl: Float[Tensor, "3"]) -> Rigid:
        """Pose the bones (rest space to camera; batch axis: joints)."""
        return pose_bones(self.joints_rest, rotmat, SMPL_PARENTS, transl)

    def joints(
        self, rotmat: Float[Tensor, "24 3 3"], transl: Float[Tensor, "3"]
    ) -> Float[Tensor, "24 3"]:
        """Place the joints (m, camera)."""
        return self.bones(rotmat, transl).apply(self.joints_rest)

    def double(self) -> "Skeleton":
        """Count in double precision, so that solving adds no error of its own."""
        return Skeleton(self.joints_rest.to(torch.float64))
