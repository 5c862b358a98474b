from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.renderable import HumanNetwork, Renderable
from neuhmr.errors import ClipError
from neuhmr.progress import Cancelled, Progress
from neuhmr.refine.draft.draft_config import DraftConfig
from neuhmr.refine.groundwork import lay_groundwork
from neuhmr.refine.problem import Scope, prepare_problem
from refine.splat_avatar import textured_network
from refine.tiny_problem import TINY_CONFIG, problem_of, tiny_clip, tiny_problem


def test_the_splat_person_is_what_refinement_asks_for():
    problem = tiny_problem()
    assert isinstance(problem.avatar, Renderable)
    assert isinstance(textured_network(problem.model, problem.initial.betas), HumanNetwork)


def test_preparation_gives_anchors_features_and_descriptors():
    problem = tiny_problem()
    assert len(problem.selection.anchors) == 2
    assert set(problem.conditioning_rows) == set(problem.selection.anchors)
    assert problem.features.shape == (6, 32, 15, 11)
    assert problem.features.dtype == torch.float16
    assert problem.image_size == (60, 45)
    # Hips, shoulders and head are seen by an anchor at least.
    assert (problem.descriptors.counts[[1, 2, 15, 16, 17]] >= 1).all()


def test_preparation_tells_how_it_gets_on_and_can_be_cancelled():
    clip = tiny_clip()
    network = textured_network(clip.model, clip.truth.betas)
    labels: list[str] = []

    def watch(progress: Progress) -> None:
        labels.append(progress.label)
        if progress.label == "Scoring anchor candidates":
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare_problem(clip.crops, clip.truth, clip.model, network, TINY_CONFIG, on_progress=watch)
    assert set(labels) == {
        "Encoding frames",
        "Comparing bodies with masks",
        "Scoring anchor candidates",
    }


def test_the_groundwork_starts_at_the_draft_where_there_is_one():
    clip = tiny_clip()
    network = textured_network(clip.model, clip.truth.betas)
    words = (clip.crops, clip.truth, clip.model, network)
    assert lay_groundwork(*words, DraftConfig(steps=0)).start is clip.truth
    drafted = lay_groundwork(*words, DraftConfig(steps=1))
    assert drafted.draft is not None
    assert torch.equal(drafted.start.transl, drafted.draft.pose.transl)
    assert not torch.equal(drafted.start.transl, clip.truth.transl)


def test_a_clip_without_valid_frames_is_an_error():
    clip = tiny_clip()
    nobody = replace(clip.truth, valid=torch.zeros(6, dtype=torch.bool))
    with pytest.raises(ClipError, match="nothing to refine"):
        problem_of(clip, nobody, TINY_CONFIG)


def test_a_clip_of_one_frame_works():
    clip = tiny_clip()
    one = replace(clip, crops=clip.crops[2:3], truth=clip.truth[2:3])
    problem = problem_of(one, one.truth, TINY_CONFIG)
    assert problem.conditioning_rows == (0, 0) and problem.selection.anchors == (0,)


def test_scope_says_what_is_free():
    problem = replace(
        tiny_problem(), scope=Scope(rows=(1, 2, 3), locked_rows=(2,), locked_joints=(0, 15))
    )
    assert problem.active_rows() == (1, 3)
    free = problem.free_joints()
    assert free.sum(dim=1).tolist() == [0, 22, 0, 22, 0, 0]
    assert not free[1, 0] and not free[1, 15]
    assert problem.free_translations().tolist() == [False, True, False, True, False, False]
    locked = replace(problem, scope=Scope(lock_translation=True))
    assert not locked.free_translations().any() and locked.free_joints().all()
