"""Orders in which detectors list their keypoints, and what of them BODY_25 has."""

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.formats.reading.tree import UnusableTree

_COCO = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
    "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
_FEET = (
    "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
_HALPE = (
    *_COCO, "", "neck", "mid_hip", "left_big_toe", "right_big_toe", "left_small_toe",
    "right_small_toe", "left_heel", "right_heel",
)  # fmt: skip
_BLAZEPOSE = (
    "nose", "", "left_eye", "", "", "right_eye", "", "left_ear", "right_ear", "", "",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "", "", "", "", "", "", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle", "left_heel", "right_heel", "left_big_toe", "right_big_toe",
)  # fmt: skip
_OPENPOSE_18 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
LAYOUTS: dict[int, tuple[str, tuple[str, ...]]] = {
    17: ("COCO-17", _COCO),
    18: ("OpenPose COCO-18", _OPENPOSE_18),
    25: ("BODY_25", BODY_25_NAMES),
    26: ("Halpe-26", _HALPE),
    33: ("BlazePose 33", _BLAZEPOSE),
    133: ("COCO-133 (whole body)", (*_COCO, *_FEET, *("",) * 110)),
    136: ("Halpe-136", (*_HALPE, *("",) * 110)),
}
"""Number of keypoints: name of the layout, and BODY_25's names of its keypoints or nothing."""
_MIDDLES = {"neck": ("left_shoulder", "right_shoulder"), "mid_hip": ("left_hip", "right_hip")}
"""What OpenPose puts between two others, by its own definition."""


def layout_name(count: int) -> str:
    """Name the layout of so many keypoints.

    Raises:
        UnusableTree: there is none.
    """
    if count not in LAYOUTS:
        known = ", ".join(f"{number} ({name})" for number, (name, _) in LAYOUTS.items())
        raise UnusableTree(f"holds {count} keypoints a person, {known} were expected")
    return LAYOUTS[count][0]


def as_body25(
    points: Float[np.ndarray, "rows keypoints 3"],
) -> Float[np.ndarray, "rows 25 3"]:
    """Sort keypoints into BODY_25's order: x, y (px) and confidence, NaN and 0 where missing.

    Raises:
        UnusableTree: no layout has so many keypoints.
    """
    layout_name(points.shape[1])
    names = LAYOUTS[points.shape[1]][1]
    confidence = np.clip(np.nan_to_num(points[..., 2]), 0.0, 1.0)
    is_seen = (confidence > 0) & np.isfinite(points[..., :2]).all(axis=-1)
    clean = np.where(is_seen[..., None], points, np.nan)
    clean[..., 2] = np.where(is_seen, confidence, 0.0)
    sorted_points = np.full((len(points), len(BODY_25_NAMES), 3), np.nan)
    sorted_points[..., 2] = 0.0
    for index, name in enumerate(BODY_25_NAMES):
        if name in names:
            sorted_points[:, index] = clean[:, names.index(name)]
        elif name in _MIDDLES:
            first, second = (clean[:, names.index(side)] for side in _MIDDLES[name])
            sorted_points[:, index, :2] = (first[:, :2] + second[:, :2]) / 2.0
            sorted_points[:, index, 2] = np.minimum(first[:, 2], second[:, 2])
    return sorted_points
