"""Points of the body's surface in the rest pose, and where on a person they are.

Clothing, hair and faces are functions of these coordinates, not of vertex numbers, so one garment
fits texture texels and mesh vertices alike.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from neuhmr.body.open_body import OpenBodySurface
from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.mesh_normals import vertex_normals

_ARM_JOINTS = (16, 17, 18, 19, 20, 21, 22, 23)
_LEG_JOINTS = (1, 2, 4, 5, 7, 8, 10, 11)


@dataclass(frozen=True)
class SurfacePoints:
    """Canonical surface samples (rest pose, mean shape, m, +y up, +z front, +x the left)."""

    positions: Float[np.ndarray, "points 3"]
    normals: Float[np.ndarray, "points 3"]
    lbs_weights: Float[np.ndarray, "points joints"]
    part_labels: UInt8[np.ndarray, " points"]
    part_names: tuple[str, ...]
    joints: Float[np.ndarray, "joints 3"]
    """Rest joints of the same body."""

    def __len__(self) -> int:
        return len(self.positions)

    def part(self, *names: str) -> Bool[np.ndarray, " points"]:
        """Tell which points belong to any of the named parts; unknown names match nothing."""
        wanted = [i for i, name in enumerate(self.part_names) if name in names]
        return np.isin(self.part_labels, wanted)

    @cached_property
    def arm_share(self) -> Float[np.ndarray, " points"]:
        """How much a point follows an arm, in [0, 1]."""
        return self.lbs_weights[:, _ARM_JOINTS].sum(axis=1)

    @cached_property
    def leg_share(self) -> Float[np.ndarray, " points"]:
        """How much a point follows a leg, in [0, 1]."""
        return self.lbs_weights[:, _LEG_JOINTS].sum(axis=1)

    @cached_property
    def head_share(self) -> Float[np.ndarray, " points"]:
        """How much a point follows the head, in [0, 1]."""
        return self.lbs_weights[:, 15]

    @cached_property
    def along_arm(self) -> Float[np.ndarray, " points"]:
        """0 at the shoulder, 1 at the wrist, negative on the trunk."""
        shoulder, wrist = self.joints[16, 0], self.joints[20, 0]
        return (np.abs(self.positions[:, 0]) - shoulder) / (wrist - shoulder)

    @cached_property
    def along_leg(self) -> Float[np.ndarray, " points"]:
        """0 at the hip joint's height, 1 at the ankle, negative above the hips."""
        hip, ankle = self.joints[1, 1], self.joints[7, 1]
        return (hip - self.positions[:, 1]) / (hip - ankle)

    @cached_property
    def along_trunk(self) -> Float[np.ndarray, " points"]:
        """0 at the hip joints, 1 at the neck joint."""
        hip, neck = self.joints[1, 1], self.joints[12, 1]
        return (self.positions[:, 1] - hip) / (neck - hip)

    @cached_property
    def side(self) -> Float[np.ndarray, " points"]:
        """+1 on the person's left, -1 on the right."""
        return np.where(self.positions[:, 0] >= 0, 1.0, -1.0)

    @cached_property
    def limb_angle(self) -> Float[np.ndarray, " points"]:
        """Angle around the limb's or trunk's axis (rad): 0 in front, pi / 2 outward or up."""
        x, y, z = self.positions.T
        hip, knee, ankle = self.joints[1], self.joints[4], self.joints[7]
        levels = [ankle[1], knee[1], hip[1]]
        leg_x = np.interp(y, levels, [ankle[0], knee[0], hip[0]])
        leg_z = np.interp(y, levels, [ankle[2], knee[2], hip[2]])
        on_leg, on_arm = self.leg_share > 0.5, self.arm_share > 0.5
        across = np.where(on_arm, y - self.joints[16, 1], np.where(on_leg, np.abs(x) - leg_x, x))
        middle = np.where(on_arm, self.joints[16, 2], np.where(on_leg, leg_z, self.joints[0, 2]))
        return np.arctan2(across, z - middle)


def canonical_points(model: SmplModel, surface: OpenBodySurface) -> SurfacePoints:
    """Sample the surface at the body's vertices."""
    positions = model.v_template.numpy().astype(np.float64)
    return SurfacePoints(
        positions=positions,
        normals=vertex_normals(torch.from_numpy(positions), model.faces).numpy(),
        lbs_weights=model.lbs_weights.numpy().astype(np.float64),
        part_labels=surface.part_labels,
        part_names=surface.part_names,
        joints=(model.J_regressor @ model.v_template).numpy().astype(np.float64),
    )
