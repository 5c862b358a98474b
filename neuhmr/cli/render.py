"""`neuhmr render`: poses over their clip."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import (
    CameraNameFlag,
    JsonFlag,
    LayoutName,
    NumberFlag,
    OptionalPath,
    PersonFlag,
    clip_files,
)
from neuhmr.cli.output import note, note_remarks, print_rows
from neuhmr.cli.outputs import OverwriteFlag, check_outputs
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.errors import OutputError, PoseFileError

if TYPE_CHECKING:
    from neuhmr.body.motion import Motion
    from neuhmr.body.smpl_model import SmplModel
    from neuhmr.clip.clip import Clip
    from neuhmr.clip.keypoints_2d import ClipKeypoints

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")
MESH_SUFFIXES = (".glb", ".obj", ".ply")


@dataclass(frozen=True, kw_only=True)
class Render:
    """Draw poses over their clip as a video, or write one frame's body as a mesh."""

    clip: Positional[Annotated[Path, arg(metavar="CLIP")]]
    """The video."""
    motion: Positional[Annotated[Path, arg(metavar="MOTION")]]
    """The poses to draw, of any tool."""
    out: Path
    """overlay.mp4 (or .mov, .mkv) for a video; body.glb (or .obj, .ply) for a mesh."""
    layout: LayoutName = "overlay"
    """What a video shows."""
    beside: OptionalPath = None
    """Other poses to compare with, drawn in orange over the video."""
    keypoints_2d: OptionalPath = None
    """2D keypoints of another detector, to draw over a video."""
    person: PersonFlag = None
    """Whose poses, where there are several."""
    frame: int = 0
    """Which frame becomes the mesh."""
    opacity: float = 0.75
    """Of the body over the video, 0 to 1."""
    camera: OptionalPath = None
    """Camera; else CLIP.camera.json, else the motion file's, else guessed."""
    camera_name: CameraNameFlag = None
    """Which camera of a file of several."""
    focal: NumberFlag = None
    """Focal length (px), instead of a camera file."""
    fov: NumberFlag = None
    """Field of view from left to right (degrees), instead of a camera file."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl); else the open body."""
    overwrite: OverwriteFlag = False
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Draw and write.

        Raises:
            ClipError: the video cannot be used.
            PoseFileError: the motion cannot be used or does not fit the clip.
            OutputError: the result cannot be written.
        """
        suffix = self.out.suffix.lower()
        if suffix not in VIDEO_SUFFIXES + MESH_SUFFIXES:
            raise OutputError(
                f'{self.out} ends in "{suffix}", a video ({", ".join(VIDEO_SUFFIXES)}) or a mesh '
                f"({', '.join(MESH_SUFFIXES)}) was expected; choose another name."
            )
        inputs = clip_files(
            self.clip, poses=self.motion, masks=None, camera=self.camera, truth=None,
            beside=self.beside, body_model=self.body_model, keypoints_2d=self.keypoints_2d,
        )  # fmt: skip
        check_outputs({"--out": self.out}, inputs, self.overwrite)
        from neuhmr.body.model_files import load_body_model
        from neuhmr.clip.camera_choice import CameraChoice
        from neuhmr.clip.clip import open_clip
        from neuhmr.formats.keypoints.read import read_keypoints_2d
        from neuhmr.formats.reading.clip_poses import ClipPoses
        from neuhmr.formats.reading.rest_body import rest_body_of
        from neuhmr.rendering.overlay_check import overlay_problem, person_boxes

        model = load_body_model(self.body_model)
        poses = ClipPoses(rest_body_of(model), self.person)
        camera = CameraChoice(
            path=self.camera, name=self.camera_name, focal=self.focal, fov=self.fov
        )
        clip = open_clip(self.clip, poses=self.motion, camera=camera, read=poses.read)
        beside = (
            None if self.beside is None else poses.read(self.beside, "poses", clip.video).motion
        )
        note_remarks((*poses.remarks, *clip.remarks))
        assert clip.motion is not None, "open_clip was given poses"
        problem = overlay_problem(clip, clip.motion, model)
        if problem is not None:
            note(problem.message)
        if suffix in MESH_SUFFIXES:
            return self._write_mesh(clip, model)
        keypoints = None
        if self.keypoints_2d is not None:
            size = (clip.video.height, clip.video.width)
            keypoints, remarks = read_keypoints_2d(
                self.keypoints_2d, len(clip), size, self.person, lambda: person_boxes(clip, model)
            )
            note_remarks(remarks)
        return self._write_video(clip, model, beside, keypoints)

    def show(self, result: dict[str, object]) -> None:
        """Say what was written."""
        print_rows([(key, str(value)) for key, value in result.items()])

    def _write_video(
        self,
        clip: "Clip",
        model: "SmplModel",
        beside: "Motion | None",
        keypoints: "ClipKeypoints | None",
    ) -> dict[str, object]:
        from neuhmr.clip.video import write_video
        from neuhmr.export.overlay_video import OverlayStyle, overlay_frames

        assert clip.motion is not None, "open_clip was given poses"
        style = OverlayStyle(layout=self.layout, opacity=self.opacity)
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            frames = overlay_frames(clip, clip.motion, model, style, beside, on_progress, keypoints)
            write_video(self.out, frames, clip.video.fps, clip.video.times)
        return {"written": str(self.out), "frames": len(clip), "layout": self.layout}

    def _write_mesh(self, clip: "Clip", model: "SmplModel") -> dict[str, object]:
        from neuhmr.export.mesh_file import write_mesh

        motion = clip.motion
        assert motion is not None, "open_clip was given poses"
        rows = ((motion.frame_index == self.frame) & motion.valid).nonzero()
        if not len(rows):
            raise PoseFileError(
                f"{self.motion} has no valid pose for frame {self.frame} (frames "
                f"{int(motion.frame_index[0])} to {int(motion.frame_index[-1])} were expected); "
                "choose another --frame."
            )
        row = int(rows[0, 0])
        posed = motion[row : row + 1].pose(model)
        write_mesh(self.out, posed.vertices[0], posed.faces)
        return {"written": str(self.out), "frame": self.frame}
