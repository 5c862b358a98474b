"""What a refinement came to, as numbers that need no truth."""

import math
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from neuhmr.anchors.selection import FrameScore
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.losses.pose import initial_pose_loss
from neuhmr.refine.guard.guard import GuardedMotion
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.scene_belief import SceneBelief, believed_scene, depth_errors
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.table import values_of


@dataclass(frozen=True, kw_only=True)
class FrameReport:
    """One frame before and after."""

    frame: int
    """Number in the video."""
    iou_before: float
    """Soft intersection over union of rendering and mask (one minus NeuHMR Eq. 11)."""
    iou_after: float
    rgb_before: float
    """Mean squared color difference."""
    rgb_after: float
    change_deg: float
    """Mean angle between initial and refined rotations (degrees)."""
    reverted: bool
    """Whether the guard put the initial pose back; "after" is then what was given up."""
    refined_share: float
    """How much of the refined pose is left, in [0, 1]; between them where one passes into the
    other."""
    similarity_before: float
    """Mean cosine between the visible joints' features and their descriptors."""
    similarity_after: float
    expected_depth_error: float | None
    """Of a joint along the viewing ray, beside the hips (m); None where nothing is believed."""
    implausibility_before: float
    """Deviation from likely poses, about 1 for a likely one; 0 without a draft."""
    implausibility_after: float


@dataclass(frozen=True, kw_only=True)
class RefineReport:
    """One refinement."""

    config: RefineConfig
    steps: int
    seconds: float
    """Wall time of preparation and refinement."""
    seconds_per_frame: float
    peak_rss_mb: float
    """Most memory the process has held since its start."""
    iou_before: float
    """Mean over the valid frames."""
    iou_after: float
    """Of each frame's initial pose if the guard put most of it back, else of its refined pose; what
    is blended from both is not rendered once more."""
    rgb_before: float
    rgb_after: float
    mean_change_deg: float
    """Mean angle between initial and refined rotations over the valid frames (degrees)."""
    anchor_frames: tuple[int, ...]
    conditioning_frames: tuple[int, int]
    joints_without_descriptor: tuple[int, ...]
    """SMPL joints that no anchor sees and that are therefore never matched."""
    reverted_frames: tuple[int, ...]
    believed: SceneBelief
    per_frame: tuple[FrameReport, ...]

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON; settings by their names in the table."""
        content = asdict(self)
        del content["config"]
        return {"preset": self.config.name, "settings": values_of(self.config), **content}


def make_report(
    problem: RefineProblem,
    config: RefineConfig,
    guarded: GuardedMotion,
    refined: Motion,
    steps: int,
    seconds: float,
) -> RefineReport:
    """Gather the numbers of one refinement.

    Args:
        problem: what was refined.
        config: with which settings.
        guarded: the comparison of initial and refined poses.
        refined: the poses before the guard put any back.
        steps: optimization steps that were done.
        seconds: wall time.
    """
    numbers = problem.crops.frame_index.tolist()
    kept = guarded.kept_scores()
    counts = problem.descriptors.counts.tolist()
    first, second = problem.conditioning_rows
    changes = changes_deg(problem.initial, refined)
    return RefineReport(
        config=config,
        steps=steps,
        seconds=seconds,
        seconds_per_frame=seconds / max(1, len(guarded.rows)),
        peak_rss_mb=peak_rss_mb(),
        iou_before=mean_iou(guarded.before),
        iou_after=mean_iou(kept),
        rgb_before=_mean([score.rgb for score in guarded.before]),
        rgb_after=_mean([score.rgb for score in kept]),
        mean_change_deg=_mean([changes[row] for row in guarded.rows]),
        anchor_frames=tuple(numbers[row] for row in problem.selection.anchors),
        conditioning_frames=(numbers[first], numbers[second]),
        joints_without_descriptor=tuple(j for j, count in enumerate(counts) if count == 0),
        reverted_frames=tuple(numbers[row] for row in guarded.reverted),
        believed=believed_scene(problem),
        per_frame=_frame_reports(guarded, changes, numbers, depth_errors(problem)),
    )


def changes_deg(initial: Motion, refined: Motion) -> list[float]:
    """Mean angle between initial and refined rotations of every row (degrees)."""
    before, after = LocalPose.from_motion(initial), LocalPose.from_motion(refined)
    chords = initial_pose_loss(after.rotmat, before.rotmat)
    # |R - R0|^2 / 2 = 2 (1 - cos a) = 4 sin^2(a / 2).
    angles = 2.0 * (chords.sqrt() / 2.0).clamp_max(1.0).asin()
    return [math.degrees(angle) for angle in angles.mean(dim=1).tolist()]


def peak_rss_mb() -> float:
    """Most memory the process has held (MiB)."""
    # Linux counts kilobytes, macOS bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _frame_reports(
    guarded: GuardedMotion,
    changes: list[float],
    numbers: list[int],
    depth_errors: list[float | None],
) -> tuple[FrameReport, ...]:
    given_up = set(guarded.reverted)

    def report(index: int) -> FrameReport:
        row = guarded.rows[index]
        before, after = guarded.evidence_before[index], guarded.evidence_after[index]
        return FrameReport(
            frame=numbers[row],
            iou_before=1.0 - before.geo,
            iou_after=1.0 - after.geo,
            rgb_before=before.rgb,
            rgb_after=after.rgb,
            change_deg=changes[row],
            reverted=row in given_up,
            refined_share=guarded.shares[index],
            similarity_before=before.similarity,
            similarity_after=after.similarity,
            expected_depth_error=depth_errors[row],
            implausibility_before=before.implausibility,
            implausibility_after=after.implausibility,
        )

    return tuple(report(index) for index in range(len(guarded.rows)))


def mean_iou(scores: Sequence[FrameScore]) -> float:
    """Soft silhouette agreement of the frames, on average (one minus NeuHMR Eq. 11)."""
    return _mean([1.0 - score.geo for score in scores])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan
