"""A person who walks, turns and waves before a moving camera, with the truth in the world.

The truth is posed by torch, the files by NumPy; they share no kinematics.
"""

from dataclasses import dataclass

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about, rotmat_to_axisangle
from tests.synthetic_body import make_synthetic_body

ONE_MM = 1e-3
FPS = 25.0
FRAMES = 12
HEIGHT, WIDTH, FOCAL = 240, 320, 300.0
FEET = (7, 8, 10, 11)
Z_UP_TO_Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


@dataclass(frozen=True, kw_only=True)
class Person:
    """Poses in the camera's frame, and the same in a z-up world with the floor at 0 (m)."""

    content: MotionArrays
    model: SmplModel
    joints: np.ndarray
    vertices: np.ndarray

    def joints_up(self, up: str) -> np.ndarray:
        return self.joints if up == "z" else self.joints @ Z_UP_TO_Y_UP.T

    def vertices_up(self, up: str) -> np.ndarray:
        return self.vertices if up == "z" else self.vertices @ Z_UP_TO_Y_UP.T

    def joints_in_camera(self) -> np.ndarray:
        return self.content.motion.pose(self.model).joints.numpy()


def make_person(world_from_z_up: np.ndarray | None = None, frames: int = FRAMES) -> Person:
    """Make the person; `world_from_z_up` turns the z-up world into the one of the file."""
    model = make_synthetic_body()
    t = torch.linspace(0.0, 1.0, frames, dtype=torch.float64)
    stand = rotation_about("x", torch.tensor(np.pi / 2, dtype=torch.float64))
    # Turns by more than half a turn, so that the shortest axis-angle jumps.
    orient = rotation_about("z", 0.4 + 4.0 * t) @ stand
    generator = torch.Generator().manual_seed(5)
    angles = 0.25 * torch.randn(1, 69, generator=generator, dtype=torch.float64) * t[:, None]
    angles[:, 3 * 15 + 2] = 1.0 + 4.0 * t  # The left shoulder winds past half a turn, too.
    pose = axisangle_to_rotmat(angles.reshape(frames, 23, 3))
    transl = torch.stack([0.5 * t, 1.0 * t, 1.1 + 0.05 * torch.sin(9.0 * t)], dim=1)
    betas = torch.linspace(-1.0, 1.0, 10, dtype=torch.float64)
    in_world = Motion(
        global_orient=orient.float(), body_pose=pose.float(), transl=transl.float(),
        betas=betas.float(), frame_index=torch.arange(frames),
        valid=torch.ones(frames, dtype=torch.bool),
    )  # fmt: skip
    posed = in_world.pose(model)
    soles = model.lbs_weights[:, FEET].sum(dim=1) > 0.5
    floor = np.percentile(posed.vertices[:, soles, 2].amin(dim=1).numpy(), 5.0)
    down = np.array([0.0, 0.0, floor])
    T_camera_world = camera_path(t)
    pelvis = model.with_shape(betas.float()).joints_rest[0].double()
    rotmat, place = T_camera_world[:, :3, :3], T_camera_world[:, :3, 3]
    in_camera = (rotmat @ (transl + pelvis)[..., None])[..., 0] + place - pelvis
    if world_from_z_up is not None:
        turned = torch.eye(4, dtype=torch.float64)
        turned[:3, :3] = torch.from_numpy(world_from_z_up).T
        T_camera_world = T_camera_world @ turned
    K = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])
    content = MotionArrays(
        global_orient=rotmat_to_axisangle(rotmat @ orient).numpy(),
        body_pose=rotmat_to_axisangle(pose).flatten(start_dim=1).numpy(),
        transl=in_camera.numpy(),
        betas=betas.numpy()[None],
        frame_index=np.arange(frames),
        valid=np.ones(frames, bool),
        fps=FPS,
        K=K,
        image_size=(HEIGHT, WIDTH),
        T_camera_world=T_camera_world.numpy(),
        gender="female",
    )
    return Person(
        content=content,
        model=model,
        joints=posed.joints.numpy() - down,
        vertices=posed.vertices.numpy() - down,
    )


def camera_path(t: torch.Tensor) -> torch.Tensor:
    """World (z up) to a camera that looks along +y from 5 m away, drifts and pans."""
    look = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=torch.float64)
    rotmat = rotation_about("y", 0.2 * t) @ look
    place = torch.stack([0.3 * t, -5.0 + 0.2 * t, 1.3 + 0.0 * t], dim=1)
    transforms = torch.eye(4, dtype=torch.float64).repeat(len(t), 1, 1)
    transforms[:, :3, :3] = rotmat
    transforms[:, :3, 3] = -(rotmat @ place[..., None])[..., 0]
    return transforms


def without(content: MotionArrays, invalid: list[int], absent: list[int]) -> MotionArrays:
    """Mark some frames as invalid, with nonsense in them, and leave others out altogether."""
    valid = content.valid.copy()
    valid[invalid] = False
    transl = content.transl.copy()
    transl[invalid] = 99.0
    marked = MotionArrays(**{**vars_of(content), "valid": valid, "transl": transl})
    return marked.select(~np.isin(np.arange(len(content)), absent))


def vars_of(content: MotionArrays) -> dict:
    return {name: getattr(content, name) for name in content.__dataclass_fields__}


def pose_smpl(
    model: SmplModel, poses: np.ndarray, transl: np.ndarray, betas: np.ndarray
) -> np.ndarray:
    """Pose 24 joints from (rows, 72) axis-angle as torch does."""
    motion = Motion.from_axisangle(
        *(
            torch.from_numpy(np.asarray(array, np.float32))
            for array in (poses[:, :3], poses[:, 3:], transl, betas)
        )
    )
    return motion.pose(model).joints.numpy()


def chain(offsets: np.ndarray, rotmats: np.ndarray, parents: list[int]) -> np.ndarray:
    """Walk down a tree whose offsets may differ by row: (rows, joints, 3) both in and out."""
    world = np.zeros_like(rotmats)
    places = np.zeros_like(offsets)
    for joint, parent in enumerate(parents):
        if parent < 0:
            world[:, joint], places[:, joint] = rotmats[:, joint], offsets[:, joint]
            continue
        world[:, joint] = world[:, parent] @ rotmats[:, joint]
        turned = np.einsum("rab,rb->ra", world[:, parent], offsets[:, joint])
        places[:, joint] = places[:, parent] + turned
    return places
