"""A person that is seen along a ray, and a network with random weights."""

import functools

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.motion_prior.network import MotionPrior, MotionPriorConfig
from neuhmr.motion_prior.view import NUM_BETAS, NUM_SEEN, PersonView, Sightings, view_person

SMALL = MotionPriorConfig(width=32, layers=2, heads=2, hidden=48)


@functools.cache
def body() -> ShapedBody:
    model = load_body_model()
    return model.with_shape(torch.linspace(-1.0, 1.0, model.num_betas))


def random_poses(frames: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations of all joints, and places of the pelvis some meters away."""
    generator = torch.Generator().manual_seed(seed)
    rotmat = axisangle_to_rotmat(0.4 * torch.randn(frames, 24, 3, generator=generator))
    pelvis = torch.tensor([0.8, -0.3, 4.0]) + 0.2 * torch.randn(frames, 3, generator=generator)
    return rotmat, pelvis


def random_view(frames: int, seed: int = 0, sightings: Sightings | None = None) -> PersonView:
    rotmat, pelvis = random_poses(frames, seed)
    return view_person(body().joints_rest, torch.zeros(NUM_BETAS), rotmat, pelvis, sightings)


def random_sightings(frames: int, seed: int = 1) -> Sightings:
    generator = torch.Generator().manual_seed(seed)
    off = 0.2 * torch.randn(frames, NUM_SEEN, 2, generator=generator)
    directions = torch.cat([off + torch.tensor([0.2, -0.1]), torch.ones(frames, NUM_SEEN, 1)], -1)
    is_seen = torch.rand(frames, NUM_SEEN, generator=generator) < 0.8
    return Sightings(directions, torch.full((frames, NUM_SEEN), 0.02), is_seen)


def random_network(seed: int = 0) -> MotionPrior:
    """A network that corrects something: its last layer is not zero."""
    torch.manual_seed(seed)
    network = MotionPrior(SMALL).eval().requires_grad_(False)
    torch.nn.init.normal_(network.decode.weight, std=0.05)
    return network
