"""How far hair, clothes and shoes stick out from the body, so that masks do not look like bodies.

A body that is made to fill the mask of a dressed person comes too near to the camera. The figures
are those of training people: the distance of their masks' edges from the edges of their naked
bodies, by the part of the body that is nearest.
"""

import torch
from jaxtyping import Float
from torch import Tensor

_PARTS: tuple[tuple[tuple[int, ...], float, float], ...] = (
    ((12, 15), 0.014, 0.010),
    ((0, 3, 6, 9, 13, 14), 0.019, 0.011),
    ((16, 17), 0.010, 0.008),
    ((18, 19), 0.007, 0.009),
    ((20, 21, 22, 23), 0.002, 0.005),
    ((1, 2), 0.015, 0.018),
    ((4, 5), 0.015, 0.017),
    ((7, 8, 10, 11), 0.015, 0.005),
)
"""Joints whose flesh it is, mean thickness and standard deviation between people (m)."""


class Clothes:
    """The thickness of one person's clothes, guessed along with the poses."""

    def __init__(self, device: torch.device) -> None:
        mean, spread = torch.zeros(24), torch.zeros(24, len(_PARTS))
        for number, (joints, usual, deviation) in enumerate(_PARTS):
            mean[list(joints)] = usual
            spread[list(joints), number] = deviation
        self._mean, self._spread = mean.to(device), spread.to(device)
        self.parameters = torch.zeros(len(_PARTS), device=device, requires_grad=True)

    def thickness(self) -> Float[Tensor, " joints"]:
        """How thick the clothes are around each joint's flesh (m)."""
        return self._mean + self._spread @ self.parameters

    def cost(self) -> Float[Tensor, ""]:
        """How unusual they are: squared standard deviations."""
        return self.parameters.square().sum()
