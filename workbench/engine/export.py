"""Writing results through the library's writers."""

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.clip.video import write_video
from neuhmr.errors import PoseFileError
from neuhmr.export.mesh_file import write_mesh
from neuhmr.export.overlay_video import overlay_frames
from neuhmr.formats.amass_file import write_amass_file
from neuhmr.formats.motion_content import motion_content
from neuhmr.formats.smplx_file import write_smplx_file
from neuhmr.progress import OnProgress
from workbench.engine.interface import ExportKind, ExportRequest, motion_row
from workbench.errors import WorkbenchError

EXPORT_KINDS: tuple[ExportKind, ...] = ("motion", "amass", "smplx", "overlay", "glb")


def export_motion(
    clip: Clip, model: SmplModel, motion: Motion, request: ExportRequest, on_progress: OnProgress
) -> None:
    """Write one file.

    Raises:
        OutputError: it cannot be written.
        PoseFileError: a mesh was asked for of a frame without a pose.
    """
    source = f"{clip.video.path.name} refined in the NeuHMR workbench"
    content = motion_content(clip, motion, model, source)
    match request.kind:
        case "motion":
            write_motion_file(request.path, content)
        case "amass":
            write_amass_file(request.path, content, model)
        case "smplx":
            write_smplx_file(request.path, content)
        case "overlay":
            frames = overlay_frames(clip, motion, model, on_progress=on_progress)
            write_video(request.path, frames, clip.video.fps)
        case "glb":
            _write_mesh(model, motion, request)
        case _:
            raise WorkbenchError(f"{request.kind} cannot be written here; choose another format.")


def _write_mesh(model: SmplModel, motion: Motion, request: ExportRequest) -> None:
    row = motion_row(motion, request.frame)
    if row is None:
        raise PoseFileError(
            f"Frame {request.frame} has no pose, one was expected; go to a frame with the person."
        )
    posed = pose_frame(model.with_shape(motion.betas), motion, row)
    write_mesh(request.path, posed.vertices, posed.faces)
