"""What refinement may change; everything else keeps its initial pose to the last bit."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Bool

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import BODY_PARTS, NUM_JOINTS, SMPL_JOINT_NAMES
from neuhmr.errors import NeuhmrError


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which frames of the video, and which joints, refinement may change."""

    first: int | None = None
    """First frame to refine; None for the clip's first."""
    last: int | None = None
    """Last frame to refine, itself included; None for the clip's last."""
    locked_frames: frozenset[int] = frozenset()
    """Frames the user is content with."""
    locked_joints: frozenset[int] = frozenset()
    """SMPL joints whose rotation stays, 0 for the root's."""
    lock_translation: bool = False

    def rows(self, motion: Motion) -> tuple[int, ...]:
        """List the rows that may change: valid, within the range, not locked."""
        return tuple(
            row
            for row, (frame, is_valid) in enumerate(
                zip(motion.frame_index.tolist(), motion.valid.tolist(), strict=True)
            )
            if is_valid and self.holds(frame)
        )

    def holds(self, frame: int) -> bool:
        """Tell whether a frame may change."""
        after = self.first is None or frame >= self.first
        before = self.last is None or frame <= self.last
        return after and before and frame not in self.locked_frames

    def plain(self) -> dict[str, Any]:
        """Write it as numbers and lists in order; equal scopes are written alike."""
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(self).items()
        }

    def free_joints(self, motion: Motion) -> Bool[torch.Tensor, "frames 24"]:
        """Tell which rotations may change, root first."""
        free = torch.zeros(len(motion), NUM_JOINTS, dtype=torch.bool)
        free[list(self.rows(motion))] = True
        free[:, sorted(self.locked_joints)] = False
        return free.to(motion.transl.device)

    def free_translations(self, motion: Motion) -> Bool[torch.Tensor, " frames"]:
        """Tell which translations may change."""
        free = torch.zeros(len(motion), dtype=torch.bool)
        if not self.lock_translation:
            free[list(self.rows(motion))] = True
        return free.to(motion.transl.device)


PLACE = "place"
"""Locks the translation: nobody moves from where they are."""


def parse_scope(range_words: str, locked: Sequence[str]) -> Scope:
    """Read what may change from a range of frames and words for what is locked.

    Args:
        range_words: "20:60" and the like; "" for all frames.
        locked: parts of the body, joints, "place", and numbers of frames.

    Raises:
        NeuhmrError: one of them makes no sense.
    """
    first, last = parse_frames(range_words) if range_words else (None, None)
    frames = {int(word) for word in locked if word.isdecimal()}
    parts = [word for word in locked if not word.isdecimal() and word != PLACE]
    return Scope(
        first=first,
        last=last,
        locked_frames=frozenset(frames),
        locked_joints=frozenset().union(*map(joints_called, parts)),
        lock_translation=PLACE in locked,
    )


def joints_called(name: str) -> frozenset[int]:
    """Look up the joints of a part of the body, such as `left_arm`, or one joint by its name.

    Raises:
        NeuhmrError: nothing is called so.
    """
    if name in BODY_PARTS:
        return frozenset(BODY_PARTS[name])
    if name in SMPL_JOINT_NAMES:
        return frozenset({SMPL_JOINT_NAMES.index(name)})
    raise NeuhmrError(
        f'"{name}" is nothing that can be locked; {", ".join(BODY_PARTS)}, a joint such as '
        "left_elbow, place, or the number of a frame was expected."
    )


def parse_frames(text: str) -> tuple[int | None, int | None]:
    """Read "20:60" (both included), "20:", ":60" or "20".

    Raises:
        NeuhmrError: it says something else.
    """
    first, colon, last = text.partition(":")
    try:
        start = int(first) if first else None
        end = (int(last) if last else None) if colon else start
    except ValueError:
        start = end = None
        text = f"{text!r}"
    is_nothing = start is None and end is None
    if is_nothing or (start is not None and end is not None and start > end):
        raise NeuhmrError(
            f"--range is {text}, something like 20:60 (both included), 20: or :60 was expected; "
            "change it or leave it out."
        )
    return start, end
