"""How anchor frames are chosen."""

from dataclasses import dataclass

from neuhmr.setting import setting

DEPTH_TOLERANCE = 0.2
"""A joint this far behind the rendered surface still counts as visible (m; NeuHMR Eq. 8). The
joint lies inside the limb, half its thickness below the surface."""


@dataclass(frozen=True, kw_only=True)
class AnchorConfig:
    """How many anchors there are, and what disqualifies a frame."""

    num_anchors: int = setting(
        0, label="Anchors", symbol="N", high=40, flag="anchors",
        help="Number of anchor frames. At least 2; 0 lets the clip's length decide.",
    )  # fmt: skip
    frames_per_anchor: int = setting(
        10, label="Frames per anchor", low=1, high=60,
        help="One anchor for this many frames (NeuHMR: T / 10).",
    )  # fmt: skip
    least_anchors: int = setting(
        2, label="Least anchors", low=2, high=20, help="At least so many, however short the clip.",
    )  # fmt: skip
    most_anchors: int = setting(
        60, label="Most anchors", low=2, high=200, paper=1_000_000,
        help="At most so many: a descriptor averages well long before a ten-minute clip's T / 10.",
    )  # fmt: skip
    candidates_per_anchor: int = setting(
        2, label="Tried per anchor", symbol="N̂/N", low=1, high=8,
        help="Frames that are rendered and scored for each anchor that is kept.",
    )  # fmt: skip
    least_inside: float = setting(
        0.5, label="Least share inside", is_share=True,
        help="Share of the body's box that must lie inside the image.",
    )  # fmt: skip
    score_stride: int = setting(
        4, label="Stride of scoring", unit="px", low=1, high=16,
        help="Candidates are rendered at every so many pixels of each axis.",
    )  # fmt: skip
