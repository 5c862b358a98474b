"""Poses for a clip that has none."""

from dataclasses import replace

from neuhmr.body.smpl_model import SmplModel
from neuhmr.cli.output import note
from neuhmr.clip.clip import Clip
from neuhmr.clip.sidecars import sidecar_path
from neuhmr.initial.initialise import initialise_sidecars
from neuhmr.progress import OnProgress


def ensure_poses(clip: Clip, model: SmplModel, on_progress: OnProgress) -> Clip:
    """Estimate poses where the clip has none, and keep them beside it for the next time.

    Masks found on the way fill in missing ones.

    Raises:
        ClipError: nobody is seen.
        MissingDependencyError: MediaPipe is not installed.
        OutputError: poses or masks cannot be written beside the clip.
    """
    if clip.motion is not None:
        return clip
    note("No poses given: they are estimated first.")
    found = initialise_sidecars(clip, model, on_progress=on_progress)
    note(f"The estimate is kept in {sidecar_path(clip.video.path, 'poses')}.")
    return replace(clip, motion=found.motion, masks=clip.masks or found.masks)
