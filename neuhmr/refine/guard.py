"""Keeping the initial pose where refinement made a frame look worse.

Every frame is rendered once more in both poses, at pixels chosen by no one, and the refined pose
must not explain the frame markedly worse. It guards against failed matches and poses that ran
away; an error along the viewing ray looks the same in the picture and passes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from neuhmr.anchors.scoring import score_frame
from neuhmr.anchors.selection import FrameScore
from neuhmr.body.motion import Motion
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.refine.problem import RefineProblem


@dataclass(frozen=True, kw_only=True)
class GuardConfig:
    """When a refined frame is given up."""

    most_worse: float = 0.1
    """A frame is given up when its score, a sum of both losses relative to the clip's initial
    means, rose by more than this share of what is usual."""
    stride: int = 4
    """Pixels between rays."""


@dataclass(frozen=True)
class GuardedMotion:
    """A refined motion without the frames that got worse."""

    motion: Motion
    rows: tuple[int, ...]
    """Rows that were compared: the valid ones."""
    before: tuple[FrameScore, ...]
    """Of each compared row, in its initial pose."""
    after: tuple[FrameScore, ...]
    """The same in the refined pose, whether or not it was kept."""
    reverted: tuple[int, ...]
    """Rows that have their initial pose again."""

    def kept_scores(self) -> tuple[FrameScore, ...]:
        """Scores of the poses that were kept."""
        given_up = set(self.reverted)
        triples = zip(self.rows, self.before, self.after, strict=True)
        return tuple(before if row in given_up else after for row, before, after in triples)


def guard_motion(
    problem: RefineProblem,
    refined: Motion,
    config: GuardConfig | None = None,
    on_progress: OnProgress = ignore_progress,
) -> GuardedMotion:
    """Render all frames in both poses and keep the initial pose of those that got worse.

    Args:
        problem: the clip, its person and the initial poses.
        refined: what refinement made of them.
        config: how much worse is too much.
        on_progress: told after every frame.
    """
    config = config or GuardConfig()
    rows = tuple(problem.initial.valid.nonzero()[:, 0].tolist())
    before, after = [], []
    for done, row in enumerate(rows):
        on_progress(Progress("Comparing before and after", done, len(rows)))
        for motion, scores in ((problem.initial, before), (refined, after)):
            scores.append(score_frame(problem.avatar, problem.crops, motion, row, config.stride))
    reverted = worse_rows(rows, before, after, config.most_worse)
    return GuardedMotion(
        motion=_revert(refined, problem.initial, reverted),
        rows=rows,
        before=tuple(before),
        after=tuple(after),
        reverted=reverted,
    )


def worse_rows(
    rows: Sequence[int],
    before: Sequence[FrameScore],
    after: Sequence[FrameScore],
    most_worse: float,
) -> tuple[int, ...]:
    """Find rows whose two losses, each relative to its initial mean over the clip, rose in sum."""
    rgb = max(sum(score.rgb for score in before) / max(1, len(before)), 1e-12)
    geo = max(sum(score.geo for score in before) / max(1, len(before)), 1e-12)
    found = []
    for row, old, new in zip(rows, before, after, strict=True):
        rise = (new.rgb - old.rgb) / rgb + (new.geo - old.geo) / geo
        if rise > 2.0 * most_worse:
            found.append(row)
    return tuple(found)


def _revert(refined: Motion, initial: Motion, rows: Sequence[int]) -> Motion:
    is_reverted = torch.zeros(len(refined), dtype=torch.bool, device=refined.transl.device)
    is_reverted[list(rows)] = True
    return replace(
        refined,
        global_orient=torch.where(
            is_reverted[:, None, None], initial.global_orient, refined.global_orient
        ),
        body_pose=torch.where(
            is_reverted[:, None, None, None], initial.body_pose, refined.body_pose
        ),
        transl=torch.where(is_reverted[:, None], initial.transl, refined.transl),
    )
