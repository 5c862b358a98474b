"""What is found in a file of poses, before anybody asks for one person in one frame of reference.

Axis-angle (rad), metres, pixels. The pose is SMPL's, whatever body the tool uses: see `reduce`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

ModelKind = Literal["SMPL", "SMPL-H", "SMPL-X", "unknown"]
"""The body that betas and translations belong to."""

Meaning = Literal["smplx_transl", "pelvis", "mid_hip", "origin_rotation"]
"""What a tool's translation places: `smplx_transl` is added to the posed body, whose pelvis rests
off the origin; `pelvis` is where the root joint is; `mid_hip` where the middle of the hips is;
`origin_rotation` is added to a body turned about the origin instead of its pelvis."""

WorldUp = Literal["+y", "+z", "-y", "unknown"]

NUM_BODY_NUMBERS = 69
MOST_FPS = 100_000.0
"""No camera films a person faster (1/s)."""


@dataclass(frozen=True)
class FocalRule:
    """A focal length that a tool computes from the image's size."""

    measure: Literal["diagonal", "longest side", "mean of the sides", "fixed"]
    factor: float
    """Times the measure (px); the focal length itself where that is fixed."""

    def focal(self, height: int, width: int) -> float:
        """Compute the focal length of an image (px)."""
        measures = {
            "diagonal": float(np.hypot(height, width)),
            "longest side": float(max(height, width)),
            "mean of the sides": (height + width) / 2,
            "fixed": 1.0,
        }
        return self.factor * measures[self.measure]

    def K(self, height: int, width: int) -> Float[np.ndarray, "3 3"]:
        """Look through the image's center with that focal length (px)."""
        focal = self.focal(height, width)
        return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])

    def __str__(self) -> str:
        if self.measure == "fixed":
            return f"{self.factor:g} px"
        times = "" if self.factor == 1.0 else f"{self.factor:.4g} times "
        return f"{times}the image's {self.measure}"


@dataclass(frozen=True, kw_only=True)
class FoundPlace:
    """Where a body is and how it is turned, row by row, in one frame of reference."""

    orient: Float[np.ndarray, "rows 3"]
    """The root's rotation (axis-angle, rad)."""
    position: Float[np.ndarray, "rows 3"]
    """(m)."""
    meaning: Meaning = "smplx_transl"

    def rows(self, index: Int[np.ndarray, " some"]) -> "FoundPlace":
        """Keep some rows."""
        return FoundPlace(
            orient=self.orient[index], position=self.position[index], meaning=self.meaning
        )


@dataclass(frozen=True, kw_only=True)
class FoundPerson:
    """One person's poses; at least one of `camera` and `world` is known."""

    id: str
    frame_index: Int[np.ndarray, " rows"]
    """Which frame each row belongs to, in any order."""
    body_pose: Float[np.ndarray, "rows 69"]
    betas: Float[np.ndarray, "#rows betas"]
    valid: Bool[np.ndarray, " rows"]
    """False where the tool saw nobody and filled in."""
    camera: FoundPlace | None = None
    """In each row's camera frame (OpenCV axes)."""
    world: FoundPlace | None = None
    T_camera_world: Float[np.ndarray, "rows 4 4"] | None = None
    K: Float[np.ndarray, "3 3"] | Float[np.ndarray, "rows 3 3"] | None = None
    """Intrinsics that the poses were estimated with (px)."""
    gender: str = "neutral"
    boxes: Float[np.ndarray, "rows 4"] | None = None
    """Left, top, right, bottom (px)."""
    rest_joints: Float[np.ndarray, "24 3"] | None = None
    """SMPL's joints where nothing is turned, of the person's own size (m); NaN where unknown."""
    points3d: Float[np.ndarray, "rows 35 3"] | None = None
    """`POINT_NAMES` in the camera's axes (m), at their place or about any middle; NaN where
    unknown."""
    keypoints: Float[np.ndarray, "rows points 3"] | None = None
    """2D keypoints of the tool's own choice: x, y (px), confidence."""

    def __post_init__(self) -> None:
        rows = len(self.frame_index)
        per_row: dict[str, tuple[np.ndarray | None, tuple[int, ...]]] = {
            "body_pose": (self.body_pose, (NUM_BODY_NUMBERS,)),
            "valid": (self.valid, ()),
            "T_camera_world": (self.T_camera_world, (4, 4)),
            "boxes": (self.boxes, (4,)),
        }
        for frame, place in (("camera", self.camera), ("world", self.world)):
            if place is not None:
                per_row[f"rotations of the {frame}"] = (place.orient, (3,))
                per_row[f"positions of the {frame}"] = (place.position, (3,))
        for name, (values, size) in per_row.items():
            if values is not None and values.shape != (rows, *size):
                raise ValueError(f"{name} {values.shape} for {rows} frame numbers")

    def __len__(self) -> int:
        return len(self.frame_index)

    def rows(self, index: Int[np.ndarray, " some"]) -> "FoundPerson":
        """Keep some rows."""

        def kept(values: np.ndarray | None, axes: int) -> np.ndarray | None:
            return values[index] if values is not None and values.ndim == axes else values

        return FoundPerson(
            id=self.id,
            frame_index=self.frame_index[index],
            body_pose=self.body_pose[index],
            betas=self.betas[index] if len(self.betas) == len(self) else self.betas,
            valid=self.valid[index],
            camera=None if self.camera is None else self.camera.rows(index),
            world=None if self.world is None else self.world.rows(index),
            T_camera_world=kept(self.T_camera_world, 3),
            K=kept(self.K, 3),
            gender=self.gender,
            boxes=kept(self.boxes, 2),
            rest_joints=self.rest_joints,
            points3d=kept(self.points3d, 3),
            keypoints=kept(self.keypoints, 3),
        )


@dataclass(frozen=True, kw_only=True)
class FoundPoses:
    """Everybody's poses in one file, and what it says about the camera."""

    tool: str
    persons: tuple[FoundPerson, ...]
    model: ModelKind
    world_up: WorldUp = "unknown"
    image_size: tuple[int, int] | None = None
    """Height and width (px) that the intrinsics hold for."""
    focal_rule: FocalRule | None = None
    """Where the file holds no intrinsics but the tool's are known."""
    fps: float | None = None
    rows_are_times: bool = False
    """True where rows are numbered at `fps` and not by the frames of the video they came from."""
    has_body: bool = True
    """False where the poses are a skeleton's and belong to no body model."""
    has_frame_index: bool = True
    """False where the file does not say which frames its rows belong to."""
    remarks: tuple[str, ...] = ()
    """What was assumed, dropped or filled in, one sentence each."""

    def __post_init__(self) -> None:
        if self.fps is not None and not 0.0 < self.fps <= MOST_FPS:
            raise ValueError(f"{self.fps:g} frames per second")
