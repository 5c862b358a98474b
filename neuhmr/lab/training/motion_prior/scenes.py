"""True people before true cameras."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.rotations import euler_to_rotmat
from neuhmr.lab.training.motion_prior.noise import drifting, normal, uniform
from neuhmr.lab.training.motion_prior.windows import Windows
from neuhmr.motion_prior.view import NUM_BETAS, posed_joints
from neuhmr.tensor_struct import TensorStruct

BETA_SPREAD = 1.0


@dataclass(frozen=True)
class Bodies(TensorStruct):
    """Joints at rest of a body model, whatever the shape."""

    mean: Float[Tensor, "24 3"]
    by_beta: Float[Tensor, "24 3 betas"]

    @staticmethod
    def of_model(model: SmplModel) -> "Bodies":
        """Take what joints need from a body model."""
        directions = torch.einsum("jv,vcb->jcb", model.J_regressor, model.shapedirs)
        mean = model.J_regressor @ model.v_template
        return Bodies(mean, directions[..., :NUM_BETAS])

    def joints_rest(self, betas: Float[Tensor, "batch betas"]) -> Float[Tensor, "batch 24 3"]:
        """Give every body its joints (m)."""
        return self.mean + torch.einsum("jcb,nb->njc", self.by_beta, betas)


@dataclass(frozen=True)
class Scenes(TensorStruct):
    """What is true in the camera's axes."""

    betas: Float[Tensor, "batch betas"]
    joints_rest: Float[Tensor, "batch 24 3"]
    rotmat: Float[Tensor, "batch frames 24 3 3"]
    pelvis: Float[Tensor, "batch frames 3"]

    def after(self, frames: int) -> "Scenes":
        """Leave out so many frames at the beginning."""
        return replace(self, rotmat=self.rotmat[:, frames:], pelvis=self.pelvis[:, frames:])

    def joints(self) -> Float[Tensor, "batch frames 24 3"]:
        """Pose the joints (m, the camera's axes, from the pelvis)."""
        return posed_joints(self.joints_rest[:, None], self.rotmat)


def film(windows: Windows, bodies: Bodies, generator: torch.Generator) -> Scenes:
    """Give every window a body, and a camera that stands, follows or walks."""
    batch = len(windows.pelvis)
    betas = BETA_SPREAD * normal((batch, NUM_BETAS), generator)
    rest = bodies.joints_rest(betas)
    # Tracks were made for the mean body; long legs carry further.
    legs = (rest[:, 1, 1] - rest[:, 7, 1]) / (bodies.mean[1, 1] - bodies.mean[7, 1])
    pelvis = windows.pelvis * legs[:, None, None]
    axes, center = _cameras(pelvis, generator)
    root = axes @ windows.rotmat[:, :, 0]
    rotmat = torch.cat([root[:, :, None], windows.rotmat[:, :, 1:]], dim=2)
    seen = (axes @ (pelvis - center)[..., None])[..., 0]
    return Scenes(betas, rest, rotmat, seen)


def _cameras(
    pelvis: Float[Tensor, "batch frames 3"], generator: torch.Generator
) -> tuple[Float[Tensor, "batch frames 3 3"], Float[Tensor, "batch frames 3"]]:
    """Stand at any height, look about at the person, tilt a little, shake a little."""
    batch, frames = pelvis.shape[:2]
    far = uniform(2.2, 7.0, (batch, 1), generator)
    azimuth = uniform(0.0, 2.0 * torch.pi, (batch, 1), generator)
    # A camera that walks goes around the person or towards it.
    seconds = torch.arange(frames) / 30.0
    walks = (torch.rand(batch, 1, generator=generator) < 0.25).float()
    azimuth = azimuth + walks * 0.3 * normal((batch, 1), generator) * seconds
    far = (far + walks * 0.4 * normal((batch, 1), generator) * seconds).clamp_min(1.8)
    usual = 1.4 + 0.35 * normal((batch, 1), generator)
    anywhere = uniform(0.2, 3.2, (batch, 1), generator)
    is_usual = torch.rand(batch, 1, generator=generator) < 0.5
    height = torch.where(is_usual, usual, anywhere).clamp(0.15, 3.5).expand(batch, frames)
    middle = pelvis.mean(dim=1, keepdim=True)
    offset = torch.stack([azimuth.sin() * far, height, azimuth.cos() * far], dim=-1)
    center = middle * middle.new_tensor([1.0, 0.0, 1.0]) + offset
    follows = (torch.rand(batch, 1, 1, generator=generator) < 0.5).float()
    target = follows * pelvis + (1.0 - follows) * middle
    z = torch.nn.functional.normalize(target - center, dim=-1)
    down = z.new_tensor([0.0, -1.0, 0.0]).expand_as(z)
    x = torch.nn.functional.normalize(torch.linalg.cross(down, z), dim=-1)
    level = torch.stack([x, torch.linalg.cross(z, x), z], dim=-2)
    half = torch.full((batch,), 0.9)
    shaken = drifting(half, torch.full((batch,), 6.0), frames, 3, generator)
    # Pitch and yaw move the person in the picture, roll tilts it.
    angles = shaken * shaken.new_tensor([0.1, 0.15, 0.05])
    return euler_to_rotmat(angles) @ level, center
