"""Going back to the initial pose where refinement probably made a frame worse.

Every frame is looked at once more in both poses. What speaks for the one or the other is added
up, smoothed over time, since errors of poses last, and where it speaks for the initial pose, the
motion passes over to it within some frames. An error along the viewing ray looks almost the same
in the picture; the guard mostly sees matches that failed, poses that ran away, and initial poses
that were good already.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.selection import FrameScore
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import nearest_rotations
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.refine.guard.evidence import FrameEvidence, frame_evidence
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings.guard import GuardConfig
from neuhmr.refine.time_means import gaussian_means


@dataclass(frozen=True)
class GuardedMotion:
    """A refined motion that passes over to the initial one where it got worse."""

    motion: Motion
    rows: tuple[int, ...]
    """Rows that were compared: those that refinement might change."""
    before: tuple[FrameScore, ...]
    """Of each compared row, in its initial pose."""
    after: tuple[FrameScore, ...]
    """The same in the refined pose, whether or not it was kept."""
    reverted: tuple[int, ...]
    """Rows that are nearer to their initial pose than to the refined one."""
    shares: tuple[float, ...]
    """Of each compared row, how much of the refined pose is left, in [0, 1]."""
    evidence_before: tuple[FrameEvidence, ...]
    """Of each compared row, in its initial pose: its scores and what else is known of it."""
    evidence_after: tuple[FrameEvidence, ...]
    """The same in the refined pose."""

    def kept_scores(self) -> tuple[FrameScore, ...]:
        """Scores of the poses that were kept, or mostly kept."""
        given_up = set(self.reverted)
        triples = zip(self.rows, self.before, self.after, strict=True)
        return tuple(before if row in given_up else after for row, before, after in triples)


def guard_motion(
    problem: RefineProblem,
    refined: Motion,
    config: GuardConfig | None = None,
    on_progress: OnProgress = ignore_progress,
) -> GuardedMotion:
    """Compare all frames in both poses and go back to the initial pose where that seems better.

    With `config.enabled` off frames are compared, but none goes back.

    Args:
        problem: the clip, its person and the initial poses.
        refined: what refinement made of them.
        config: what counts how much.
        on_progress: told after every frame.
    """
    config = config or GuardConfig()
    rows = problem.active_rows()
    before, after = [], []
    for done, row in enumerate(rows):
        on_progress(Progress("Comparing before and after", done, len(rows)))
        for motion, found in ((problem.initial, before), (refined, after)):
            found.append(frame_evidence(problem, motion, row, config.stride))
    votes = frame_votes(before, after, config)
    numbers = problem.initial.frame_index[list(rows)].tolist()
    shares = kept_shares(gaussian_means(votes, numbers, config.smoothing_frames))
    if not config.enabled:
        shares = [1.0] * len(rows)
    return GuardedMotion(
        motion=blend_motions(refined, problem.initial, rows, shares),
        rows=rows,
        before=tuple(evidence.score for evidence in before),
        after=tuple(evidence.score for evidence in after),
        reverted=tuple(row for row, share in zip(rows, shares, strict=True) if share < 0.5),
        shares=tuple(shares),
        evidence_before=tuple(before),
        evidence_after=tuple(after),
    )


def frame_votes(
    before: Sequence[FrameEvidence], after: Sequence[FrameEvidence], config: GuardConfig
) -> list[float]:
    """Add up what speaks for each refined pose; below zero the initial one seems better."""
    count = max(1, len(before))
    usual_rgb = max(sum(evidence.rgb for evidence in before) / count, 1e-12)
    usual_geo = max(sum(evidence.geo for evidence in before) / count, 1e-12)

    def vote(old: FrameEvidence, new: FrameEvidence) -> float:
        return (
            config.bias
            - config.rgb * (new.rgb - old.rgb) / usual_rgb
            - config.geo * (new.geo - old.geo) / usual_geo
            + config.similarity * (new.similarity - old.similarity)
            - config.implausibility * max(0.0, new.implausibility - old.implausibility)
            - config.off_floor * max(0.0, new.off_floor - old.off_floor)
        )

    return [vote(old, new) for old, new in zip(before, after, strict=True)]


def kept_shares(votes: Sequence[float]) -> list[float]:
    """Turn votes into shares of the refined pose: exactly 1 above 0.5, exactly 0 below -0.5."""
    return [min(1.0, max(0.0, 0.5 + vote)) for vote in votes]


def blend_motions(
    refined: Motion, initial: Motion, rows: Sequence[int], shares: Sequence[float]
) -> Motion:
    """Mix two motions; rows with a share of 1 or 0 are one of them bit for bit."""
    share = torch.ones(len(refined)).to(refined.transl)
    share[list(rows)] = torch.tensor(list(shares)).to(share)
    new, old = LocalPose.from_motion(refined), LocalPose.from_motion(initial)
    mixed = nearest_rotations(_mix(old.rotmat, new.rotmat, share))
    transl = _mix(old.transl, new.transl, share)
    rotmat = _choose(share, old.rotmat, new.rotmat, mixed)
    # Mixing a locked rotation with itself would round it.
    is_same = (old.rotmat == new.rotmat).all(dim=-1).all(dim=-1)
    rotmat = torch.where(is_same[..., None, None], old.rotmat, rotmat)
    return LocalPose(rotmat, _choose(share, old.transl, new.transl, transl)).into(refined)


def _mix(
    old: Float[Tensor, "rows ..."], new: Float[Tensor, "rows ..."], share: Float[Tensor, " rows"]
) -> Float[Tensor, "rows ..."]:
    weight = share.reshape(-1, *(1,) * (old.ndim - 1))
    return old + (new - old) * weight


def _choose(
    share: Float[Tensor, " rows"],
    old: Float[Tensor, "rows ..."],
    new: Float[Tensor, "rows ..."],
    mixed: Float[Tensor, "rows ..."],
) -> Float[Tensor, "rows ..."]:
    """Take what is not mixed as it is: mixing rounds."""
    weight = share.reshape(-1, *(1,) * (old.ndim - 1))
    return torch.where(weight == 1.0, new, torch.where(weight == 0.0, old, mixed))
