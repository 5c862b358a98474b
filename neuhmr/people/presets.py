"""What `neuhmr people --preset` makes: one command for each split.

Held-out kinds and seed ranges (see `splits`) keep the three apart; the numbers here are the whole
definition of the sets that are trained, validated and tested on.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from neuhmr.people.film import CameraKind, MaskKind
from neuhmr.people.splits import Split
from neuhmr.people.wrong_poses import ErrorKind

PresetName = Literal["clips", "train", "val", "test"]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)


@dataclass(frozen=True, kw_only=True)
class PeoplePreset:
    """One preset's defaults."""

    split: Split
    is_clips: bool
    """Clips with sidecars; else packed pictures to train on."""
    people: int
    frames: int = 90
    height: int = 512
    width: int = 512
    errors: tuple[ErrorKind, ...] = ("ray",)
    """Kinds of wrong initial poses; the first is the clip's own."""
    camera: CameraKind = "phone"
    masks: MaskKind = "segmented"


def people_preset(name: PresetName) -> PeoplePreset:
    """Look a preset up."""
    match name:
        case "train":
            return PeoplePreset(split="train", is_clips=False, people=300)
        case "val":
            return PeoplePreset(split="val", is_clips=False, people=12)
        case "test":
            return PeoplePreset(
                split="test", is_clips=True, people=8, frames=60, height=448, width=448,
                errors=("ray", "isotropic"),
            )  # fmt: skip
        case "clips":
            return PeoplePreset(
                split="test", is_clips=True, people=1, camera="ideal", masks="exact"
            )
