"""`neuhmr init`: first poses and masks."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import (
    CameraNameFlag,
    JsonFlag,
    NumberFlag,
    OptionalPath,
    PersonFlag,
    clip_files,
)
from neuhmr.cli.output import note_remarks, print_rows
from neuhmr.cli.outputs import OverwriteFlag, check_outputs
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.clip.sidecars import find_sidecar, sidecar_path


@dataclass(frozen=True, kw_only=True)
class Init:
    """Estimate first poses and masks of the person in a clip, with MediaPipe and a fit of SMPL."""

    clip: Positional[Annotated[Path, arg(metavar="CLIP")]]
    """The video."""
    out: OptionalPath = None
    """The motion file to write; else CLIP.poses.npz, unless it exists."""
    masks_out: OptionalPath = None
    """The mask file to write; else CLIP.masks.npz, unless it exists."""
    camera: OptionalPath = None
    """Camera; else CLIP.camera.json, else guessed."""
    camera_name: CameraNameFlag = None
    """Which camera of a file of several."""
    focal: NumberFlag = None
    """Focal length (px), instead of a camera file."""
    fov: NumberFlag = None
    """Field of view from left to right (degrees), instead of a camera file."""
    person: PersonFlag = None
    """Who of several people, by size from 1; else the largest."""
    segmenter: Literal["mediapipe", "rembg", "sam2"] = "mediapipe"
    """Who makes the masks; the others need the extra of that name and download their weights."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl); else the open body."""
    overwrite: OverwriteFlag = False
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Estimate and write.

        Raises:
            ClipError: the video cannot be used, or nobody is seen.
            MissingDependencyError: MediaPipe is not installed.
            OutputError: a file cannot be written.
        """
        existing = find_sidecar(self.clip, "poses")
        out = self.out or existing
        inputs = clip_files(self.clip, camera=self.camera, body_model=self.body_model)
        check_outputs({"--out": out, "--masks-out": self.masks_out}, inputs, self.overwrite)
        from neuhmr.body.model_files import load_body_model
        from neuhmr.clip.camera_choice import CameraChoice
        from neuhmr.clip.clip import open_clip
        from neuhmr.initial.initialise import InitialConfig, initialise_sidecars

        camera = CameraChoice(
            path=self.camera, name=self.camera_name, focal=self.focal, fov=self.fov
        )
        clip = open_clip(self.clip, camera=camera)
        note_remarks(clip.remarks)
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            found = initialise_sidecars(
                clip,
                load_body_model(self.body_model),
                out,
                self.masks_out,
                on_progress,
                config=InitialConfig(segmenter=self.segmenter),
                person=self.person,
            )
        return {
            "written": str(out or sidecar_path(self.clip, "poses")),
            "masks": str(self.masks_out or sidecar_path(self.clip, "masks")),
            "frames": len(found.motion),
            "valid_frames": int(found.motion.valid.sum()),
            **asdict(found.report),
        }

    def show(self, result: dict[str, object]) -> None:
        """Say what was found and written."""
        rows = [
            ("Poses", str(result["written"])),
            ("Masks", str(result["masks"])),
            ("Frames with the person", f"{result['valid_frames']} of {result['frames']}"),
            ("Distance to the landmarks", f"{result['error_2d_px']:.1f} px"),
        ]
        print_rows(rows)
