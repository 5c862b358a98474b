"""The motion field driven by keypoints."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.crops import crop_person
from neuhmr.lab.benchmarks.pose.keypoint_field import KeypointFieldConfig, fit_field_to_keypoints
from neuhmr.pipeline import make_subject, prepare
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import preset
from tests.ghn.scene import make_ghn
from tests.lab.benchmarks.exact_keypoints import exact_landmarks
from tests.lab.benchmarks.pose.test_smplify import error_2d
from tests.painted_clip import make_painted_clip

MODEL = load_body_model()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder: Path = tmp_path_factory.mktemp("field")
    return open_clip(make_painted_clip(folder, frames=3))


@pytest.fixture(scope="module")
def problem(clip: Clip) -> RefineProblem:
    assert clip.motion is not None
    crops = crop_person(clip, clip.motion, MODEL, height=64, width=48)
    return prepare(make_subject(crops, clip.motion, MODEL, make_ghn(), 30.0), preset("fast"))


def test_the_field_follows_the_keypoints(clip: Clip, problem: RefineProblem) -> None:
    # Half a turn in three frames: smoothness would rather have the person stand still.
    base = preset("fast")
    base = replace(base, weights=replace(base.weights, acceleration=0.0))
    config = KeypointFieldConfig(base=base, steps=80, weight=1.0)
    found = fit_field_to_keypoints(problem, clip, exact_landmarks(clip, MODEL), config)
    before, after = error_2d(clip, problem.initial), error_2d(clip, found)
    assert after.mean() < 0.7 * before.mean(), (before, after)
    assert torch.equal(found.betas, problem.initial.betas)


def test_without_weight_the_keypoints_say_nothing(clip: Clip, problem: RefineProblem) -> None:
    landmarks = exact_landmarks(clip, MODEL)
    config = KeypointFieldConfig(steps=3, weight=0.0)
    found = fit_field_to_keypoints(problem, clip, landmarks, config)
    moved = fit_field_to_keypoints(
        problem, clip, landmarks.map(lambda t: t + 50 if t.is_floating_point() else t), config
    )
    assert torch.equal(found.body_pose, moved.body_pose)


def test_the_same_seed_gives_the_same_motion(clip: Clip, problem: RefineProblem) -> None:
    landmarks, config = exact_landmarks(clip, MODEL), KeypointFieldConfig(steps=5)
    first, second = (fit_field_to_keypoints(problem, clip, landmarks, config) for _ in range(2))
    assert torch.equal(first.body_pose, second.body_pose)
