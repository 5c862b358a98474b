"""The wide test set's plan: which clip shows which motion, with which errors, body and camera.

Everything is dealt out, nothing drawn, so that no kind of error meets easy motions alone. Of 24
clips, each kind of errors has 4, each camera path 8, zero and noisy betas 10 each and true ones 4;
no kind of errors meets a camera path more than twice. Every fourth clip, one of each family, has
the second look, so that not all pictures are of our own shading.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from neuhmr.lab.people.errors.believed_body import Betas
from neuhmr.lab.people.errors.error_models import ERROR_KINDS
from neuhmr.lab.people.errors.wrong_poses import ErrorKind
from neuhmr.lab.people.motion.motions import MotionKind, WideKind
from neuhmr.lab.people.stage.camera_paths import CAMERA_PATHS, CameraPath

Family = Literal["dance", "ball", "spin", "floor", "gait", "gesture"]
FAMILIES: tuple[Family, ...] = get_args(Family)
WideMotion = MotionKind | WideKind | Literal["recorded"]
DrawnBy = Literal["raster", "cycles"]
"""Our own shading, or Blender's path tracer with materials and lights of its own."""
SUBJECTS: dict[Family, str] = {"dance": "05", "ball": "06"}
"""Whose recordings a family needs; CMU's numbers of test performers (see `splits`)."""

_MOTIONS: dict[Family, tuple[WideMotion, ...]] = {
    "dance": ("recorded", "recorded", "recorded", "recorded", "recorded"),
    "ball": ("recorded", "recorded", "recorded", "recorded", "recorded"),
    "spin": ("spin_kick", "pirouette", "spin_kick", "pirouette"),
    "floor": ("sit_down", "push_up", "crawl", "sit_up"),
    "gait": ("walk", "jog", "turn"),
    "gesture": ("arms", "arms", "reach"),
}
_BETAS: tuple[Betas, ...] = ("zero", "noisy", "zero", "noisy", "true")
"""In turn; five, so that the turns do not keep step with the six kinds of errors."""

_SECOND_LOOK = 4
"""Every so many clips one has the second look."""


@dataclass(frozen=True, kw_only=True)
class WideClip:
    """One clip of the plan."""

    number: int
    family: Family
    motion: WideMotion
    errors: ErrorKind
    betas: Betas
    camera_path: CameraPath
    look: DrawnBy

    @property
    def name(self) -> str:
        """Name its files, without suffix."""
        return f"wide{self.number:02d}_{self.family}"

    @property
    def place(self) -> int:
        """Count the family's clips before it."""
        return sum(clip.family == self.family for clip in WIDE_CLIPS[: self.number])


def _deal() -> tuple[WideClip, ...]:
    hand: list[tuple[Family, WideMotion]] = [
        (family, motion) for family in FAMILIES for motion in _MOTIONS[family]
    ]
    kinds = len(ERROR_KINDS)
    return tuple(
        WideClip(
            number=i,
            family=family,
            motion=motion,
            errors=ERROR_KINDS[i % kinds],
            betas=_BETAS[i % len(_BETAS)],
            # One further every lap: else each kind of errors would keep one camera path.
            camera_path=CAMERA_PATHS[(i + i // kinds) % len(CAMERA_PATHS)],
            look="cycles" if i % _SECOND_LOOK == _SECOND_LOOK - 1 else "raster",
        )
        for i, (family, motion) in enumerate(hand)
    )


WIDE_CLIPS = _deal()
