"""One filmed person: what the fit to MediaPipe's landmarks made of the film, and the truth."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import DatasetError
from neuhmr.files.npz_files import read_npz
from neuhmr.motion_prior.view import Sightings

_FORMAT = "neuhmr-filmed-fit 1"
_REMEDY = "make it with neuhmr people --preset fits"


@dataclass(frozen=True)
class FilmedFit:
    """The frames of a clip in which somebody was found; all in the camera's axes."""

    times: Float[Tensor, " frames"]
    """When each frame is shown (s)."""
    fitted_rotmat: Float[Tensor, "frames 24 3 3"]
    """Of the fit: root first, then the body joints in their parents'."""
    fitted_transl: Float[Tensor, "frames 3"]
    fitted_betas: Float[Tensor, " betas"]
    directions: Float[Tensor, "frames seen 3"]
    """Where landmarks have the joints; see `Sightings`."""
    misses: Float[Tensor, "frames seen"]
    is_seen: Int[Tensor, "frames seen"]
    """1 where a joint was found."""
    true_rotmat: Float[Tensor, "frames 24 3 3"]
    true_transl: Float[Tensor, "frames 3"]
    true_betas: Float[Tensor, " betas"]

    def __len__(self) -> int:
        return len(self.times)

    @property
    def sightings(self) -> Sightings:
        """Where joints are seen in each frame."""
        return Sightings(self.directions, self.misses, self.is_seen > 0)


def write_filmed_fit(path: Path, fit: FilmedFit) -> None:
    """Write a fit; all of it or nothing.

    Raises:
        OutputError: it cannot be written.
    """
    arrays = {field.name: getattr(fit, field.name).numpy() for field in fields(fit)}
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, format=np.array(_FORMAT), **arrays)


def read_filmed_fit(path: Path) -> FilmedFit:
    """Read a fit.

    Raises:
        DatasetError: the file is missing, damaged or of another kind.
    """
    expected = "a filmed fit (npz)"
    arrays = read_npz(path, DatasetError, expected, _REMEDY)
    names = {field.name for field in fields(FilmedFit)}
    if str(arrays.pop("format", "")) != _FORMAT or set(arrays) != names:
        raise DatasetError(f"{path} is another kind of file, {expected} was expected; {_REMEDY}.")
    return FilmedFit(**{name: torch.from_numpy(values) for name, values in arrays.items()})
