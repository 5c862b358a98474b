"""How likely a pose is: a Gaussian over joint angles and over how the trunk stands in gravity.

No image term sees errors along the viewing ray. That a knee bends one way only, that arms usually
hang, and that somebody who leans forward has a leg to stand on, does tell. The Gaussian was fitted
by `pose_prior_fit` to this project's own generated motions, mirrored, and widened; it holds no
recorded data.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.clip.npz_writing import write_npz
from neuhmr.geometry.rotations import rotmat_to_axisangle
from neuhmr.losses.image import geman_mcclure
from neuhmr.tensor_struct import TensorStruct

POSE_PRIOR_PATH = Path(__file__).parent / "pose_prior.npz"
UNUSUAL = 2.0
"""Poses whose mean deviation is far beyond so many standard deviations are not pulled any more:
people do lie, crouch and climb."""


@dataclass(frozen=True)
class PosePrior(TensorStruct):
    """A Gaussian over the axis-angle numbers of the 23 body joints and the root's upward axis."""

    mean: Float[Tensor, " numbers"]
    """Most likely angles (rad), then the most likely upward direction in the root's frame."""
    whitening: Float[Tensor, "numbers numbers"]
    """Turns deviations from the mean into independent numbers of unit variance."""

    def deviations(
        self, body_pose: Float[Tensor, "*batch 23 3 3"], up: Float[Tensor, "*batch 3"]
    ) -> Float[Tensor, "*batch numbers"]:
        """Standardize poses: independent numbers of unit variance for likely ones.

        Args:
            body_pose: rotations of the body joints.
            up: the direction against gravity in the root's frame.
        """
        return (pose_numbers(body_pose, up) - self.mean) @ self.whitening.T


def pose_numbers(
    body_pose: Float[Tensor, "*batch 23 3 3"], up: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch numbers"]:
    """Describe poses by the 72 numbers that the prior is about."""
    return torch.cat([rotmat_to_axisangle(body_pose).flatten(start_dim=-2), up], dim=-1)


def fit_pose_prior(
    body_pose: Float[Tensor, "frames 23 3 3"],
    up: Float[Tensor, "frames 3"],
    widening: float,
    up_widening: float,
) -> PosePrior:
    """Fit the Gaussian to poses.

    Args:
        body_pose: examples, all equally likely.
        up: the direction against gravity in each example's root frame.
        widening: added to every angle's standard deviation, in quadrature (rad).
        up_widening: the same for the upward direction.
    """
    numbers = pose_numbers(body_pose, up).double()
    mean = numbers.mean(dim=0)
    centered = numbers - mean
    added = torch.full_like(mean, widening**2)
    added[-3:] = up_widening**2
    covariance = centered.T @ centered / len(numbers) + torch.diag(added)
    # The inverse of the Cholesky factor whitens: cov = L L^T, so L^-1 x has unit covariance.
    factor = torch.linalg.cholesky(covariance)
    identity = torch.eye(len(mean), dtype=torch.float64)
    whitening = torch.linalg.solve_triangular(factor, identity, upper=False)
    return PosePrior(mean.float(), whitening.float())


def write_pose_prior(path: Path, prior: PosePrior, notes: Mapping[str, str]) -> None:
    """Write the file that `load_pose_prior` reads, and notes on how it was fitted."""
    arrays = {"mean": prior.mean.numpy(), "whitening": prior.whitening.numpy()}
    arrays |= {name: np.array(note) for name, note in notes.items()}
    write_npz(path, True, **arrays)


@functools.cache
def load_pose_prior(device: torch.device) -> PosePrior:
    """Read the embedded prior once per device."""
    with np.load(POSE_PRIOR_PATH, allow_pickle=False) as data:
        prior = PosePrior(torch.from_numpy(data["mean"]), torch.from_numpy(data["whitening"]))
    return prior.to(device)


def plausibility_loss(
    rotmat: Float[Tensor, "*batch 24 3 3"], up: Float[Tensor, "*batch 3"], prior: PosePrior
) -> Float[Tensor, " *batch"]:
    """Mean squared deviation of a pose from the prior, about 1 for likely poses.

    Levels off for unusual poses (Geman-McClure), so they are not bent into usual ones.

    Args:
        rotmat: root in the camera's frame, then the body joints.
        up: the direction against gravity in the camera's frame.
        prior: what is likely.
    """
    up_in_root = (rotmat[..., 0, :, :].transpose(-1, -2) @ up[..., None])[..., 0]
    squared = prior.deviations(rotmat[..., 1:, :, :], up_in_root).square().mean(dim=-1)
    return geman_mcclure(squared, UNUSUAL)
