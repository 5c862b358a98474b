"""Everything the workbench can be told on the command line."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
from neuhmr.files.numbered_pictures import is_picture_clip
from workbench.core.session_folder import request_in
from workbench.server.addresses import check_host

if TYPE_CHECKING:
    from neuhmr.refine.settings import RefineConfig

SAMPLE_CLIP = Path(__file__).resolve().parents[2] / "sample_data" / "turn.mp4"

OptionalPath = Annotated[Path | None, arg(help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class WorkbenchConfig:
    """See the poses of a person in a video, refine them step by step, and take them away."""

    clip: Positional[Annotated[Path | None, arg(help_behavior_hint="")]] = None
    """The video, a folder of pictures, or of a session; else the sample clip."""
    poses: OptionalPath = None
    """Initial poses, of any tool; else CLIP's .poses file, else estimated."""
    person: Annotated[str | None, arg(metavar="ID", help_behavior_hint="")] = None
    """Whose poses, where there are several."""
    poses_as: Annotated[str | None, arg(metavar="READING", help_behavior_hint="")] = None
    """given, millimeters, centimeters, y-up, depth*NUMBER: asked for where poses lie elsewhere."""
    fit_shape: Literal["auto", "on", "off"] = "auto"
    """Fit shape and rest pose to joints in the poses' file (auto), else to 2D keypoints or masks
    (on)."""
    fill_gaps: Annotated[int, arg(metavar="N", help_behavior_hint="")] = 0
    """Also refine frames without a pose, in gaps of up to so many."""
    masks: OptionalPath = None
    """Person masks; else CLIP.masks.npz."""
    invert_masks: Annotated[bool, arg(help_behavior_hint="")] = False
    """Take masks inside out."""
    grow_masks: Annotated[int, arg(metavar="PX", help_behavior_hint="")] = 0
    """Move their outlines outward so far; inward if negative."""
    camera: OptionalPath = None
    """Camera; else CLIP.camera.json, else guessed."""
    camera_name: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """Which camera of a file of several."""
    focal: Annotated[float | None, arg(help_behavior_hint="")] = None
    """Focal length (px), instead of a camera file."""
    fov: Annotated[float | None, arg(help_behavior_hint="")] = None
    """Field of view from left to right (degrees), instead of a camera file."""
    keypoints_2d: OptionalPath = None
    """2D keypoints of another detector, which the keypoint term takes instead of its own."""
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
    settings: OptionalPath = None
    """TOML file of settings, as the window saves; a preset that it names comes first."""
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
        return self._of_session().clip if self._is_session else self.clip or SAMPLE_CLIP

    @property
    def session_folder(self) -> Path | None:
        """Where the session is kept, if that was said."""
        return self.clip if self._is_session and self.session is None else self.session

    @property
    def _is_session(self) -> bool:
        return self.clip is not None and self.clip.is_dir() and not self._is_pictures

    @property
    def _is_pictures(self) -> bool:
        """Whether the clip is a folder of pictures; a session's holds none."""
        clip = self.clip
        return clip is not None and clip.is_dir() and is_picture_clip(clip)

    def _of_session(self) -> OpenRequest:
        """Read what a session's folder says of its clip.

        Raises:
            ClipError: it is no session's folder, or the clip is gone.
        """
        assert self.clip is not None
        return request_in(self.clip)

    def refine_config(self) -> "RefineConfig":
        """Say which settings to start from.

        Raises:
            NeuhmrError: a file of settings cannot be used.
        """
        from neuhmr.refine.settings import preset, with_values
        from neuhmr.refine.settings.preset_file import read_preset

        base, values = self.preset, {}
        if self.settings is not None:
            base, values = read_preset(self.settings, base)
        return with_values(preset(base), values)

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
        if not self.clip_path.is_dir():
            require_file(self.clip_path, ClipError, "a video")
        if self.fill_gaps < 0:
            raise NeuhmrError(f"--fill-gaps is {self.fill_gaps}, at least 0 was expected.")
        check_host(self.host, self.allow_remote)
        for option, path, error in (
            ("--poses", self.poses, PoseFileError),
            ("--masks", self.masks, ClipError),
            ("--camera", self.camera, ClipError),
            ("--truth", self.truth, PoseFileError),
            ("--keypoints-2d", self.keypoints_2d, PoseFileError),
            ("--checkpoint", self.checkpoint, CheckpointError),
            ("--heatmaps", self.heatmaps, CheckpointError),
        ):
            # Some tools keep poses, keypoints, masks and cameras in folders.
            may_be_folder = error is PoseFileError or option in ("--camera", "--masks")
            if path is not None and not (may_be_folder and path.is_dir()):
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
        """Say what to open first: what a session's folder names, but for what was given."""
        given = self._given()
        if not self._is_session:
            return given
        changed = {
            field.name: getattr(given, field.name)
            for field in fields(OpenRequest)
            if getattr(given, field.name) != field.default
        }
        return replace(self._of_session(), **changed)

    def _given(self) -> OpenRequest:
        return OpenRequest(
            clip=self.clip_path,
            poses=self.poses,
            person=self.person,
            poses_as=self.poses_as,
            fit_shape=self.fit_shape,
            fill_gaps=self.fill_gaps,
            masks=self.masks,
            invert_masks=self.invert_masks,
            grow_masks=self.grow_masks,
            camera=self.camera,
            camera_name=self.camera_name,
            focal=self.focal,
            fov=self.fov,
            truth=self.truth,
            keypoints_2d=self.keypoints_2d,
            body_model=self.body_model,
            checkpoint=self.checkpoint,
            heatmaps=self.heatmaps,
            height=self.height,
        )
