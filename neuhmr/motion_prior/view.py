"""What the prior sees of a person: poses and sightings in axes that turn with the viewing ray.

In every frame z points from the camera to the pelvis, x to the right and y down. In these axes
neither the camera's field of view nor where in the picture somebody stands makes a difference, and
what a picture tells (x, y) is apart from what it does not (z).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.skeleton import MATCHING_JOINTS, NUM_JOINTS, SMPL_PARENTS
from neuhmr.geometry.rotations import rotmat_to_rot6d
from neuhmr.tensor_struct import TensorStruct

NUM_SEEN = len(MATCHING_JOINTS)
NUM_BETAS = 10
SURE = 0.02
"""A sighting that misses by so much (m) counts half."""
NUM_INPUTS = NUM_JOINTS * 9 + NUM_SEEN * 5 + 3 + 1 + 3 + NUM_BETAS


@dataclass(frozen=True)
class Sightings(TensorStruct):
    """Where joints are seen in the picture, whoever looked."""

    directions: Float[Tensor, "*batch frames seen 3"]
    """From the camera through `MATCHING_JOINTS`, in its axes; any length, z positive."""
    misses: Float[Tensor, "*batch frames seen"]
    """Expected error along each axis of the picture, at the pelvis's distance (m)."""
    is_seen: Bool[Tensor, "*batch frames seen"]
    """False where a joint was not found; the rest of it is not looked at there."""


def ray_axes(pelvis: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Turn the camera's axes so that z points at the pelvis and x stays level in the picture.

    Returns:
        Rotations from the camera's axes to those of the ray, one row per axis.
    """
    z = torch.nn.functional.normalize(pelvis, dim=-1)
    down = torch.tensor([0.0, 1.0, 0.0]).to(pelvis).expand_as(pelvis)
    x = torch.nn.functional.normalize(torch.linalg.cross(down, z), dim=-1)
    return torch.stack([x, torch.linalg.cross(z, x), z], dim=-2)


def posed_joints(
    joints_rest: Float[Tensor, "*#batch joints 3"], rotmat: Float[Tensor, "*batch joints 3 3"]
) -> Float[Tensor, "*batch joints 3"]:
    """Pose the joints of many different bodies; the pelvis stays at the origin (m)."""
    batch = rotmat.shape[:-3]
    offsets = torch.zeros_like(joints_rest)
    parents = list(SMPL_PARENTS[1:])
    offsets[..., 1:, :] = joints_rest[..., 1:, :] - joints_rest[..., parents, :]
    offsets = offsets.expand(*batch, NUM_JOINTS, 3)
    world: dict[int, Tensor] = {0: rotmat[..., 0, :, :]}
    joints: dict[int, Tensor] = {0: offsets[..., 0, :]}
    # Level after level of the tree: nine products of many joints instead of 23 of one each.
    level = [0]
    while level:
        below = [joint for joint in range(1, NUM_JOINTS) if SMPL_PARENTS[joint] in level]
        if below:
            above = torch.stack([world[SMPL_PARENTS[joint]] for joint in below], dim=-3)
            steps = (above @ offsets[..., below, :, None])[..., 0]
            turned = above @ rotmat[..., below, :, :]
            for place, joint in enumerate(below):
                joints[joint] = joints[SMPL_PARENTS[joint]] + steps[..., place, :]
                world[joint] = turned[..., place, :, :]
        level = below
    return torch.stack([joints[joint] for joint in range(NUM_JOINTS)], dim=-2)


@dataclass(frozen=True)
class PersonView(TensorStruct):
    """Initial poses of a person, with what is seen, in the axes of the viewing rays."""

    joints_rest: Float[Tensor, "*batch 24 3"]
    """Of the body the poses are for (m)."""
    betas: Float[Tensor, "*batch betas"]
    rotmat: Float[Tensor, "*batch frames 24 3 3"]
    """Root in the ray's axes first, then the body joints in their parents'."""
    pelvis: Float[Tensor, "*batch frames 3"]
    """In the camera's axes (m)."""
    axes: Float[Tensor, "*batch frames 3 3"]
    """`ray_axes` of the pelvis."""
    places: Float[Tensor, "*batch frames seen 2"]
    """Sightings at the pelvis's distance, from the pelvis (m); 0 where nothing is seen."""
    sureness: Float[Tensor, "*batch frames seen"]
    """1 for a sighting without error, 0 for none."""

    @property
    def distance(self) -> Float[Tensor, "*batch frames"]:
        """From the camera to the pelvis (m)."""
        return self.pelvis.norm(dim=-1)

    def joints(self) -> Float[Tensor, "*batch frames 24 3"]:
        """Pose the joints in the ray's axes, from the pelvis (m)."""
        return posed_joints(self.joints_rest[..., None, :, :], self.rotmat)

    def inputs(self) -> Float[Tensor, "*batch frames inputs"]:
        """Line up all numbers that the network reads, each of about unit size."""
        joints = self.joints()
        seen = joints[..., list(MATCHING_JOINTS), :]
        distance = self.distance
        shown = (
            seen[..., :2] * (distance[..., None] / (distance[..., None] + seen[..., 2]))[..., None]
        )
        is_seen = (self.sureness > 0.0)[..., None]
        off = torch.where(is_seen, self.places - shown, 0.0)
        middle = self.pelvis.mean(dim=-2, keepdim=True)
        moved = (self.axes @ (self.pelvis - middle)[..., None])[..., 0]
        betas = self.betas[..., None, :].expand(*distance.shape, NUM_BETAS)
        return torch.cat(
            [
                rotmat_to_rot6d(self.rotmat).flatten(start_dim=-2),
                2.0 * joints.flatten(start_dim=-2),
                10.0 * off.flatten(start_dim=-2),
                2.0 * self.places.flatten(start_dim=-2),
                self.sureness,
                self.axes[..., 2, :],
                distance.log()[..., None] - 1.5,
                moved,
                0.5 * betas,
            ],
            dim=-1,
        )


def view_person(
    joints_rest: Float[Tensor, "*batch 24 3"],
    betas: Float[Tensor, "*batch some_betas"],
    rotmat: Float[Tensor, "*batch frames 24 3 3"],
    pelvis: Float[Tensor, "*batch frames 3"],
    sightings: Sightings | None,
) -> PersonView:
    """Look along the rays.

    Args:
        joints_rest: of the body the poses are for (m).
        betas: its shape; what is beyond the tenth is not looked at.
        rotmat: root in the camera's axes first, then the body joints in their parents'.
        pelvis: in the camera's axes (m).
        sightings: where joints are seen; None for nowhere.
    """
    axes = ray_axes(pelvis)
    root = axes @ rotmat[..., 0, :, :]
    turned = torch.cat([root[..., None, :, :], rotmat[..., 1:, :, :]], dim=-3)
    short = betas[..., :NUM_BETAS]
    short = torch.nn.functional.pad(short, (0, NUM_BETAS - short.shape[-1]))
    if sightings is None:
        places = pelvis.new_zeros(*pelvis.shape[:-1], NUM_SEEN, 2)
        sureness = pelvis.new_zeros(*pelvis.shape[:-1], NUM_SEEN)
    else:
        along = (axes[..., None, :, :] @ sightings.directions[..., None])[..., 0]
        is_seen = sightings.is_seen & (along[..., 2] > 0.0)
        depth = torch.where(is_seen, along[..., 2], 1.0)
        distance = pelvis.norm(dim=-1)[..., None, None]
        places = torch.where(is_seen[..., None], along[..., :2] / depth[..., None] * distance, 0.0)
        sureness = torch.where(is_seen, SURE / (SURE + sightings.misses), 0.0)
    return PersonView(joints_rest, short, turned, pelvis, axes, places, sureness)
