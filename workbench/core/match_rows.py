"""The matches of a frame as rows of a table, and the failures among them by kind."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from workbench.core.stage_results import distances_px
from workbench.core.stage_view import MatchColumn
from workbench.engine.optimizer import JointReport

NO_PART = "takes no part"
ACCEPTED = "accepted"
REASONS: dict[str, str] = {
    "": NO_PART,
    "accepted": ACCEPTED,
    "occluded": "occluded",
    "not similar enough": "below similarity",
    "no better than here": "below gain",
    "outside the image": "outside",
    "never seen in an anchor": "no descriptor",
}
"""The library's verdicts in the user's words, in the order in which kinds are listed."""


@dataclass(frozen=True)
class MatchRow:
    """One joint's match."""

    joint: int
    similarity: float
    """Cosine of the winner; NaN for joints that take no part."""
    distance: float
    """From the joint to the winner (px of the crop)."""
    gain: float
    """How much more similar the winner is than the joint's own place."""
    accepted: bool
    anchors: int
    """How many anchors the joint was registered from."""
    reason: str


def match_rows(report: JointReport, anchors_seeing: Int[np.ndarray, " joints"]) -> list[MatchRow]:
    """Make one row a joint, in the joints' order."""
    distances = distances_px(report)
    rows = []
    for joint, verdict in enumerate(report.verdicts):
        gain = math.nan
        if joint in report.candidate_similarity:
            gain = float(report.similarity[joint] - report.candidate_similarity[joint][0])
        rows.append(
            MatchRow(
                joint=joint,
                similarity=float(report.similarity[joint]),
                distance=float(distances[joint]),
                gain=gain,
                accepted=bool(report.matched[joint]),
                anchors=int(anchors_seeing[joint]),
                reason=REASONS.get(verdict, verdict),
            )
        )
    return rows


def sorted_rows(
    rows: Sequence[MatchRow], column: MatchColumn, is_descending: bool
) -> list[MatchRow]:
    """Order rows by a column; joints that have no value there come last either way."""

    def has_value(row: MatchRow) -> bool:
        value = getattr(row, column)
        return not (isinstance(value, float) and math.isnan(value)) and row.reason != NO_PART

    if column == "joint":
        return sorted(rows, key=lambda row: row.joint, reverse=is_descending)
    known = [row for row in rows if has_value(row)]
    known.sort(key=lambda row: getattr(row, column), reverse=is_descending)
    return known + [row for row in rows if not has_value(row)]


def count_by_kind(rows: Iterable[MatchRow]) -> list[tuple[str, int]]:
    """Count accepted matches and each kind of failure; joints that take no part do not count."""
    counts = Counter(row.reason for row in rows)
    return [(words, counts[words]) for words in REASONS.values() if words != NO_PART]


def joint_name(joint: int) -> str:
    """Name a joint shortly: "l" and "r" for left and right."""
    name = SMPL_JOINT_NAMES[joint].replace("_", " ")
    return name.replace("left ", "l ").replace("right ", "r ")
