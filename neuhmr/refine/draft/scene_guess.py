"""Where gravity and the floor are in a picture, guessed along with the poses."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.refine.priors.ground import Ground, floor_loss
from neuhmr.refine.settings.draft import DraftConfig

LowestHeights = Callable[[Float[Tensor, "3"]], Float[Tensor, " frames"]]
"""From the upward direction to how high each frame's lowest point is along it (m)."""
MOST_PITCH = 0.6
"""Of the pitches that are tried before the descent (rad)."""
ANYWHERE = 1.0
"""Deviation of the heights of cameras that nobody holds (m)."""
ROUGH_FLOOR = 0.15
"""How evenly poses stand before they are fitted: seen from above, their distances err, too (m)."""
_PITCH, _ROLL, _HEIGHT = range(3)
_HEIGHT_STEP = 0.1
"""How many meters one unit of the floor's parameter stands for."""


class SceneGuess:
    """Pitch and roll of the camera, and how high it is over the floor.

    A camera that is held at breast height and sees somebody's feet below the middle of the picture
    looks down by an angle that follows from how far away they are.
    """

    def __init__(self, lowest: LowestHeights, config: DraftConfig) -> None:
        self._config = config
        pitches = torch.linspace(-MOST_PITCH, MOST_PITCH, 49)
        flat = torch.zeros(())
        found = torch.stack([lowest(_upward(p, flat)).cpu() for p in pitches])
        heights = found.median(dim=1).values
        # Feet that come nearer are seen lower, by how much tells how the camera looks.
        off_floor = (found - heights[:, None]).flatten()
        uneven = floor_loss(off_floor, torch.zeros_like(off_floor), ROUGH_FLOOR)
        costs = self._pitch_cost(pitches) + self._height_cost(heights)
        costs = costs + config.floor_weight * uneven.unflatten(0, found.shape).mean(dim=1)
        best = int(costs.argmin())
        start = torch.stack(
            [pitches[best] / config.sigma_pitch, flat, heights[best] / _HEIGHT_STEP]
        )
        device = lowest(_upward(pitches[best], flat)).device
        self.parameters = start.to(device).requires_grad_()

    def ground(self) -> Ground:
        """Give the guess: one direction and one height."""
        pitch = self.parameters[_PITCH] * self._config.sigma_pitch
        roll = self.parameters[_ROLL] * self._config.sigma_roll
        return Ground(_upward(pitch, roll), self.parameters[_HEIGHT] * _HEIGHT_STEP)

    def cost(self) -> Float[Tensor, ""]:
        """How unlikely the camera is: squared standard deviations."""
        pitch = self.parameters[_PITCH] * self._config.sigma_pitch
        height = self.parameters[_HEIGHT] * _HEIGHT_STEP
        roll = self.parameters[_ROLL].square()
        return self._pitch_cost(pitch) + roll + self._height_cost(height)

    def _pitch_cost(self, pitch: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return (pitch / self._config.sigma_pitch).square()

    def _height_cost(self, height: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        """Most cameras are held in a hand; some are anywhere."""
        config = self._config
        off = height + config.camera_height
        ways = (
            (1.0 - config.camera_anywhere, config.sigma_camera_height),
            (config.camera_anywhere, ANYWHERE),
        )

        def log_likelihood(off: Tensor) -> Tensor:
            # Logarithms: far from where anybody holds a camera its density is zero in 32 bits.
            terms = [
                -0.5 * (off / sigma).square() + math.log(max(share, 1e-30) / sigma)
                for share, sigma in ways
            ]
            return torch.logaddexp(*terms)

        return -2.0 * (log_likelihood(off) - log_likelihood(torch.zeros_like(off)))


def _upward(pitch: Float[Tensor, ""], roll: Float[Tensor, ""]) -> Float[Tensor, "3"]:
    """Direction against gravity of a camera with some pitch and roll (rad; OpenCV axes)."""
    return torch.stack([roll.sin() * pitch.cos(), -roll.cos() * pitch.cos(), pitch.sin()])
