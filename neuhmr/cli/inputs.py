"""Options that several commands share, and opening what they name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.output import note
from neuhmr.errors import ClipError, NeuhmrError

if TYPE_CHECKING:
    import torch

    from neuhmr.body.smpl_model import SmplModel
    from neuhmr.clip.clip import Clip

OptionalPath = Annotated[Path | None, arg(help_behavior_hint="")]
"""Of an option that may be left out; its help says what happens then."""
LayoutName = Literal["overlay", "side-by-side", "turntable"]
JsonFlag = Annotated[bool, arg(help="Print the result as one JSON object.", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class ClipInputs:
    """A clip and the files that belong to it."""

    clip: Positional[Annotated[Path, arg(metavar="CLIP")]]
    """The video."""
    poses: OptionalPath = None
    """Initial poses; else CLIP.poses.npz, else estimated."""
    masks: OptionalPath = None
    """Person masks; else CLIP.masks.npz."""
    camera: OptionalPath = None
    """Camera; else CLIP.camera.json, else guessed."""
    truth: OptionalPath = None
    """True poses to score against; else CLIP.truth.npz."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl); else the open body."""

    def open(self) -> "Clip":
        """Open the clip with everything that was named or lies beside it.

        Raises:
            ClipError: the video, masks or camera cannot be used.
            PoseFileError: the poses or the truth cannot be used.
        """
        from neuhmr.clip.clip import open_clip

        clip = open_clip(self.clip, self.poses, self.masks, self.camera, self.truth)
        if clip.camera_is_guessed:
            focal = float(clip.camera.K[..., 0, 0].mean())
            note(f"No camera given: a focal length of {focal:.0f} px is guessed from the size.")
        return clip

    def load_body(self) -> "SmplModel":
        """Load the body model.

        Raises:
            BodyModelError: no SMPL-format file.
        """
        from neuhmr.body.model_files import load_body_model

        return load_body_model(self.body_model)


def require_at_least(option: str, value: float | int | None, least: float | int) -> None:
    """Refuse a number that is too small, infinite or NaN; None means that it was not given.

    Raises:
        NeuhmrError: naming the option.
    """
    if value is not None and not least <= value < float("inf"):
        raise NeuhmrError(f"{option} is {value}, at least {least} was expected; change it.")


def choose_device(name: str) -> "torch.device":
    """Turn `auto`, `cpu`, `cuda` or `cuda:1` into a device.

    Raises:
        NeuhmrError: there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise NeuhmrError(
            f'"{name}" is no device; use --device auto, cpu, cuda or cuda:1.'
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise NeuhmrError(
            f"There is no CUDA device for --device {name} ({torch.cuda.device_count()} found); "
            "use --device auto, or run `neuhmr doctor` to see what works here."
        )
    return device


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
