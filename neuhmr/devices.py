"""Choosing where tensors live."""

from typing import TYPE_CHECKING

from neuhmr.errors import NeuhmrError

if TYPE_CHECKING:
    import torch


def choose_device(name: str) -> "torch.device":
    """Turn `auto`, `cpu`, `cuda` or `cuda:1` into a device.

    Raises:
        NeuhmrError: there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise NeuhmrError(
            f'"{name}" is no device; use --device auto, cpu, cuda or cuda:1.'
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise NeuhmrError(
            f"There is no CUDA device for --device {name} ({torch.cuda.device_count()} found); "
            "use --device auto, or run `neuhmr doctor` to see what works here."
        )
    return device
