"""Convolutions in 16-bit floats, everything else in 32: faster where the processor has them.

Only whole networks of convolutions are narrowed. Under one autocast around everything, points
would be projected with 8 bits too: pixels beside where they belong.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from neuhmr.tensor_struct import TensorStruct


def narrow(network: nn.Module, device: torch.device | str) -> None:
    """Let a network compute in bfloat16 while it is trained; what it returns is of 32 bits.

    Args:
        network: returns a tensor, a struct of tensors or a tuple of such; its weights stay.
        device: where it computes.
    """
    forward: Callable[..., Any] = network.forward

    @wraps(forward)
    def narrowed(*inputs: Any) -> Any:
        if not network.training:
            return forward(*inputs)
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            return _widened(forward(*inputs))

    network.forward = narrowed


def _widened(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(_widened(part) for part in result)
    if isinstance(result, TensorStruct):
        return result.to(torch.float32)
    return result.float() if isinstance(result, Tensor) else result
