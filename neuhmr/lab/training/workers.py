"""One process that trains, or several that share each step (lightning Fabric)."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.lab.extra import lab_extra


@dataclass(frozen=True)
class Workers:
    """The processes of a run, seen from one of them."""

    device: torch.device
    rank: int
    """0 in the one that writes files."""
    fabric: Any
    """lightning's Fabric, or None if there is only this process."""

    def wrap(self, step: nn.Module, optimizer: torch.optim.Optimizer) -> nn.Module:
        """Make a module whose gradients are the workers' mean."""
        if self.fabric is None:
            return step
        wrapped, _ = self.fabric.setup(step, optimizer)
        return wrapped

    def backward(self, loss: Float[Tensor, ""]) -> None:
        """Compute gradients."""
        if self.fabric is None:
            loss.backward()
        else:
            self.fabric.backward(loss)


def begin_workers(device: str, devices: int) -> Workers:
    """Start as many processes as devices are asked for; one device needs nothing.

    Args:
        device: kind of device, or the very one if it is alone.
        devices: GPUs, or processes on a CPU.

    Raises:
        MissingDependencyError: lightning is not installed.
    """
    if devices == 1:
        return Workers(torch.device(device), 0, None)
    with lab_extra(f"Training on {devices} devices", ", or leave --devices out"):
        from lightning.fabric import Fabric
        from lightning.fabric.strategies.ddp import DDPStrategy
    # Heads that a step's data do not supervise get no gradient in that step.
    strategy = DDPStrategy(find_unused_parameters=True)
    accelerator = "cuda" if device.startswith("cuda") else "cpu"
    fabric = Fabric(accelerator=accelerator, devices=devices, strategy=strategy)
    fabric.launch()
    return Workers(fabric.device, fabric.global_rank, fabric)
