"""Writing results through the library's writers."""

from importlib.util import find_spec

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.video import write_video
from neuhmr.errors import PoseFileError
from neuhmr.export.mesh_file import write_mesh
from neuhmr.export.overlay_video import overlay_frames
from neuhmr.formats.motion_content import motion_content
from neuhmr.formats.writing.formats import FORMATS
from neuhmr.formats.writing.write import write_motion
from neuhmr.progress import OnProgress
from workbench.engine.exchange import ExportKind, ExportRequest, motion_row


def export_kinds() -> tuple[ExportKind, ...]:
    """List what can be written here: formats whose packages are installed, mesh and video."""
    formats: list[ExportKind] = [
        name for name, written in FORMATS.items() if not written.package or _has(written.package)
    ]
    return (*formats, "mesh", "overlay")


def export_motion(
    clip: Clip, model: SmplModel, motion: Motion, request: ExportRequest, on_progress: OnProgress
) -> tuple[str, ...]:
    """Write one file, or one folder, and say what to know about it.

    Raises:
        OutputError: it cannot be written.
        PoseFileError: a mesh was asked for of a frame without a pose, or there is no pose at all.
    """
    if request.kind == "overlay":
        frames = overlay_frames(clip, motion, model, on_progress=on_progress)
        write_video(request.path, frames, clip.video.fps, clip.video.times)
        return ()
    if request.kind == "mesh":
        _write_mesh(model, motion, request)
        return ()
    source = f"{clip.video.path.name} refined in the NeuHMR workbench"
    content = motion_content(clip, motion, model, source)
    return write_motion(request.path, content, model, request.kind, request.options)


def _has(package: str) -> bool:
    return find_spec(package) is not None


def _write_mesh(model: SmplModel, motion: Motion, request: ExportRequest) -> None:
    row = motion_row(motion, request.frame)
    if row is None:
        raise PoseFileError(
            f"Frame {request.frame} has no pose, one was expected; go to a frame with the person."
        )
    posed = pose_frame(model.with_shape(motion.betas), motion, row)
    write_mesh(request.path, posed.vertices, posed.faces)
