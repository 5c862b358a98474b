"""What a writer is given: poses in the axes that it writes, and the body that they pose."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from neuhmr.body.skinning_arrays import pose_skeleton, shape_body, skin_vertices
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.writing.formats import Up
from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.body.smpl_model import SmplModel

Remarks = tuple[str, ...]
"""What the user should know, one plain sentence each."""
_CHUNK = 64
"""Rows that are skinned at once."""


@dataclass(frozen=True, kw_only=True)
class Animation:
    """Poses to be written."""

    motion: MotionArrays
    """In the world that is written (no camera then), or in the camera's frame."""
    body: "SmplArrays | SmplModel"
    up: Up | None
    """Which axis of the world points up; None in the camera's frame."""

    def __len__(self) -> int:
        return len(self.motion)

    @property
    def times(self) -> Float[np.ndarray, " rows"]:
        """When each row is (s), from the start of the clip."""
        return self.motion.frame_index / self.motion.fps

    @property
    def parents(self) -> tuple[int, ...]:
        """Of each joint; the root's is -1."""
        return self.body.parents

    @cached_property
    def betas(self) -> Float[np.ndarray, " betas"]:
        """The person's one shape."""
        return self.motion.mean_betas().astype(np.float64)

    @cached_property
    def v_shaped(self) -> Float[np.ndarray, "vertices 3"]:
        """The person's surface at rest (m)."""
        return self._shaped[0]

    @cached_property
    def joints_rest(self) -> Float[np.ndarray, "joints 3"]:
        """The person's joints at rest (m)."""
        return self._shaped[1]

    @cached_property
    def local_rotmats(self) -> Float[np.ndarray, "rows joints 3 3"]:
        """The root's rotation in the world, and the others' relative to their parents."""
        angles = np.concatenate([self.motion.global_orient, self.motion.body_pose], axis=1)
        return rotmats_from_axisangles(angles.reshape(len(self), -1, 3).astype(np.float64))

    @cached_property
    def rotmats(self) -> Float[np.ndarray, "rows joints 3 3"]:
        """Every joint's rotation in the world."""
        return self._posed[0]

    @cached_property
    def joints(self) -> Float[np.ndarray, "rows joints 3"]:
        """Where the joints are (m)."""
        return self._posed[1]

    def vertices(self, rows: slice) -> Float[np.ndarray, "some vertices 3"]:
        """Pose the surface, pose correctives included (m)."""
        weights = np.asarray(self.body.lbs_weights, np.float64)
        offsets = self.pose_offsets(rows)
        posed = skin_vertices(
            self.v_shaped, weights, self.joints_rest, self.rotmats[rows], self.joints[rows]
        )
        if offsets is None:
            return posed
        # Correctives differ by row, and are turned by the blend of the bones' rotations.
        blended = np.einsum("vj,rjab->rvab", weights, self.rotmats[rows], optimize=True)
        return posed + (blended @ offsets[..., None])[..., 0]

    def pose_offsets(self, rows: slice) -> Float[np.ndarray, "some vertices 3"] | None:
        """Give the pose correctives at rest (m); None where the body has none."""
        if self.body.posedirs is None:
            return None
        posedirs = np.asarray(self.body.posedirs, np.float32)
        features = (self.local_rotmats[rows, 1:] - np.eye(3)).astype(np.float32)
        flat = features.reshape(len(features), -1) @ posedirs.reshape(-1, posedirs.shape[-1]).T
        return flat.reshape(len(features), -1, 3).astype(np.float64)

    def chunks(self) -> list[slice]:
        """Split the rows into pieces whose surfaces fit into little memory."""
        return [slice(start, start + _CHUNK) for start in range(0, len(self), _CHUNK)]

    @cached_property
    def _shaped(self) -> tuple[np.ndarray, np.ndarray]:
        return shape_body(self.body, self.betas)

    @cached_property
    def _posed(self) -> tuple[np.ndarray, np.ndarray]:
        transl = self.motion.transl.astype(np.float64)
        return pose_skeleton(self.joints_rest, self.local_rotmats, self.parents, transl)
