"""Which program made something, and where: for whoever wants to make it again."""

import subprocess
from pathlib import Path

import torch

import neuhmr
from neuhmr.versions import DISTRIBUTION, versions

PACKAGE = Path(neuhmr.__file__).parent


def code_revision(folder: Path = PACKAGE) -> dict[str, object]:
    """Identify the program's code: the commit, and whether files differ from it.

    Code that no repository keeps, as where it was installed, has its version alone.
    """
    if not _git(folder, "ls-files", "__init__.py"):
        return {"revision": versions().get(DISTRIBUTION, "unknown"), "dirty": None}
    described = _git(folder, "describe", "--always", "--tags", "--abbrev=12")
    changes = _git(folder, "status", "--porcelain", "--", ".")
    return {"revision": described or "no commit", "dirty": changes != ""}


def device_name(device: torch.device | str) -> str:
    """Name a GPU as its maker does; the CPU is the cpu."""
    kind = torch.device(device)
    return torch.cuda.get_device_name(kind) if kind.type == "cuda" else kind.type


def _git(folder: Path, *words: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None  # No git, or no repository.
    return done.stdout.strip()
