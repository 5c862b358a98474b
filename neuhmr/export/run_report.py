"""What a refinement did, as JSON: settings, versions, losses, changes."""

import json
from pathlib import Path

from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.clip import Clip
from neuhmr.refine.report import RefineReport
from neuhmr.versions import versions


def run_report(
    clip: Clip, model: SmplModel, refinement: RefineReport, details: dict[str, object]
) -> dict[str, object]:
    """Gather everything that is needed to understand and repeat a run.

    Args:
        clip: what was refined.
        model: the body of the poses.
        refinement: what it came to.
        details: anything else that is to be kept; wins over what has the same name.
    """
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
        "versions": versions(),
        **refinement.as_dict(),
        **details,
    }


def write_report(path: Path, report: dict[str, object]) -> None:
    """Write a report whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
