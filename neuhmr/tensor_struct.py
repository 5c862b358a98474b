"""Frozen dataclasses of tensors that move, map and index as one value."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

Struct = TypeVar("Struct", bound="TensorStruct")


@dataclasses.dataclass(frozen=True)
class TensorStruct:
    """Base of immutable records whose tensor fields share leading batch axes.

    Fields may be tensors, other `TensorStruct`s, or plain values; plain values are left alone.
    """

    def map(self: Struct, function: Callable[[Tensor], Tensor]) -> Struct:
        """Apply `function` to every tensor, nested ones included."""
        changes: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                changes[field.name] = function(value)
            elif isinstance(value, TensorStruct):
                changes[field.name] = value.map(function)
        return dataclasses.replace(self, **changes)

    def to(self: Struct, target: torch.device | torch.dtype | str) -> Struct:
        """Move to a device, or cast floating-point tensors to a dtype."""
        if isinstance(target, torch.dtype):
            return self.map(lambda t: t.to(target) if t.is_floating_point() else t)
        return self.map(lambda t: t.to(target))

    def detach(self: Struct) -> Struct:
        """Cut every tensor off the autograd graph."""
        return self.map(Tensor.detach)

    def __getitem__(self: Struct, index: Any) -> Struct:
        """Index the leading axes of every tensor alike."""
        return self.map(lambda t: t[index])
