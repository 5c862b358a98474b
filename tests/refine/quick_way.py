"""A refinement that walks the whole way in half a second, for tests of how it is driven."""

import functools

import torch
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.pipeline import Subject, prepare
from neuhmr.progress import Cancelled, OnProgress, Progress
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Result, Run
from neuhmr.refine.settings import RefineConfig, preset, with_values
from refine.knowing_network import knowing_subject
from refine.tiny_problem import tiny_clip

# As cheap as it gets with something to do in every stage; 30 frames a second keep all as they are.
CONFIG = with_values(
    preset("fast"),
    {
        "draft.steps": 6, "draft.outline_interval": 4, "draft.typical_misfit": 0.0,
        "matching.sigma_px": 1.0, "matching.num_samples": 16, "matching.epsilon": 0.15,
        "robust.joint_scale_px": 2.5, "weights.joint": 1.0, "balance.num_frames": 2,
        "motion_field.width": 32, "motion_field.frames_per_center": 1.5,
        "motion_field.num_centers": 1,
        "schedule.epochs": 2, "schedule.root_epochs": 1, "schedule.frames_per_step": 3,
        "schedule.stride": 4, "schedule.fine_epochs": 0, "schedule.learning_rate": 2e-3,
    },
)  # fmt: skip
ROWS = 6


@functools.cache
def subject() -> Subject:
    return knowing_subject(tiny_clip(ROWS))


@functools.cache
def problem() -> RefineProblem:
    return prepare(subject(), CONFIG)


def with_setting(name: str, value: float) -> RefineConfig:
    return with_values(CONFIG, {name: value})


def refined(problem: RefineProblem, config: RefineConfig) -> Result:
    run = Run(problem, config)
    list(run.steps())
    return run.result()


def whole(subject: Subject, config: RefineConfig) -> Result:
    return refined(prepare(subject, config), config)


@functools.cache
def straight(name: str, value: float) -> Result:
    """The whole way at once, with one setting changed."""
    return whole(subject(), with_setting(name, value))


def assert_same(first: Motion, second: Motion) -> None:
    assert torch.equal(first.global_orient, second.global_orient)
    assert torch.equal(first.body_pose, second.body_pose)
    assert torch.equal(first.transl, second.transl)


def is_same(first: Motion, second: Motion) -> bool:
    pairs = zip(poses_of(first), poses_of(second), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def poses_of(motion: Motion) -> list[Tensor]:
    return [motion.global_orient, motion.body_pose, motion.transl]


def stop_at(label: str, after: int = 0) -> OnProgress:
    """Cancel when this is reported for the so-manieth time."""
    left = [after]

    def watch(progress: Progress) -> None:
        if progress.label == label:
            if left[0] == 0:
                raise Cancelled
            left[0] -= 1

    return watch


@functools.cache
def finished_run() -> Run:
    run = Run(problem(), CONFIG)
    list(run.steps())
    return run
