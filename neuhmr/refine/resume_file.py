"""An interrupted refinement on disk: tensors without pickles, and what they belong to."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.crops import PersonCrops
from neuhmr.errors import OutputError
from neuhmr.files.file_kinds import require_file
from neuhmr.refine.settings import RefineConfig


def run_fingerprint(
    config: RefineConfig, initial: Motion, model_digest: str, crops: PersonCrops
) -> str:
    """Identify a run by its settings, its start and what it looks at.

    The crops carry the clip's pictures, its masks and its camera: only a run on the very same can
    be gone on with.
    """
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    digest.update(model_digest.encode())
    for tensor in (initial.global_orient, initial.body_pose, initial.transl, initial.betas):
        digest.update(tensor.detach().cpu().numpy().tobytes())
    seen = (crops.images, crops.masks > 0.5, crops.cameras.K, crops.boxes, crops.frame_index)
    for tensor in seen:
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def write_resume_file(path: Path, state: dict[str, Tensor], fingerprint: str) -> None:
    """Write the state of a run whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = {name: tensor.cpu().contiguous() for name, tensor in state.items()}
    with atomic_path(path, SafetensorError) as partial:
        save_file(tensors, partial, metadata={"fingerprint": fingerprint})


def read_resume_file(path: Path, fingerprint: str) -> dict[str, Tensor]:
    """Read the state of the same run.

    Raises:
        OutputError: the file is damaged, or belongs to another clip, other settings, poses or body.
    """
    found, state = _read(path)
    if found != fingerprint:
        raise OutputError(
            f"{path} belongs to a run with other settings, poses, body, masks or camera, or of "
            "another clip; give the same options as then, or start again without --resume."
        )
    return state


def check_resume_file(path: Path) -> None:
    """Refuse, before any work, a file that cannot be gone on with whatever the run.

    Raises:
        OutputError: it is damaged, or holds NaN.
    """
    _read(path)


def damaged(path: Path, reason: object) -> OutputError:
    """Say that a file does not hold the state of a run."""
    return OutputError(
        f"{path} cannot be read ({reason}), the state of an interrupted run was expected; "
        "start again without --resume."
    )


def _read(path: Path) -> tuple[str | None, dict[str, Tensor]]:
    require_file(path, OutputError, "the state of an interrupted run")
    try:
        with safe_open(path, framework="pt") as file:
            found = (file.metadata() or {}).get("fingerprint")
            state = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise damaged(path, error) from error
    for name, tensor in state.items():
        if name.startswith("field.") and not bool(tensor.isfinite().all()):
            raise damaged(path, f"{name} holds NaN or Inf")
    return found, state
