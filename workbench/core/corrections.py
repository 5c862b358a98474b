"""What the user put right by hand, as part of the session's state."""

from dataclasses import dataclass, replace

from neuhmr.body.motion import Motion
from neuhmr.refine.correction.edits import Place
from neuhmr.refine.correction.sides import Limbs
from neuhmr.refine.scope import Scope


@dataclass(frozen=True, kw_only=True, eq=False)
class Corrections:
    """Poses with what was put right, and which frames that is said of."""

    motion: Motion | None = None
    """Poses as they are now; None where nothing was put right since the last step."""
    start: Motion | None = None
    """Poses that the refinement under way began with, instead of the initial ones."""
    frames: frozenset[int] = frozenset()
    """Frames that were put right, without their neighbors that followed."""
    invalid: frozenset[int] = frozenset()
    """Frames whose poses do not count."""
    held: frozenset[int] = frozenset()
    """Frames that keep their poses in the refinement under way, as they were put right."""
    said: str = ""
    """The newest edit, in the user's words."""
    stroke: int = 0
    """Edits of one drag share a number, and undo as one; 0 for an edit of its own."""

    @property
    def is_none(self) -> bool:
        """Whether nothing was put right, now or where the run under way began."""
        return self.motion is None and self.start is None and not (self.frames or self.invalid)

    def run_scope(self, scope: Scope) -> Scope:
        """Say what a refinement may change: nothing that is held."""
        if not self.held:
            return scope
        return replace(scope, locked_frames=scope.locked_frames | self.held)


@dataclass(frozen=True, kw_only=True)
class FixOptions:
    """How edits are made."""

    radius: int = 4
    """Frames to each side that follow an edit."""
    gizmo: str = "Off"
    """What dragging in 3D does; see `GIZMO_CHOICES`."""
    limbs: Limbs = "both"
    """Which limbs change sides."""
    holds: bool = True
    """Whether frames that were put right keep their poses when refined again."""

    def place(self, frame: int, locks: Scope) -> Place:
        """Say where an edit of a frame reaches."""
        return Place(frame=frame, radius=self.radius, locks=locks)


GIZMO_CHOICES = ("Off", "Turn", "Move")
LARGEST_RADIUS = 60
"""Frames to each side."""
