"""Everything the workbench can be told on the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import (
    BodyModelError,
    CheckpointError,
    ClipError,
    NeuhmrError,
    OutputError,
    PoseFileError,
)
from neuhmr.files.file_kinds import require_file
from workbench.server.addresses import check_host

SAMPLE_CLIP = Path(__file__).resolve().parents[2] / "sample_data" / "turn.mp4"

OptionalPath = Annotated[Path | None, arg(help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class WorkbenchConfig:
    """See the poses of a person in a video, refine them step by step, and take them away."""

    clip: Positional[Annotated[Path | None, arg(help_behavior_hint="")]] = None
    """The video; else the sample clip."""
    poses: OptionalPath = None
    """Initial poses, of any tool; else CLIP's .poses file, else estimated."""
    person: Annotated[str | None, arg(metavar="ID", help_behavior_hint="")] = None
    """Whose poses, where there are several."""
    poses_as: Annotated[str | None, arg(metavar="READING", help_behavior_hint="")] = None
    """given, millimeters, centimeters, y-up, depth*NUMBER: asked for where poses lie elsewhere."""
    fill_gaps: Annotated[int, arg(metavar="N", help_behavior_hint="")] = 0
    """Also refine frames without a pose, in gaps of up to so many."""
    masks: OptionalPath = None
    """Person masks; else CLIP.masks.npz."""
    camera: OptionalPath = None
    """Camera; else CLIP.camera.json, else guessed."""
    truth: OptionalPath = None
    """True poses to compare with; else CLIP.truth.npz."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl); else the open body."""
    height: float | None = None
    """The person's height in meters, where it is known."""
    checkpoint: OptionalPath = None
    """Weights of the avatar network; else the shipped ones."""
    heatmaps: OptionalPath = None
    """Weights of its heatmaps; else the shipped ones."""
    preset: Literal["fast", "paper"] = "fast"
    """Settings to start from; `paper` is NeuHMR's."""
    session: OptionalPath = None
    """Folder of the session; else CLIP.neuhmr, or a folder in your home where that is read-only."""
    out: OptionalPath = None
    """One more folder that exports may go to."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8080
    """Port to listen on; the next free one is taken if it is busy, 0 takes any."""
    allow_remote: bool = False
    """Let other machines connect, if --host lets them. Whoever has the link has control."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    open_browser: bool = False
    """Open the link in the default browser."""

    @property
    def clip_path(self) -> Path:
        """The clip to open."""
        return self.clip or SAMPLE_CLIP

    def check(self) -> None:
        """Make sure, before anything slow is imported, that what was named can be used.

        Raises:
            ClipError: the video is not there.
            NeuhmrError: another file or folder is not there, or other machines could connect.
        """
        if self.clip is None and not SAMPLE_CLIP.is_file():
            raise ClipError(
                f"The sample clip {SAMPLE_CLIP} is missing, a video was expected; name one: "
                "neuhmr-workbench CLIP."
            )
        require_file(self.clip_path, ClipError, "a video")
        if self.fill_gaps < 0:
            raise NeuhmrError(f"--fill-gaps is {self.fill_gaps}, at least 0 was expected.")
        check_host(self.host, self.allow_remote)
        for option, path, error in (
            ("--poses", self.poses, PoseFileError),
            ("--masks", self.masks, ClipError),
            ("--camera", self.camera, ClipError),
            ("--truth", self.truth, PoseFileError),
            ("--checkpoint", self.checkpoint, CheckpointError),
            ("--heatmaps", self.heatmaps, CheckpointError),
        ):
            # Some tools keep poses in folders.
            if path is not None and not (error is PoseFileError and path.is_dir()):
                require_file(path, error, "a file", f"check the path after {option}")
        if self.body_model is not None and not self.body_model.exists():
            raise BodyModelError(
                f"{self.body_model} does not exist, an SMPL file was expected; check the path "
                "after --body-model."
            )
        if self.out is not None and not self.out.is_dir():
            raise OutputError(
                f"{self.out} is no folder, one was expected after --out; create it first."
            )

    def open_request(self) -> OpenRequest:
        """Say what to open first."""
        return OpenRequest(
            clip=self.clip_path,
            poses=self.poses,
            person=self.person,
            poses_as=self.poses_as,
            fill_gaps=self.fill_gaps,
            masks=self.masks,
            camera=self.camera,
            truth=self.truth,
            body_model=self.body_model,
            checkpoint=self.checkpoint,
            heatmaps=self.heatmaps,
            height=self.height,
        )
