"""A device that is not there: tensors on it compute on the CPU, but mix with no others.

What a GPU refuses is refused here too (operands on two devices, random numbers of another
device's generator, arrays of NumPy), so that faults of this kind show where no GPU is. It goes by
the name of torch's `meta`, which nothing else uses.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = "meta"
MOVES = ("aten::_to_copy", "aten::copy_")
TAKES_PLACES_FROM_ELSEWHERE = ("aten::index", "aten::index_put", "aten::index_put_")
TAKES_NO_NUMBERS = ("aten::cat", "aten::stack", "aten::index_copy", "aten::index_copy_")


class PretendedTensor(Tensor):
    """Values on the CPU that say they are elsewhere."""

    values: Tensor

    @staticmethod
    def __new__(cls, values: Tensor) -> "PretendedTensor":
        made = Tensor._make_wrapper_subclass(
            cls, values.size(), strides=values.stride(), storage_offset=values.storage_offset(),
            dtype=values.dtype, layout=values.layout, device=DEVICE, requires_grad=False,
        )  # fmt: skip
        made.values = values
        return made

    def tolist(self) -> Any:
        """Read the numbers, as any device lets one."""
        return self.values.tolist()

    def new_tensor(self, data: Any, *, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
        """Make a tensor of the same kind."""
        return torch.tensor(data, dtype=dtype or self.dtype).to(DEVICE)

    def __getitem__(self, index: Any) -> Tensor:
        return super().__getitem__(_places(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_places(index), value)

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"PretendedTensor({self.values})"

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        return _compute(func, args, kwargs or {})

    __torch_function__ = torch._C._disabled_torch_function_impl


def _places(index: Any) -> Any:
    """Make tensors of lists; torch itself makes tensors without values of them here."""
    if isinstance(index, tuple):
        return tuple(_places(part) for part in index)
    if isinstance(index, list):
        return torch.tensor(index) if index else torch.zeros(0, dtype=torch.long)
    return index


class _Pretending(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


def _compute(func: Any, args: Any, kwargs: dict[str, Any]) -> object:
    name = func._schema.name
    tensors = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, Tensor)]
    pretended = [value for value in tensors if isinstance(value, PretendedTensor)]
    assert len(pretended) == sum(value.device.type == DEVICE for value in tensors), name
    target = kwargs.get("device")
    is_there = bool(pretended) if target is None else torch.device(target).type == DEVICE
    if name not in MOVES:
        _refuse_mixtures(name, args, tensors, pretended)
        if is_there and kwargs.get("generator") is not None:
            raise RuntimeError(f"{name}: a generator of the CPU for a tensor elsewhere")
    if target is not None and is_there:
        kwargs = kwargs | {"device": torch.device("cpu")}
    owners = {id(value.values): value for value in pretended}
    inner_args, inner_kwargs = tree_map(
        lambda value: value.values if isinstance(value, PretendedTensor) else value, (args, kwargs)
    )
    result = func(*inner_args, **inner_kwargs)
    if name == "aten::copy_":
        return args[0]

    def owned(value: object) -> object:
        if not is_there or not isinstance(value, Tensor):
            return value
        return owners[id(value)] if id(value) in owners else PretendedTensor(value)

    return tree_map(owned, result)


def _refuse_mixtures(
    name: str, args: Any, tensors: list[Tensor], pretended: list[PretendedTensor]
) -> None:
    others = [value for value in tensors if not isinstance(value, PretendedTensor)]
    if not pretended or not others:
        return
    if name not in TAKES_NO_NUMBERS:
        others = [value for value in others if value.ndim > 0]
    if name in TAKES_PLACES_FROM_ELSEWHERE and isinstance(args[0], PretendedTensor):
        others = [value for value in args[2:] if any(value is other for other in others)]
    if others:
        sizes = [tuple(value.shape) for value in others]
        raise RuntimeError(f"{name}: tensors on two devices; {sizes} are on the CPU")


@contextmanager
def pretended_device() -> Iterator[str]:
    """Let the device be there for a while.

    Yields:
        What it is called.
    """
    autocast, tensor = torch.autocast, torch.tensor

    def make(*args: Any, device: Any = None, **options: Any) -> Tensor:
        made = tensor(*args, **options)
        return made if device is None else made.to(device)

    def cast(device_type: str, *args: Any, **options: Any) -> Any:
        return nullcontext() if device_type == DEVICE else autocast(device_type, *args, **options)

    before = torch.__future__.get_swap_module_params_on_conversion()
    with pytest.MonkeyPatch.context() as patch, _Pretending():
        patch.setattr(torch, "tensor", make)
        patch.setattr(torch, "autocast", cast)
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            yield DEVICE
        finally:
            torch.__future__.set_swap_module_params_on_conversion(before)
