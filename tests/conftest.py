"""Guards that hold for every test."""

import os
from collections.abc import Iterator

import pytest
import torch

from pretended_device import pretended_device


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    # Threads that fight over few cores cost far more than they give on tests this small.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run."""
    guards = {
        "gpu": (torch.cuda.is_available(), "needs a CUDA device"),
        "smpl": (
            bool(os.environ.get("NEUHMR_SMPL_MODEL")),
            "needs a licensed SMPL file; set NEUHMR_SMPL_MODEL to its path",
        ),
    }
    for item in items:
        for marker, (is_available, reason) in guards.items():
            if item.get_closest_marker(marker) and not is_available:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def generator() -> torch.Generator:
    """Random numbers of the test's own, the same in every run."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def ties_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sorts that promise no order among equals reverse it, as some processors do."""
    sort = torch.Tensor.argsort

    def argsort(
        tensor: torch.Tensor, dim: int = -1, descending: bool = False, stable: bool = False
    ) -> torch.Tensor:
        if stable:
            return sort(tensor, dim=dim, descending=descending, stable=True)
        backwards = sort(tensor.flip(dim), dim=dim, descending=descending, stable=True)
        return tensor.shape[dim] - 1 - backwards

    monkeypatch.setattr(torch.Tensor, "argsort", argsort)


@pytest.fixture(params=["pretended", pytest.param("cuda", marks=pytest.mark.gpu)])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Another device than the CPU: one that is pretended anywhere, and CUDA where there is one.

    What both must compute is the same, so convolutions on CUDA keep their 24 bits.
    """
    if request.param == "pretended":
        with pretended_device() as device:
            yield device
    else:
        monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
        yield "cuda"
