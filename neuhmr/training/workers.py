"""One process that trains, or several that share each step (lightning Fabric)."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.errors import MissingDependencyError
from neuhmr.training.ghnerf_config import GhnerfTrainingConfig


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


def begin_workers(config: GhnerfTrainingConfig) -> Workers:
    """Start as many processes as devices are asked for; one device needs nothing.

    Raises:
        MissingDependencyError: lightning is not installed.
    """
    if config.devices == 1:
        return Workers(torch.device(config.device), 0, None)
    try:
        from lightning.fabric import Fabric
        from lightning.fabric.strategies.ddp import DDPStrategy
    except ImportError as error:
        raise MissingDependencyError(
            f"Training on {config.devices} devices needs lightning, which is not installed: run "
            "pip install lightning, or leave --devices out."
        ) from error
    # Heads that a step's data do not supervise get no gradient in that step.
    strategy = DDPStrategy(find_unused_parameters=True)
    accelerator = "cuda" if config.device.startswith("cuda") else "cpu"
    fabric = Fabric(accelerator=accelerator, devices=config.devices, strategy=strategy)
    fabric.launch()
    return Workers(fabric.device, fabric.global_rank, fabric)
