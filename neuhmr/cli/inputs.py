"""Options that several commands share, and opening what they name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

from tyro.conf import Positional, arg

from neuhmr.cli.outputs import Paths
from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.sidecars import SidecarKind, find_sidecar, foreign_pose_sidecars
from neuhmr.errors import ClipError, NeuhmrError

RARE = "rare"
"""Marks options that `--help` leaves out and `--help-all` shows."""
OptionalPath = Annotated[Path | None, arg(help_behavior_hint="")]
"""Of an option that may be left out; its help says what happens then."""
RareOptionalPath = Annotated[Path | None, arg(help_behavior_hint=""), RARE]
PersonFlag = Annotated[str | None, arg(metavar="ID", help_behavior_hint="")]
CameraNameFlag = Annotated[str | None, arg(metavar="NAME", help_behavior_hint=""), RARE]
NumberFlag = Annotated[float | None, arg(metavar="X", help_behavior_hint=""), RARE]
FitShapeFlag = Annotated[Literal["auto", "on", "off"], RARE]
LayoutName = Literal["overlay", "side-by-side", "turntable"]
JsonFlag = Annotated[bool, arg(help="Print the result as one JSON object.", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class ClipInputs:
    """A clip and the files that belong to it."""

    clip: Positional[Annotated[Path, arg(metavar="CLIP")]]
    """The video, or a folder of numbered pictures."""
    poses: OptionalPath = None
    """Initial poses, of any tool; else CLIP.poses.*, else estimated."""
    person: PersonFlag = None
    """Whose, where there are several."""
    poses_as: Annotated[str | None, arg(metavar="READING", help_behavior_hint="")] = None
    """given, millimeters, centimeters, y-up, depth*NUMBER."""
    masks: OptionalPath = None
    """Person masks; else CLIP.masks.npz."""
    invert_masks: Annotated[bool, arg(help_behavior_hint=""), RARE] = False
    """Take masks inside out."""
    grow_masks: Annotated[int, arg(metavar="PX", help_behavior_hint=""), RARE] = 0
    """Move their outlines outward so far; inward if negative."""
    camera: OptionalPath = None
    """Camera; else CLIP.camera.json, else guessed."""
    keypoints_2d: OptionalPath = None
    """2D keypoints of another detector, for --keypoint."""
    camera_name: CameraNameFlag = None
    """Which camera of a file of several."""
    focal: NumberFlag = None
    """Focal length (px), instead of a camera file."""
    fov: NumberFlag = None
    """Field of view from left to right (degrees), instead of a camera file."""
    truth: OptionalPath = None
    """True poses to score against; else CLIP.truth.npz."""
    fit_shape: FitShapeFlag = "auto"
    """Fit shape and rest pose to joints in the poses' file (auto), else to 2D keypoints or masks
    (on)."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl); else the open body."""

    def request(self) -> OpenRequest:
        """Say which files to open."""
        return OpenRequest(
            clip=self.clip,
            poses=self.poses,
            person=self.person,
            poses_as=self.poses_as,
            fit_shape=self.fit_shape,
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
        )


def clip_files(clip: Path, **given: Path | None) -> Paths:
    """Name what opening a clip reads: what was given, or else lies beside it.

    Args:
        clip: the video.
        given: files by their option's name, with underscores; None where they are looked for.
    """
    found: dict[str, Path | None] = {"the clip": clip}
    for name, path in given.items():
        if path is None and name in get_args(SidecarKind):
            path = find_sidecar(clip, cast(SidecarKind, name))
            if path is None and name == "poses":
                path = next(iter(foreign_pose_sidecars(clip)), None)
        found[f"--{name.replace('_', '-')}"] = path
    return found


def require_at_least(option: str, value: float | int | None, least: float | int) -> None:
    """Refuse a number that is too small, infinite or NaN; None means that it was not given.

    Raises:
        NeuhmrError: naming the option.
    """
    if value is not None and not least <= value < float("inf"):
        raise NeuhmrError(f"{option} is {value}, at least {least} was expected; change it.")


def sample_clip() -> Path:
    """Find the clip that lies in the project's folder.

    Raises:
        ClipError: this is an installation without the project's folder.
    """
    path = Path(__file__).parents[2] / "sample_data" / "turn.mp4"
    if not path.is_file():
        raise ClipError(
            f"The sample clip {path} is not here, it comes with the project's folder; name a clip "
            "of your own."
        )
    return path
