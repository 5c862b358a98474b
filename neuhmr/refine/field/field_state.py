"""A run's state as named tensors, so that it can be saved without pickle."""

import torch
from torch import Tensor, nn

_PREFIX = "optimizer."


def flatten_optimizer(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, Tensor]:
    """Name each moment after the parameter it belongs to; empty before the first step."""
    flat = {}
    for name, parameter in module.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            flat[f"{_PREFIX}{name}:{key}"] = value
    return flat


def restore_optimizer(
    optimizer: torch.optim.Optimizer, module: nn.Module, state: dict[str, Tensor]
) -> None:
    """Put named moments back where `flatten_optimizer` found them."""
    optimizer.state.clear()
    parameters = dict(module.named_parameters())
    for full_name, value in state.items():
        if full_name.startswith(_PREFIX):
            name, key = full_name.removeprefix(_PREFIX).rsplit(":", 1)
            moved = value.clone() if key == "step" else value.clone().to(parameters[name])
            optimizer.state[parameters[name]][key] = moved


def flatten_numbers(kind: str, values: dict[str, float] | None) -> dict[str, Tensor]:
    """Name each number after its kind; none for None."""
    return {
        f"{kind}.{name}": torch.tensor(value, dtype=torch.float64)
        for name, value in (values or {}).items()
    }


def numbers_of(kind: str, state: dict[str, Tensor]) -> dict[str, float]:
    """Find the numbers of a kind that `flatten_numbers` named."""
    start = f"{kind}."
    return {n.removeprefix(start): float(v) for n, v in state.items() if n.startswith(start)}
