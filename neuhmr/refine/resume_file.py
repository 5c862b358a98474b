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
from neuhmr.errors import OutputError
from neuhmr.refine.settings import RefineConfig


def resume_path(out: Path) -> Path:
    """Name the file beside the output that keeps an unfinished run."""
    return out.with_name(out.name + ".resume.safetensors")


def run_fingerprint(config: RefineConfig, initial: Motion, model_digest: str) -> str:
    """Identify a run by its settings and its start: only the same run can be gone on with."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    digest.update(model_digest.encode())
    for tensor in (initial.global_orient, initial.body_pose, initial.transl, initial.betas):
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def write_resume_file(path: Path, state: dict[str, Tensor], fingerprint: str) -> None:
    """Write the state of a run whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    tensors = {name: tensor.cpu().contiguous() for name, tensor in state.items()}
    with atomic_path(path) as partial:
        save_file(tensors, partial, metadata={"fingerprint": fingerprint})


def read_resume_file(path: Path, fingerprint: str) -> dict[str, Tensor]:
    """Read the state of the same run.

    Raises:
        OutputError: the file is damaged, or belongs to other settings, poses or body.
    """
    try:
        with safe_open(path, framework="pt") as file:
            found = (file.metadata() or {}).get("fingerprint")
            state = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise OutputError(
            f"{path} cannot be read ({error}), the state of an interrupted run was expected; "
            "start again without --resume."
        ) from error
    if found != fingerprint:
        raise OutputError(
            f"{path} belongs to a run with other settings, poses or body; give the same options as "
            "then, or start again without --resume."
        )
    return state
