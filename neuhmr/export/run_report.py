"""What a refinement did, as JSON: settings, versions, losses, changes."""

import json
import math
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.clip import Clip
from neuhmr.geometry.rotations import rotation_angle
from neuhmr.refine.config import RefineConfig


def mean_change_deg(initial: Motion, refined: Motion) -> float:
    """Average the angle between initial and refined rotations over joints and valid frames."""
    before = torch.cat([initial.global_orient[:, None], initial.body_pose], dim=1)
    after = torch.cat([refined.global_orient[:, None], refined.body_pose], dim=1)
    angles = rotation_angle(before.transpose(-1, -2) @ after.to(before.device))[initial.valid]
    return math.degrees(float(angles.mean())) if angles.numel() else 0.0


def run_report(
    config: RefineConfig, clip: Clip, model: SmplModel, result: dict[str, object]
) -> dict[str, object]:
    """Gather everything that is needed to understand and repeat a run."""
    return {
        "clip": str(clip.video.path),
        "video": {
            "frames": len(clip),
            "fps": clip.video.fps,
            "height": clip.video.height,
            "width": clip.video.width,
        },
        "camera_is_guessed": clip.camera_is_guessed,
        "has_masks": clip.masks is not None,
        "body_model": {"name": model.name, "digest": model.digest},
        "config": asdict(config),
        "versions": _versions(),
        **result,
    }


def write_report(path: Path, report: dict[str, object]) -> None:
    """Write a report whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "torch": torch.__version__}
    try:
        found["neuhmr"] = version("neuhmr-workbench")
    except PackageNotFoundError:
        found["neuhmr"] = "not installed"
    return found
