"""What `neuhmr people --preset` makes: one command for each split.

Held-out kinds and seed ranges (see `splits`) keep the three apart; the numbers here are the whole
definition of the sets that are trained, validated and tested on.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from neuhmr.lab.people.errors.wrong_poses import ErrorKind
from neuhmr.lab.people.splits import Split
from neuhmr.lab.people.stage.film import CameraKind, MaskKind
from neuhmr.lab.people.training_set import Placing
from neuhmr.lab.people.wide_design import WIDE_CLIPS

PresetName = Literal[
    "clips", "train", "val", "test", "wide", "views", "views-val", "views-test", "fits", "fits-val"
]
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
    """Of a clip's pictures, or of those to train on, which are square (px)."""
    width: int = 512
    errors: tuple[ErrorKind, ...] = ("ray",)
    """Kinds of wrong initial poses; the first is the clip's own."""
    camera: CameraKind = "phone"
    masks: MaskKind = "segmented"
    poses: int = 8
    """Poses of each person to train on."""
    sides: int = 2
    """Pictures of each such pose."""
    placing: Placing = "anywhere"


def people_preset(name: PresetName) -> PeoplePreset:
    """Look a preset up."""
    match name:
        case "train":
            return PeoplePreset(split="train", is_clips=False, people=300, height=256)
        case "val":
            return PeoplePreset(split="val", is_clips=False, people=12, height=256)
        case "test":
            return PeoplePreset(
                split="test", is_clips=True, people=8, frames=60, height=448, width=448,
                errors=("ray", "isotropic"),
            )  # fmt: skip
        case "wide":
            # Its errors are dealt out, see `wide_design`.
            return PeoplePreset(
                split="test", is_clips=True, people=len(WIDE_CLIPS), frames=48, height=448,
                width=448,
            )  # fmt: skip
        case "views":
            return _views("train", 160)
        case "views-val":
            return _views("val", 10)
        case "views-test":
            return _views("test", 8)
        case "fits":
            return _fits("train", 450)
        case "fits-val":
            return _fits("val", 24)
        case "clips":
            return PeoplePreset(
                split="test", is_clips=True, people=1, camera="ideal", masks="exact"
            )


def _fits(split: Split, people: int) -> PeoplePreset:
    """People of whose film only what `neuhmr init` finds in it is kept (`filmed.filming`)."""
    return PeoplePreset(split=split, is_clips=False, people=people, frames=52)


def _views(split: Split, people: int) -> PeoplePreset:
    """People as a calibrated ring of synchronous cameras sees them.

    Pictures are twice as large as GHNeRF looks at them: shrunk, an outline's pixels are as much of
    the person as the person covers of them. A mask of their own size has only yes and no.
    """
    return PeoplePreset(
        split=split, is_clips=False, people=people, camera="ideal", masks="exact", poses=2,
        sides=16, placing="ring",
    )  # fmt: skip
