"""An interrupted refinement on disk: tensors without pickles, and what they belong to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import OutputError
from neuhmr.files.file_kinds import require_file
from neuhmr.refine.run_identity import Identity, differences, digest_of

FORMAT = "neuhmr-run-2"


def write_resume_file(path: Path, state: Mapping[str, Tensor], identity: Identity) -> None:
    """Write the state of a run whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = {name: state[name].cpu().contiguous() for name in sorted(state)}
    header = {
        "format": FORMAT,
        "identity": json.dumps(dict(identity)),
        "shapes": json.dumps({name: list(tensor.shape) for name, tensor in tensors.items()}),
        "digest": digest_of(tensors.values()),
    }
    with atomic_path(path, SafetensorError) as partial:
        save_file(tensors, partial, metadata=header)


def read_resume_file(path: Path, identity: Identity) -> dict[str, Tensor]:
    """Read the state of the same run.

    Args:
        path: the file.
        identity: what is known of the run that would go on.

    Raises:
        OutputError: the file is damaged, or belongs to another run; says what differs.
    """
    require_file(path, OutputError, "the state of an interrupted run")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in sorted(file.keys())}
        if header.get("format") != FORMAT:
            raise damaged(path, "it is of another version")
        saved, shapes = (json.loads(header[name]) for name in ("identity", "shapes"))
        problem = _problem(state, shapes, header["digest"])
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        raise damaged(path, error) from error
    _require_same(path, saved, identity)
    if problem is not None:
        raise damaged(path, problem)
    return state


def damaged(path: Path, reason: object) -> OutputError:
    """Say that a file does not hold the state of a run."""
    return OutputError(
        f"{path} cannot be read ({reason}), the state of an interrupted run was expected; "
        "start again without --resume."
    )


def _require_same(path: Path, saved: dict[str, str], identity: Identity) -> None:
    others = differences(saved, identity)
    if others:
        listed = " and ".join([", ".join(others[:-1]), others[-1]] if len(others) > 1 else others)
        raise OutputError(
            f"{path} belongs to a run with other {listed}; give the same as then, or start again "
            "without --resume."
        )


def _problem(state: dict[str, Tensor], shapes: dict[str, Any], digest: str) -> str | None:
    """Say what is not as it was written."""
    for name, shape in shapes.items():
        if name not in state:
            return f"{name} is missing"
        if list(state[name].shape) != shape:
            return f"{name} has the shape {tuple(state[name].shape)} and had {tuple(shape)}"
    for name, tensor in state.items():
        if name.startswith("field.") and not bool(tensor.isfinite().all()):
            return f"{name} holds NaN or Inf"
    return None if digest_of(state.values()) == digest else "its numbers have changed"
