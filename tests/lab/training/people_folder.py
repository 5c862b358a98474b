"""Small training people in the real file format, painted by position instead of dressed."""

from pathlib import Path

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.lab.people.training_person import TrainingPerson, write_training_person
from tests.ghn.scene import make_views


def write_people(folder: Path, count: int, frames: int = 4) -> None:
    """Write `count` people of different shapes, seen from all around."""
    folder.mkdir(parents=True, exist_ok=True)
    model = load_body_model()
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        upright = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
        turns = rotation_about("y", torch.arange(frames) * (2 * torch.pi / frames))
        noise = torch.randn(frames, 23, 3, generator=generator) * 0.1
        motion = Motion(
            global_orient=upright @ turns,
            body_pose=axisangle_to_rotmat(noise),
            transl=torch.tensor([0.0, 0.0, 3.0]).repeat(frames, 1),
            betas=torch.randn(10, generator=generator) * 0.5,
            frame_index=torch.arange(frames),
            valid=torch.ones(frames, dtype=torch.bool),
        )
        body = model.with_shape(motion.betas)
        views = make_views(body, motion.pose(model))
        person = TrainingPerson(
            seed=seed,
            images=(views.images.permute(0, 2, 3, 1) * 255).byte(),
            masks=views.masks > 0.5,
            cameras=views.cameras,
            motion=motion,
            pose_index=torch.arange(frames),
            view_index=torch.zeros(frames, dtype=torch.int64),
            body_model=model.digest,
        )
        write_training_person(folder / f"person_{seed:08d}.npz", person)
