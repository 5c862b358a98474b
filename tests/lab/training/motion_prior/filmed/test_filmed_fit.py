from dataclasses import fields

import numpy as np
import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import (
    FilmedFit,
    read_filmed_fit,
    write_filmed_fit,
)
from tests.lab.training.motion_prior.filmed.made_fits import made_fit


def test_a_fit_is_read_as_it_was_written(tmp_path):
    fit = made_fit()
    write_filmed_fit(tmp_path / "a.npz", fit)
    found = read_filmed_fit(tmp_path / "a.npz")
    for field in fields(FilmedFit):
        assert torch.equal(getattr(found, field.name), getattr(fit, field.name)), field.name
    assert len(found) == 14
    assert found.is_seen.dtype == torch.bool


@pytest.mark.parametrize("left_out", ["format", "misses"])
def test_another_kind_of_file_is_refused(tmp_path, left_out):
    path = tmp_path / "a.npz"
    write_filmed_fit(path, made_fit())
    with np.load(path) as data:
        kept = {name: data[name] for name in data.files if name != left_out}
    np.savez(path, **kept)
    with pytest.raises(DatasetError, match=r"a\.npz is another kind of file.*--preset fits"):
        read_filmed_fit(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    write_filmed_fit(path, made_fit())
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(DatasetError, match=r"a\.npz"):
        read_filmed_fit(path)
