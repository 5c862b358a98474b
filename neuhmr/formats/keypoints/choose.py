"""One person's keypoints out of everybody's."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from neuhmr.formats.keypoints.found import FoundKeypoints
from neuhmr.formats.reading.tree import UnusableTree

LEAST_OVERLAP = 0.1
"""Of the keypoints' box with the person's (intersection over union)."""


def choose_rows(
    found: FoundKeypoints,
    person: str | None,
    find_boxes: Callable[[], Float[np.ndarray, "frames 4"] | None] | None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Pick at most one row per frame.

    Args:
        found: everybody's keypoints, in pixels.
        person: an id of the file, if the user gave one.
        find_boxes: gives left, top, right, bottom of the person in every frame of the clip (px),
            NaN where unknown.

    Returns:
        Which rows, and what to say about it.

    Raises:
        UnusableTree: it is not clear who is meant.
    """
    rows = np.arange(len(found.frame_index))
    if person is not None and person in found.ids:
        rows = rows[np.array(found.ids) == person]
        return _surest(found, rows), ()
    frames, counts = np.unique(found.frame_index, return_counts=True)
    if counts.max() == 1 and len(set(found.ids)) <= 1:
        return rows, ()
    boxes = None if find_boxes is None else find_boxes()
    if boxes is None or not np.isfinite(boxes).any():
        raise UnusableTree(
            f"holds several people ({_people(found, counts)}); choose with --person, or give "
            "masks or poses that say where the person is"
        )
    kept = []
    for frame in frames:
        if frame >= len(boxes):
            continue
        here = rows[found.frame_index == frame]
        overlaps = [_overlap(found.points[row], boxes[frame]) for row in here]
        best = int(np.argmax(overlaps))
        if overlaps[best] >= LEAST_OVERLAP:
            kept.append(here[best])
    if not kept:
        raise UnusableTree("holds nobody who overlaps with the person's masks or poses")
    remark = (
        f"of several people's keypoints those that overlap most with the person are taken, in "
        f"{len(kept)} of {len(frames)} frames"
    )
    return np.array(kept), (remark,)


def _surest(found: FoundKeypoints, rows: np.ndarray) -> np.ndarray:
    """Keep the surest of several rows for one frame."""
    order = rows[np.argsort(-found.points[rows, :, 2].sum(axis=1), kind="stable")]
    _, first = np.unique(found.frame_index[order], return_index=True)
    return order[first]


def _people(found: FoundKeypoints, counts: np.ndarray) -> str:
    if not found.ids:
        return f"up to {counts.max()} in a frame"
    ids, times = np.unique(found.ids, return_counts=True)
    order = np.argsort(-times)[:8]
    shown = ", ".join(f"{ids[place]} in {times[place]} frames" for place in order)
    return shown + (" and more" if len(ids) > 8 else "")


def _overlap(points: Float[np.ndarray, "25 3"], box: Float[np.ndarray, "4"]) -> float:
    """Compare the keypoints' box with a person's; 0 where either is unknown."""
    seen = points[points[:, 2] > 0, :2]
    if not len(seen) or not np.isfinite(box).all():
        return 0.0
    low, high = seen.min(axis=0), seen.max(axis=0)
    inside = np.prod(np.clip(np.minimum(high, box[2:]) - np.maximum(low, box[:2]), 0, None))
    both = np.prod(high - low) + np.prod(box[2:] - box[:2]) - inside
    return float(inside / both) if both > 0 else 0.0
