"""The motion field: what to add to each frame's pose, as a function of time (NeuHMR Eq. 10).

Time runs from 0 at the first to 1 at the last frame. The network follows NeMo (arXiv 2212.13660):
radial basis functions of time, three hidden layers, a linear head per output.
"""

import itertools
import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import rot6d_to_rotmat, rotation_angle
from neuhmr.refine.settings.field import FieldConfig
from neuhmr.tensor_struct import TensorStruct

HEAD_GAIN = 1e-5
"""Of the heads' first weights, as in NeMo: the first residual is the identity to about 1e-5, and
never exactly so, since two zero columns would have no direction."""
IDENTITY_6D = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Residual(TensorStruct):
    """What is multiplied and added to a pose."""

    rot6d: Float[Tensor, "frames 24 6"]
    """Root first, then the 23 body joints."""
    transl: Float[Tensor, "frames 3"]
    """Camera space (m)."""


class TimeEncoding(nn.Module):
    """Radial basis functions of time with fixed, evenly spaced centers."""

    centers: Float[Tensor, " centers"]

    def __init__(self, num_centers: int, config: FieldConfig) -> None:
        super().__init__()
        self.kernel = config.kernel
        self.bandwidth = config.bandwidth_spacings / max(1, num_centers - 1)
        self.register_buffer("centers", torch.linspace(0.0, 1.0, num_centers), persistent=False)

    def forward(self, times: Float[Tensor, " frames"]) -> Float[Tensor, "frames centers"]:
        """Encode times in [0, 1].

        "gaussian_local" is exp(-d^2 / (2 s^2)) with s one center spacing: every frame has a code
        of its own. "nemo_quadratic" is d^4, NeMo's published kernel with its initial sigma of 1;
        its codes span about five dimensions whatever the number of centers.
        """
        squared = (times[:, None] - self.centers).square()
        if self.kernel == "nemo_quadratic":
            return squared.square()
        return torch.exp(-squared / (2.0 * self.bandwidth**2))


class MotionField(nn.Module):
    """Maps times to residual poses; the identity when new."""

    def __init__(
        self, num_centers: int, config: FieldConfig, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.encoding = TimeEncoding(num_centers, config)
        widths = [num_centers, config.width, config.width, config.width]
        self.trunk = nn.ModuleList(
            nn.Linear(w_in, w_out) for w_in, w_out in itertools.pairwise(widths)
        )
        self.rotation_head = nn.Linear(config.width, 24 * 6)
        self.translation_head = nn.Linear(config.width, 3)
        self._reset(generator)

    @torch.no_grad()
    def _reset(self, generator: torch.Generator | None) -> None:
        for layer in self.trunk:
            assert isinstance(layer, nn.Linear)
            bound = 1.0 / math.sqrt(layer.in_features)
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
        for head in (self.rotation_head, self.translation_head):
            bound = HEAD_GAIN * math.sqrt(6.0 / (head.in_features + head.out_features))
            head.weight.uniform_(-bound, bound, generator=generator)
        self.rotation_head.bias.copy_(torch.tensor(IDENTITY_6D).repeat(24))
        self.translation_head.bias.zero_()

    def forward(self, times: Float[Tensor, " frames"]) -> Residual:
        """Predict what to add at some times in [0, 1] (NeuHMR Eq. 10)."""
        hidden = self.encoding(times)
        for layer in self.trunk:
            hidden = torch.relu(layer(hidden))
        rot6d = self.rotation_head(hidden).unflatten(-1, (24, 6))
        return Residual(rot6d, self.translation_head(hidden))


def num_centers(num_frames: int, config: FieldConfig) -> int:
    """Number of basis functions of a clip: enough that long clips keep their fast motion."""
    if config.frames_per_center <= 0.0:
        return config.num_centers
    return max(config.num_centers, math.ceil(num_frames / config.frames_per_center))


def frame_times(frame_index: Int[Tensor, " frames"]) -> Float[Tensor, " frames"]:
    """Scale frame numbers to [0, 1]; gaps in the numbering stay gaps in time."""
    first, last = frame_index[0], frame_index[-1]
    return (frame_index - first).float() / (last - first).clamp_min(1).float()


def mask_residual(
    residual: Residual, free: Bool[Tensor, "frames 24"], free_transl: Bool[Tensor, " frames"]
) -> Residual:
    """Reset what is locked to the identity, exactly, and cut its gradient."""
    identity = residual.rot6d.new_tensor(IDENTITY_6D)
    rot6d = torch.where(free[..., None], residual.rot6d, identity)
    transl = torch.where(free_transl[:, None], residual.transl, 0.0)
    return Residual(rot6d, transl)


def apply_residual(pose: LocalPose, residual: Residual) -> LocalPose:
    """Right-multiply residual rotations and add residual translations (NeuHMR Eq. 10).

    A rotation multiplied from the right turns the joint in its own posed frame; for the root this
    is about the pelvis, so it does not move the person.
    """
    return LocalPose(pose.rotmat @ rot6d_to_rotmat(residual.rot6d), pose.transl + residual.transl)


def residual_angles(residual: Residual) -> Float[Tensor, "frames 24"]:
    """Measure how far each joint was turned (rad)."""
    return rotation_angle(rot6d_to_rotmat(residual.rot6d))
