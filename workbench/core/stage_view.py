"""What the user looks at on the tabs of the stages."""

from dataclasses import dataclass
from typing import Literal

from workbench.engine.free_view import Viewpoint

CompareMode = Literal["side by side", "split", "blink", "difference", "free view"]
COMPARE_MODES: tuple[CompareMode, ...] = (
    "side by side", "split", "blink", "difference", "free view",
)  # fmt: skip
MatchColumn = Literal["joint", "similarity", "distance", "gain", "accepted", "anchors", "reason"]
MATCH_COLUMNS: tuple[MatchColumn, ...] = (
    "joint", "similarity", "distance", "gain", "accepted", "anchors", "reason",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StageView:
    """Choices that change pictures and tables, never poses."""

    compare: CompareMode = "side by side"
    split: float = 0.5
    """Left of this share of the width the frame is shown, right of it the rendering."""
    show_similarity: bool = False
    """Lay the descriptor's similarity over the joint's picture."""
    sort_matches_by: MatchColumn = "joint"
    sort_descending: bool = False
    fill_matches: bool = False
    """Look for matches in all frames, not only in those that were looked at."""
    fill_quality: bool = False
    """Measure the renderings of all frames, not only of those that were looked at."""
    orbit: Viewpoint | None = None
    """Where the 3D view stands; followed only while the free view is shown."""
    pair: tuple[int, int] | None = None
    """Frames that the user wants the avatar to be conditioned on; None for the present ones."""
