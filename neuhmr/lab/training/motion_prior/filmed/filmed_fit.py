"""One filmed person: what the fit to MediaPipe's landmarks made of the film, and the truth."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import DatasetError
from neuhmr.files.npz_files import read_npz
from neuhmr.tensor_struct import TensorStruct

_FORMAT = "neuhmr-filmed-fit 1"
_REMEDY = "make it with neuhmr people --preset fits"


@dataclass(frozen=True)
class FilmedFit(TensorStruct):
    """The frames of a clip in which somebody was found, or windows of many; in camera axes."""

    times: Float[Tensor, "*batch frames"]
    """When each frame is shown (s)."""
    fitted_rotmat: Float[Tensor, "*batch frames 24 3 3"]
    """Of the fit: root first, then the body joints in their parents'."""
    fitted_transl: Float[Tensor, "*batch frames 3"]
    """m."""
    fitted_betas: Float[Tensor, "*batch betas"]
    directions: Float[Tensor, "*batch frames seen 3"]
    """Where landmarks have the joints; see `Sightings`."""
    misses: Float[Tensor, "*batch frames seen"]
    """m."""
    is_seen: Bool[Tensor, "*batch frames seen"]
    true_rotmat: Float[Tensor, "*batch frames 24 3 3"]
    true_transl: Float[Tensor, "*batch frames 3"]
    """m."""
    true_betas: Float[Tensor, "*batch betas"]

    def __len__(self) -> int:
        return len(self.times)

    def cut(self, rows: slice | Int[np.ndarray, " kept"]) -> "FilmedFit":
        """Take some frames of one clip, with one batch axis; times begin at 0, also backward."""
        kept = {
            field.name: getattr(self, field.name)[rows][None]
            for field in fields(self)
            if not field.name.endswith("betas")
        }
        times = (kept.pop("times") - self.times[rows][0]).abs()
        return FilmedFit(
            times=times,
            fitted_betas=self.fitted_betas[None],
            true_betas=self.true_betas[None],
            **kept,
        )


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
