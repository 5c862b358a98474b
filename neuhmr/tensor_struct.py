"""Frozen dataclasses of tensors that move, map and index as one value."""

import dataclasses
from collections.abc import Callable, Sequence
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
        return self._replaced(function, lambda struct: struct.map(function))

    def to(self: Struct, target: torch.device | torch.dtype | str) -> Struct:
        """Move to a device, or cast floating-point tensors to a dtype."""
        if isinstance(target, torch.dtype):
            return self.map(lambda t: t.to(target) if t.is_floating_point() else t)
        return self.map(lambda t: t.to(target))

    def detach(self: Struct) -> Struct:
        """Cut every tensor off the autograd graph."""
        return self.map(Tensor.detach)

    def __getitem__(self: Struct, index: Any) -> Struct:
        """Index the leading axes of every tensor alike; nested structs by their own rule."""
        return self._replaced(lambda t: t[index], lambda struct: struct[index])

    def _replaced(
        self: Struct,
        of_tensor: Callable[[Tensor], Tensor],
        of_struct: Callable[["TensorStruct"], "TensorStruct"],
    ) -> Struct:
        changes: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                changes[field.name] = of_tensor(value)
            elif isinstance(value, TensorStruct):
                changes[field.name] = of_struct(value)
        return dataclasses.replace(self, **changes)


def concatenate(parts: Sequence[Struct]) -> Struct:
    """Put structs of one kind behind each other along their first axis; plain values are the
    first one's."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(parts[0]):
        values = [getattr(part, field.name) for part in parts]
        if isinstance(values[0], Tensor):
            changes[field.name] = torch.cat(values)
        elif isinstance(values[0], TensorStruct):
            changes[field.name] = concatenate(values)
    return dataclasses.replace(parts[0], **changes)
