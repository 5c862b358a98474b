"""What refinement makes small, and how the frames are searched for joints."""

from dataclasses import dataclass
from typing import Literal

from neuhmr.anchors.settings import DEPTH_TOLERANCE
from neuhmr.setting import setting


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Lambda of each term.

    With `BalanceConfig.enabled`, `rgb`, `geo`, `joint` and `keypoint` are relative to the size of
    each term's gradient at the start, so 1 : 1 : 1 : 1 gives all four the same say; otherwise they
    multiply the raw terms.
    """

    rgb: float = setting(
        1.0, label="Color", symbol="λ_rgb", high=5.0, flag="rgb", is_live=True, paper=2.5,
        help="How much colors count. Raise it if the avatar looks right.",
    )  # fmt: skip
    geo: float = setting(
        1.0, label="Silhouette", symbol="λ_geo", high=5.0, flag="geo", is_live=True, paper=0.001,
        help="How much the outline against the mask counts.",
    )  # fmt: skip
    joint: float = setting(
        0.05, label="Joints", symbol="λ_joint", high=5.0, flag="joint", is_live=True, paper=0.003,
        help="How much the matched joints count. Low, because descriptors registered at wrong "
        "poses match a joint no better than a draft places it.",
    )  # fmt: skip
    keypoint: float = setting(
        0.0, label="Keypoints", symbol="λ_keypoint", high=5.0, flag="keypoint", is_live=True,
        help="How much keypoints that heatmaps find count. Above 0 they are looked for once a "
        "frame, which takes seconds each without a GPU.",
    )  # fmt: skip
    regularizer: float = setting(
        0.001, label="Extremities", symbol="λ_reg", high=0.1, flag="regularizer", is_live=True,
        help="Against rotations beyond 45° at head, hands and feet.",
    )  # fmt: skip
    acceleration: float = setting(
        0.05, label="Steadiness", high=1.0, flag="acceleration", is_live=True, paper=0.0,
        help="Against accelerations that people rarely have. The draft has its own: "
        "draft.acceleration_weight.",
    )  # fmt: skip
    prior: float = setting(
        0.2, label="Small turns", high=5.0, flag="prior", is_live=True, paper=0.0,
        help="Against large residual rotations (rad²).",
    )  # fmt: skip
    plausibility: float = setting(
        0.01, label="Likely poses", high=5.0, flag="plausibility", is_live=True, paper=0.0,
        help="Against joints where the motion prior does not believe them. Needs a draft.",
    )  # fmt: skip
    floor: float = setting(
        0.07, label="Floor", high=1.0, flag="floor", is_live=True, paper=0.0,
        help="Against feet off the floor. Needs a draft.",
    )  # fmt: skip
    root_depth: float = setting(
        100.0, label="Distance", high=1000.0, is_live=True, paper=0.0,
        help="Against the pelvis leaving the distance where it started (m²).",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RobustConfig:
    """Where errors stop counting more the larger they are (Geman-McClure)."""

    rgb_scale: float = setting(
        0.1, label="Robust color", high=1.0, is_live=True, paper=0.0,
        help="Color difference beyond which pixels lose their say; 0 for plain squares.",
    )  # fmt: skip
    joint_scale_px: float = setting(
        10.0, label="Robust joints", unit="px", high=50.0, is_live=True, paper=0.0,
        help="Distance to a match, and to a keypoint, beyond which it loses its say; 0 for plain "
        "squares.",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MatchingConfig:
    """How the frame is searched for the registered joints."""

    search: Literal["gaussian", "grid"] = setting(
        "gaussian", label="Search", is_live=True,
        help="Random samples as in NeuHMR, or every pixel of a disk of three sigma: no randomness.",
    )  # fmt: skip
    sigma_px: float = setting(
        4.0, label="Search width", symbol="σ", unit="px", high=20.0, flag="sigma", is_live=True,
        help="Spread of the match candidates around a joint. In pixels of the crop.",
    )  # fmt: skip
    num_samples: int = setting(
        128, label="Candidates", symbol="S", low=1, high=512, flag="samples", is_live=True,
        help="Random match candidates per joint. The current place is always one more. More is "
        "steadier and slower.",
    )  # fmt: skip
    epsilon: float = setting(
        DEPTH_TOLERANCE, label="Visibility", symbol="ε", unit="m", high=0.6, flag="epsilon",
        is_live=True,
        help="How far behind the surface a joint is still visible. Both when joints are "
        "registered and when they are matched, NeuHMR Eq. 8.",
    )  # fmt: skip
    least_similarity: float = setting(
        0.5, label="Least similarity", low=-1.0, high=1.0, is_live=True,
        help="Cosine a match must exceed.",
    )  # fmt: skip
    least_gain: float = setting(
        0.0, label="Least gain", high=0.5, is_live=True,
        help="Cosine a match must gain over the current place.",
    )  # fmt: skip
    match_occluded: bool = setting(
        False, label="Match hidden joints", is_live=True,
        help="Also match joints that the body itself hides; what hides them will attract them.",
    )  # fmt: skip
