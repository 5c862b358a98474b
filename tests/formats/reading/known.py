"""A known motion, and where its joints are: what readers must find again."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.formats.reading.rest_body import rest_body_of
from official_pickle import official_arrays
from synthetic_body import make_synthetic_body

ROWS = 6
HEIGHT, WIDTH = 720, 1280
MILLIMETER = 1e-3


def make_body(name: str = "SMPL_NEUTRAL", lift: float = -0.22) -> SmplModel:
    """A body whose pelvis rests off the origin, by an amount that depends on its shape."""
    body = make_synthetic_body()
    shapedirs = body.shapedirs.clone()
    shapedirs[:, 1, 1] += 0.02  # The second coefficient lifts everything.
    offset = torch.tensor([0.01, lift, 0.03])
    return replace(body, v_template=body.v_template + offset, shapedirs=shapedirs, name=name)


BODY = make_body()


def save_body(path: Path, body: SmplModel = BODY) -> Path:
    """Write a model file."""
    np.savez(path, **official_arrays(body))
    return path


@dataclass(frozen=True)
class Known:
    """A person before a camera; SMPL's hands rest."""

    orient: np.ndarray
    body_pose: np.ndarray
    transl: np.ndarray
    betas: np.ndarray
    frames: np.ndarray

    @property
    def poses(self) -> np.ndarray:
        """(rows, 72)."""
        return np.hstack([self.orient, self.body_pose])

    @property
    def rotmats(self) -> np.ndarray:
        """(rows, 24, 3, 3)."""
        return matrices(self.poses.reshape(-1, 24, 3))

    @property
    def pelvis_at_rest(self) -> np.ndarray:
        return BODY.with_shape(torch.from_numpy(self.betas).float()).joints_rest[0].numpy()

    def joints(self, body: SmplModel = BODY) -> np.ndarray:
        """(rows, 24, 3), in the camera's frame."""
        return joints_of(self.arrays(), body)

    def arrays(self) -> MotionArrays:
        return MotionArrays(
            global_orient=self.orient,
            body_pose=self.body_pose,
            transl=self.transl,
            betas=self.betas[None],
            frame_index=self.frames,
            valid=np.ones(len(self.frames), bool),
            fps=30.0,
        )

    def in_world(self, T_camera_world: np.ndarray) -> "Known":
        """Say the same in a world, by hand: R_w = R' R and t_w = R' (j + t - c) - j."""
        R, c = T_camera_world[:, :3, :3], T_camera_world[:, :3, 3]
        back = np.swapaxes(R, 1, 2)
        orient = Rotation.from_matrix(back @ matrices(self.orient)).as_rotvec()
        pelvis = self.pelvis_at_rest
        transl = (back @ (pelvis + self.transl - c)[..., None])[..., 0] - pelvis
        return replace(self, orient=orient, transl=transl)


def make_known(seed: int = 0, rows: int = ROWS, frames: list[int] | None = None) -> Known:
    rng = np.random.default_rng(seed)
    body_pose = 0.4 * rng.normal(size=(rows, 69))
    body_pose[:, 63:] = 0.0
    orient = np.array([3.0, 0.2, 0.1]) + 0.2 * rng.normal(size=(rows, 3))
    transl = np.array([0.3, 0.1, 4.0]) + 0.2 * rng.normal(size=(rows, 3))
    betas = rng.normal(size=10)
    index = np.arange(rows) if frames is None else np.array(frames)
    return Known(orient, body_pose, transl, betas, index)


def matrices(axisangles: np.ndarray) -> np.ndarray:
    flat = Rotation.from_rotvec(axisangles.reshape(-1, 3)).as_matrix()
    return flat.reshape(*axisangles.shape, 3)


def camera_path(rows: int = ROWS, up: str = "+y", seed: int = 5) -> np.ndarray:
    """World to camera, another one in every frame; in the world that axis points up."""
    rng = np.random.default_rng(seed)
    level = {"+y": [1, 0, 0, np.pi], "+z": [1, 0, 0, np.pi / 2], "-y": [1, 0, 0, 0.0]}[up]
    base = Rotation.from_rotvec(np.array(level[:3]) * level[3])
    transforms = np.tile(np.eye(4), (rows, 1, 1))
    for row in range(rows):
        wobble = Rotation.from_rotvec(0.2 * rng.normal(size=3))
        transforms[row, :3, :3] = (wobble * base).as_matrix()
        transforms[row, :3, 3] = rng.normal(size=3)
    return transforms


def inverse(transforms: np.ndarray) -> np.ndarray:
    return np.linalg.inv(transforms)


def joints_of(content: MotionArrays, body: SmplModel = BODY) -> np.ndarray:
    return content.motion.pose(body).joints.numpy()


def read_on_body(path: Path, body: SmplModel = BODY, **choice: object) -> MotionArrays:
    """Read onto the body that the motion was made on."""
    return read_poses(path, Choice(body=rest_body_of(body), **choice))  # pyright: ignore


def assert_same_joints(content: MotionArrays, known: Known, body: SmplModel = BODY) -> None:
    assert content.frame_index.tolist() == known.frames.tolist()
    expected = known.joints(body)
    difference = np.abs(joints_of(content, body) - expected)[content.valid].max()
    assert difference < MILLIMETER, f"joints are off by {1e3 * difference:.1f} mm"
