"""A temporal transformer from what is seen of a person to where the joints are likely to be."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from neuhmr.body.skeleton import NUM_JOINTS
from neuhmr.geometry.rotations import rot6d_to_rotmat, rotmat_to_rot6d
from neuhmr.motion_prior.view import NUM_INPUTS, PersonView, posed_joints
from neuhmr.tensor_struct import TensorStruct

NUM_OUTPUTS = NUM_JOINTS * 6 + 3 + NUM_JOINTS * 2 + 2
LEAST_SIGMA, MOST_SIGMA = 0.003, 1.0
"""Bounds of what the network may say of its own error (m)."""
USUAL_SIGMA = 0.05
"""What it says before it has learnt anything (m)."""


@dataclass(frozen=True, kw_only=True)
class MotionPriorConfig:
    """Size of the network."""

    width: int = 256
    layers: int = 6
    heads: int = 8
    hidden: int = 768
    """Width between the two layers of each perceptron."""


@dataclass(frozen=True)
class Belief(TensorStruct):
    """Likely poses, in the axes of the initial poses' viewing rays."""

    rotmat: Float[Tensor, "*batch frames 24 3 3"]
    """Root in the ray's axes first, then the body joints in their parents'."""
    shift: Float[Tensor, "*batch frames 3"]
    """Of the pelvis from its initial place, in the ray's axes (m)."""
    along: Float[Tensor, "*batch frames 24"]
    """Expected error of the hip-aligned joints along the ray (m)."""
    across: Float[Tensor, "*batch frames 24"]
    """The same across it, per axis (m)."""
    root_across: Float[Tensor, "*batch frames"]
    """Expected error of the pelvis across the ray, per axis (m)."""
    root_along: Float[Tensor, "*batch frames"]
    """The same along it (m)."""

    def joints(self, view: PersonView) -> Float[Tensor, "*batch frames 24 3"]:
        """Pose the joints in the ray's axes, from the pelvis (m)."""
        return posed_joints(view.joints_rest[..., None, :, :], self.rotmat)


class MotionPrior(nn.Module):
    """Attention over the frames of a window; corrects initial poses and says how sure it is."""

    def __init__(self, config: MotionPriorConfig) -> None:
        super().__init__()
        self.config = config
        self.encode = nn.Sequential(
            nn.Linear(NUM_INPUTS, config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.decode = nn.Linear(config.width, NUM_OUTPUTS)
        # At first nothing is corrected.
        nn.init.zeros_(self.decode.weight)
        nn.init.zeros_(self.decode.bias)

    def forward(
        self,
        view: PersonView,
        times: Float[Tensor, "batch frames"],
        is_there: Bool[Tensor, "batch frames"] | None = None,
    ) -> Belief:
        """Look at whole windows at once.

        Args:
            view: what is seen (one batch axis).
            times: of the frames, in thirtieths of a second; gaps are gaps.
            is_there: False for rows that only fill a window up.
        """
        return read_belief(self.numbers(view.inputs(), times, is_there), view)

    def numbers(
        self,
        inputs: Float[Tensor, "batch frames inputs"],
        times: Float[Tensor, "batch frames"],
        is_there: Bool[Tensor, "batch frames"] | None = None,
    ) -> Float[Tensor, "batch frames outputs"]:
        """Compute what `read_belief` turns into poses."""
        tokens = self.encode(inputs)
        cosines, sines = _turns(times, self.config.width // self.config.heads)
        allowed = None if is_there is None else is_there[:, None, None, :]
        for block in self.blocks:
            tokens = block(tokens, cosines, sines, allowed)
        return self.decode(self.norm(tokens))


def read_belief(numbers: Float[Tensor, "batch frames outputs"], view: PersonView) -> Belief:
    """Apply the network's numbers to the poses that it has seen."""
    turns, shift, sigmas, roots = numbers.split([NUM_JOINTS * 6, 3, NUM_JOINTS * 2, 2], dim=-1)
    rot6d = rotmat_to_rot6d(view.rotmat) + turns.unflatten(-1, (NUM_JOINTS, 6))
    sigmas = (USUAL_SIGMA * sigmas.exp()).clamp(LEAST_SIGMA, MOST_SIGMA)
    roots = (USUAL_SIGMA * roots.exp()).clamp(LEAST_SIGMA, MOST_SIGMA)
    along, across = sigmas.chunk(2, dim=-1)
    return Belief(rot6d_to_rotmat(rot6d), 0.3 * shift, along, across, roots[..., 0], roots[..., 1])


class _Block(nn.Module):
    """Self-attention and a perceptron, each after a norm and beside a shortcut."""

    def __init__(self, config: MotionPriorConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention_norm = nn.LayerNorm(config.width)
        self.mix = nn.Linear(config.width, 3 * config.width)
        self.join = nn.Linear(config.width, config.width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width),
        )

    def forward(
        self, tokens: Tensor, cosines: Tensor, sines: Tensor, allowed: Tensor | None
    ) -> Float[Tensor, "batch frames width"]:
        """Mix the frames, then the numbers of each."""
        mixed = self.mix(self.attention_norm(tokens)).unflatten(-1, (3, self.heads, -1))
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        query, key = _turn(query, cosines, sines), _turn(key, cosines, sines)
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        tokens = tokens + self.join(found.transpose(1, 2).flatten(start_dim=2))
        return tokens + self.perceptron(tokens)


def _turns(
    times: Float[Tensor, "batch frames"], width: int
) -> tuple[Float[Tensor, "batch 1 frames half"], Float[Tensor, "batch 1 frames half"]]:
    """Cosines and sines that tell attention how far apart frames are (rotary embedding)."""
    half = width // 2
    # From one turn in six frames to one in 600.
    periods = torch.logspace(math.log10(6.0), math.log10(600.0), half).to(times)
    angles = 2.0 * math.pi * times[:, None, :, None] / periods
    return angles.cos(), angles.sin()


def _turn(vectors: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    first, second = vectors.chunk(2, dim=-1)
    return torch.cat([first * cosines - second * sines, first * sines + second * cosines], dim=-1)
