"""The smallest problem that can be refined: six frames of the splat person, 60 x 45 pixels."""

import functools
from dataclasses import replace

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.pipeline import make_subject, prepare
from neuhmr.refine.draft.draft import Draft
from neuhmr.refine.priors.ground import Ground
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.config import USUAL_RATE
from neuhmr.refine.settings.draft import DraftConfig
from neuhmr.refine.settings.field import ScheduleConfig
from neuhmr.refine.settings.terms import MatchingConfig, RobustConfig
from refine.splat_avatar import textured_network
from refine.splat_clip import SplatClip, make_clip, walking_motion, wrong_by_rotations
from synthetic_body import make_synthetic_body

# Pixel sizes of the default settings are meant for 240 rows; these images have a quarter of them.
TINY_CONFIG = RefineConfig(
    draft=DraftConfig(enabled=False),
    robust=RobustConfig(joint_scale_px=2.5),
    matching=MatchingConfig(sigma_px=1.0, num_samples=32),
    schedule=ScheduleConfig(
        epochs=4, frames_per_step=3, root_epochs=1, stride=3, fine_epochs=1, fine_stride=2
    ),
)


@functools.cache
def tiny_clip(frames: int = 6) -> SplatClip:
    return make_clip(make_synthetic_body(), walking_motion(frames, turn=2.5), 60, 45)


def problem_of(clip: SplatClip, initial: Motion, config: RefineConfig) -> RefineProblem:
    network = textured_network(clip.model, clip.truth.betas)
    subject = make_subject(clip.crops, initial, clip.model, network, USUAL_RATE)
    return prepare(subject, config)


@functools.cache
def tiny_problem(degrees: float = 10.0) -> RefineProblem:
    clip = tiny_clip()
    return problem_of(clip, wrong_by_rotations(clip.truth, degrees, 0.05), TINY_CONFIG)


def with_schedule(config: RefineConfig, **changes: object) -> RefineConfig:
    return replace(config, schedule=replace(config.schedule, **changes))


@functools.cache
def drafted_problem() -> RefineProblem:
    """The tiny problem with a draft that leaves the poses alone but knows a tilted floor."""
    problem = tiny_problem()
    frames = len(problem.initial)
    up = torch.nn.functional.normalize(torch.tensor([0.05, -1.0, -0.1]), dim=0)
    ground = Ground(up.expand(frames, 3).clone(), torch.full((frames,), -1.0))
    return replace(problem, draft=Draft(LocalPose.from_motion(problem.initial), ground))
