"""Descending from a first guess to a fit, for as many frames as fit in memory at once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import cos, pi
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.initial.believed_fit import BelievedFitConfig
from neuhmr.initial.first_guess import translations, trunk_orientations
from neuhmr.initial.fit_terms import (
    MATCH_INTERVAL,
    BodyKnowledge,
    Estimate,
    Evidence,
    TermConfig,
    loss_terms,
    match_outline,
)
from neuhmr.progress import OnProgress, Progress

LABEL = "Fitting the body"


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Terms and steps of a fit."""

    terms: TermConfig = field(default_factory=TermConfig)
    coarse_steps: int = 100
    """Steps that follow the rough 3D landmarks, to get limbs on the right side."""
    fine_steps: int = 400
    """Steps that follow the pixels, each frame on its own."""
    smooth_steps: int = 250
    """Steps that follow pixels and silhouettes and make the frames one motion. They come last:
    smoothness is so stiff a term that a descent that starts with it hardly moves slow errors."""
    learning_rate: float = 0.05
    """Of Adam (rad); translations move by a tenth of the depth."""
    block_frames: int = 600
    """Longer clips are fitted in blocks of this many frames, with the shape of a first fit to
    frames from all over the clip; memory stays flat."""
    overlap_frames: int = 20
    """Frames that neighboring blocks share, over which one fades into the other."""

    believed: BelievedFitConfig = field(default_factory=BelievedFitConfig)
    """The last descent, with the motion prior."""

    @property
    def steps(self) -> int:
        """Steps of one descent before the prior is asked."""
        return self.coarse_steps + self.fine_steps + self.smooth_steps


class Descents(NamedTuple):
    """How many descents a fit takes and how many are done, for its progress."""

    done: int
    total: int


class _Stage(NamedTuple):
    steps: int
    done_before: int
    pixel_weight: float
    learning_rate: float
    is_last: bool


def descend(
    evidence: Evidence,
    known: BodyKnowledge,
    config: FitConfig,
    betas: Float[Tensor, " betas"] | None,
    descents: Descents,
    on_progress: OnProgress,
) -> Estimate:
    """Fit frames together, from the trunk's landmarks to the full pose.

    Args:
        evidence: of frames that all show the person.
        known: the body.
        config: terms and steps.
        betas: the shape to keep; None to fit it.
        descents: how many came before this one and come in all.
        on_progress: told after every step.
    """
    coarse, fine, rate = config.coarse_steps, config.fine_steps, config.learning_rate
    stages = (
        _Stage(coarse, 0, 0.1, rate, False),
        _Stage(fine, coarse, 1.0, rate, False),
        _Stage(config.smooth_steps, coarse + fine, 1.0, 0.5 * rate, True),
    )

    def report(step: int) -> None:
        done = descents.done * config.steps + step
        on_progress(Progress(LABEL, done, descents.total * config.steps))

    estimate = _first_estimate(evidence, known, betas)
    for stage in stages:
        estimate = _run_stage(evidence, known, estimate, config.terms, stage, betas is None, report)
    return estimate


def _first_estimate(
    evidence: Evidence, known: BodyKnowledge, betas: Float[Tensor, " betas"] | None
) -> Estimate:
    """Stand every frame's body in its rest pose as the trunk's landmarks say."""
    if betas is None:
        betas = torch.zeros(known.body.landmarks_dirs.shape[-1])
    orient = trunk_orientations(known.body, betas, evidence.points3d)
    frames = orient.shape[0]
    resting = Estimate(orient, torch.zeros(frames, 23, 3), torch.zeros(frames, 3), betas)
    transl = translations(
        resting.landmarks(known.body), evidence.points2d, evidence.weights, evidence.camera
    )
    return replace(resting, transl=transl)


def _run_stage(
    evidence: Evidence,
    known: BodyKnowledge,
    start: Estimate,
    terms: TermConfig,
    stage: _Stage,
    fits_betas: bool,
    report: Callable[[int], None],
) -> Estimate:
    """Run Adam from an estimate; orientations turn away from where they start."""
    turn = torch.zeros_like(start.transl, requires_grad=True)
    pose = start.body_pose.clone().requires_grad_()
    # In units of a tenth of the depth, so that one learning rate serves all.
    shift = torch.zeros_like(start.transl, requires_grad=True)
    unit = 0.1 * start.transl[:, 2:].clamp_min(0.5)
    betas = start.betas.clone().requires_grad_(fits_betas)
    free = [turn, pose, shift, betas] if fits_betas else [turn, pose, shift]
    optimizer = torch.optim.Adam(free, lr=stage.learning_rate)

    def estimate() -> Estimate:
        orient = start.global_orient @ axisangle_to_rotmat(turn)
        return Estimate(orient, pose, start.transl + shift * unit, betas)

    for step in range(stage.steps):
        fade = 0.5 * (1 + cos(pi * step / stage.steps))
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * (0.05 + 0.95 * fade)
        if stage.is_last and step % MATCH_INTERVAL == 0:
            evidence = match_outline(evidence, estimate(), known)
        optimizer.zero_grad()
        losses = loss_terms(evidence, estimate(), known, terms, stage.is_last)
        losses["pixels"] = losses["pixels"] * stage.pixel_weight
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
        report(stage.done_before + step + 1)
    return estimate().detach()
