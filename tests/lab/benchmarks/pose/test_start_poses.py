"""Initial poses of a benchmark: every clip its own, the same in every run."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.video import open_video
from neuhmr.errors import DatasetError, NeuhmrError, PoseFileError
from neuhmr.lab.benchmarks.pose.start_poses import (
    START_KINDS,
    SYNTHETIC_KINDS,
    check_kinds,
    given_poses,
    wrong_poses,
)
from tests.painted_clip import make_painted_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(make_painted_clip(tmp_path_factory.mktemp("start"), frames=3))


def test_an_unknown_kind_is_refused_in_one_sentence() -> None:
    check_kinds(START_KINDS)
    with pytest.raises(NeuhmrError) as refused:
        check_kinds(("ray", "toaster"))
    message = str(refused.value)
    assert '"toaster"' in message and "isotropic" in message and message.count(". ") == 0


def test_errors_depend_on_kind_seed_and_clip_alone(clip: Clip, tmp_path: Path) -> None:
    model = load_body_model()
    again = wrong_poses(clip, "isotropic", model, 0)
    renamed = replace(clip, video=open_video(shutil.copy(clip.video.path, tmp_path / "other.mp4")))
    assert torch.equal(wrong_poses(clip, "isotropic", model, 0).body_pose, again.body_pose)
    for other in (
        wrong_poses(clip, "isotropic", model, 1),
        wrong_poses(clip, SYNTHETIC_KINDS[0], model, 0),
        wrong_poses(renamed, "isotropic", model, 0),
    ):
        assert not torch.allclose(other.body_pose, again.body_pose, atol=1e-3)


def test_poses_beside_the_clip_are_taken_as_they_are(clip: Clip) -> None:
    assert given_poses(clip) is clip.motion


def test_what_is_missing_is_named(clip: Clip) -> None:
    with pytest.raises(PoseFileError, match=r"clip\.poses\.npz was expected"):
        given_poses(replace(clip, motion=None))
    with pytest.raises(DatasetError, match=r"clip\.truth\.npz was expected"):
        wrong_poses(replace(clip, truth=None), "ray", load_body_model(), 0)
