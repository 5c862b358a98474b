"""Small training people of one pose seen by a ring of cameras, in the real file format."""

from pathlib import Path

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.lab.people.training_person import TrainingPerson, write_training_person
from tests.ghn.scene import make_views

VIEWS = 4


def ring_person(seed: int = 0, poses: int = 1) -> TrainingPerson:
    """Somebody painted by position, each pose seen from all around at 3 m."""
    generator = torch.Generator().manual_seed(seed)
    model = load_body_model()
    upright = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    turns = rotation_about("y", torch.arange(VIEWS) * (2 * torch.pi / VIEWS))
    betas = torch.randn(10, generator=generator) * 0.5
    pelvis = model.with_shape(betas).joints_rest[0]
    noise = torch.randn(poses, 23, 3, generator=generator) * 0.1
    pictures = poses * VIEWS
    motion = Motion(
        global_orient=(upright @ turns).repeat(poses, 1, 1),
        body_pose=axisangle_to_rotmat(noise).repeat_interleave(VIEWS, dim=0),
        # The pelvis stays in the middle of the ring: it turns about itself.
        transl=(torch.tensor([0.0, 0.1, 3.0]) - pelvis).repeat(pictures, 1),
        betas=betas,
        frame_index=torch.arange(pictures),
        valid=torch.ones(pictures, dtype=torch.bool),
    )
    views = make_views(model.with_shape(betas), motion.pose(model))
    return TrainingPerson(
        seed=seed,
        images=(views.images.permute(0, 2, 3, 1) * 255).byte(),
        masks=views.masks > 0.5,
        cameras=views.cameras,
        motion=motion,
        pose_index=torch.arange(pictures) // VIEWS,
        view_index=torch.arange(pictures) % VIEWS,
        body_model=model.digest,
    )


def write_ring(folder: Path, people: int = 1) -> None:
    """Write people whose one pose is seen from all around."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(people):
        write_training_person(folder / f"person_{seed:08d}.npz", ring_person(seed))
