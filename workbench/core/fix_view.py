"""The selected joint of a frame, with the picture around it."""

from dataclasses import dataclass

from neuhmr.body.motion import Motion
from workbench.core.joint_now import JointNow
from workbench.engine.exchange import Image


@dataclass(frozen=True, kw_only=True, eq=False)
class FixView:
    """A joint in a frame, with the picture around it."""

    frame: int
    joint: int
    motion: Motion
    now: JointNow | None
    """None where the frame has no pose."""
    picture: Image
    left: int
    top: int
    """Corner of the picture in the video (px)."""
