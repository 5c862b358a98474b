"""A running average of a network's weights: single steps scatter, their average does not."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from neuhmr.lab.training.run_config import RunConfig

EARLY_STEPS = 10
"""In a run of unknown length the n-th step weighs at least as much as one of n / 10 steps."""


def averaged(module: nn.Module, config: RunConfig) -> AveragedModel | None:
    """Begin the average that a run asks for, buffers included; None if it asks for none."""
    if config.average == 0.0:
        return None
    return AveragedModel(module, multi_avg_fn=_blend(config), use_buffers=True)


def _blend(config: RunConfig) -> Callable[..., None]:
    if config.seconds is None:
        return get_ema_multi_avg_fn(1.0 - config.average)

    def blend(averages: list[Tensor], news: list[Tensor], count: Tensor | int) -> None:
        share = max(config.average, EARLY_STEPS / (EARLY_STEPS + int(count)))
        get_ema_multi_avg_fn(1.0 - share)(averages, news, count)

    return blend
