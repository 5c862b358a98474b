"""What the user looks at, and how it is drawn."""

from dataclasses import dataclass, field
from typing import Literal

from neuhmr.clip.mask_changes import MaskChanges
from workbench.core.stage_view import StageView
from workbench.engine.free_view import Viewpoint
from workbench.engine.keypoint_report import KeypointSource

Shown = Literal["initial", "refined", "both"]
SHOWN_CHOICES: tuple[Shown, ...] = ("initial", "refined", "both")
Surface = Literal["auto", "solid", "wire"]
SURFACES: tuple[Surface, ...] = ("auto", "solid", "wire")
MAX_GHOSTS = 4


@dataclass(frozen=True)
class BodyStyle:
    """How a body is drawn in 3D."""

    color: tuple[int, int, int]
    opacity: float = 1.0
    surface: Surface = "auto"
    """`auto` draws wires where another body shares the place."""


@dataclass(frozen=True, kw_only=True)
class ViewState:
    """What the user looks at."""

    frame: int = 0
    is_playing: bool = False
    chooses_person: bool = False
    """A click on the video picture means a person and no joint."""
    show_masks: bool = False
    """Masks lie over the video."""
    mask_wish: MaskChanges | None = None
    """How masks are shown before they are opened so; None for as they are open."""
    loops_range: bool = True
    """Playing repeats the range that is refined, where one was chosen."""
    shown: Shown = "both"
    joint: int = 21
    """Selected in the joint table; starts at the right wrist, which goes wrong most."""
    show_truth: bool = False
    show_sphere: bool = False
    show_frustum: bool = True
    show_backdrop: bool = False
    """The frame stands behind the person, as far off as the video camera saw it."""
    find_keypoints: bool = False
    """Render heatmaps of the shown frame; that takes a while on slow machines."""
    keypoint: int | None = None
    """Whose heatmap is shown; None for all."""
    keypoint_source: KeypointSource = "frame"
    show_heat: bool = True
    """Heatmaps lie over the video, too."""
    viewpoint: Viewpoint | None = None
    """Where the user wanted heatmaps to be rendered from."""
    initial_style: BodyStyle = BodyStyle((173, 181, 189))
    refined_style: BodyStyle = BodyStyle((77, 171, 247))
    truth_style: BodyStyle = BodyStyle((81, 207, 102))
    show_skeleton: bool = False
    """Bones and joints, colored by how far each joint is off."""
    show_depth_errors: bool = False
    """How far off each joint is expected to be, along its viewing ray."""
    show_ground: bool = True
    show_trajectory: bool = False
    """Where the pelvis goes over the clip."""
    ghosts: int = 0
    """How many faint bodies are drawn before the frame, and as many after it."""
    ghost_step: int = 5
    """Frames from one ghost to the next."""
    follows: bool = False
    """The 3D view goes along with the person."""
    from_camera: bool = False
    """The 3D view is the video camera's, with the frame behind the bodies."""
    stages: StageView = field(default_factory=StageView)
    """Choices on the stages' tabs."""
