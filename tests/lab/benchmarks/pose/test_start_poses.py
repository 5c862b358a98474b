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
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.smpl_fit import fit_body
from neuhmr.lab.benchmarks.pose import start_poses, workspace
from neuhmr.lab.benchmarks.pose.keypoints import ObservedKeypoints
from neuhmr.lab.benchmarks.pose.result_cache import ResultCache
from neuhmr.lab.benchmarks.pose.start_poses import (
    OWN,
    START_KINDS,
    SYNTHETIC_KINDS,
    check_kinds,
    given_poses,
    own_poses,
    wrong_poses,
)
from neuhmr.lab.benchmarks.pose.workspace import Workspace, open_laboratory
from neuhmr.motion_prior.checkpoint import load_landmark_prior
from neuhmr.progress import ignore_progress
from tests.lab.benchmarks.exact_keypoints import exact_landmarks
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


def test_own_poses_are_fitted_with_the_prior_of_init(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_body_model()
    assert clip.masks is not None
    seen = ObservedKeypoints(exact_landmarks(clip, model), clip.masks, 0.0)
    priors = []

    def quick(*given, prior=None, **_):
        priors.append(prior)
        quickly = FitConfig(coarse_steps=1, fine_steps=1, smooth_steps=1)
        return fit_body(*given, config=quickly, prior=None)

    monkeypatch.setattr(start_poses, "fit_body", quick)
    found = own_poses(clip, seen, model, ignore_progress)
    assert priors == [load_landmark_prior()]
    assert len(found) == 3 and bool(found.valid.all())


def test_poses_of_init_are_refined_as_such_and_by_the_weights_that_made_them(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ResultCache(tmp_path / "cache")
    model, cpu = load_body_model(), torch.device("cpu")
    laboratory = open_laboratory(model, None, cache, 3, 0, cpu)
    monkeypatch.setattr(workspace, "own_poses", lambda *_: clip.motion)
    seen = ObservedKeypoints(exact_landmarks(clip, model), clip.masks, 0.0)
    monkeypatch.setattr(workspace, "observe_keypoints", lambda *_: seen)
    is_believed = {
        kind: Workspace(laboratory, clip.video.path, kind, ignore_progress)._cut_out()[0]
        for kind in (OWN, "isotropic")
    }
    assert is_believed[OWN].is_believed and not is_believed["isotropic"].is_believed
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"weights of another training")
    for prior in ("MOTION_PRIOR_PATH", "LANDMARK_PRIOR_PATH"):
        with monkeypatch.context() as patch:
            patch.setattr(workspace, prior, other)
            assert open_laboratory(model, None, cache, 3, 0, cpu).weights != laboratory.weights


def test_what_is_missing_is_named(clip: Clip) -> None:
    with pytest.raises(PoseFileError, match=r"clip\.poses\.npz was expected"):
        given_poses(replace(clip, motion=None))
    with pytest.raises(DatasetError, match=r"clip\.truth\.npz was expected"):
        wrong_poses(replace(clip, truth=None), "ray", load_body_model(), 0)
