from dataclasses import FrozenInstanceError, dataclass

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Inner(TensorStruct):
    values: Float[Tensor, "*batch 2"]


@dataclass(frozen=True)
class Shared(Inner):
    """A struct without batch axes of its own: indexing leaves it as it is."""

    def __getitem__(self, index):
        return self


@dataclass(frozen=True)
class Outer(TensorStruct):
    points: Float[Tensor, "*batch 3"]
    numbers: Tensor
    inner: Inner
    name: str
    missing: Tensor | None = None


def make_outer() -> Outer:
    return Outer(
        points=torch.arange(12.0).reshape(4, 3),
        numbers=torch.arange(4),
        inner=Inner(torch.ones(4, 2)),
        name="four",
    )


def test_map_reaches_nested_tensors_and_leaves_plain_values_alone():
    doubled = make_outer().map(lambda t: t * 2)
    assert doubled.points[1].tolist() == [6.0, 8.0, 10.0]
    assert doubled.numbers.tolist() == [0, 2, 4, 6]
    assert doubled.inner.values.eq(2.0).all()
    assert doubled.name == "four"
    assert doubled.missing is None
    assert type(doubled) is Outer


def test_indexing_selects_rows_everywhere():
    part = make_outer()[1:3]
    assert part.points.shape == (2, 3)
    assert part.numbers.tolist() == [1, 2]
    assert part.inner.values.shape == (2, 2)
    single = make_outer()[-1]
    assert single.points.tolist() == [9.0, 10.0, 11.0]
    chosen = make_outer()[torch.tensor([True, False, False, True])]
    assert chosen.numbers.tolist() == [0, 3]


def test_indexing_follows_the_rule_of_a_nested_struct():
    shared = Shared(torch.ones(4, 2))
    outer = Outer(torch.zeros(4, 3), torch.zeros(4), shared, "x")
    assert outer[0].inner is shared


def test_a_dtype_changes_floating_point_tensors_only():
    converted = make_outer().to(torch.float64)
    assert converted.points.dtype == converted.inner.values.dtype == torch.float64
    assert converted.numbers.dtype == torch.int64


def test_a_device_moves_every_tensor():
    moved = make_outer().to("meta")
    assert moved.points.device.type == moved.numbers.device.type == "meta"
    assert moved.inner.values.device.type == "meta"


def test_detach_cuts_the_graph():
    leaf = torch.ones(4, 2, requires_grad=True)
    struct = Outer(torch.zeros(4, 3), torch.zeros(4), Inner(leaf * 2), "x")
    assert struct.inner.values.requires_grad
    assert not struct.detach().inner.values.requires_grad


def test_fields_cannot_be_set():
    with pytest.raises(FrozenInstanceError):
        make_outer().name = "five"
