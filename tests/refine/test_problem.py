from dataclasses import replace

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.errors import ClipError
from neuhmr.ghn.renderable import HumanNetwork, Renderable
from neuhmr.pipeline import Subject, make_subject, prepare
from neuhmr.progress import Cancelled, Progress
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.draft import DraftConfig
from refine.splat_avatar import textured_network
from refine.tiny_problem import TINY_CONFIG, problem_of, tiny_clip, tiny_problem


def tiny_subject() -> Subject:
    clip = tiny_clip()
    network = textured_network(clip.model, clip.truth.betas)
    return make_subject(clip.crops, clip.truth, clip.model, network, 30.0)


def with_draft(**changes: object) -> RefineConfig:
    return replace(TINY_CONFIG, draft=DraftConfig(**changes))


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
    subject = tiny_subject()
    labels: list[str] = []

    def watch(progress: Progress) -> None:
        labels.append(progress.label)
        if progress.label == "Scoring anchor candidates":
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare(subject, TINY_CONFIG, watch)
    assert set(labels) == {
        "Encoding frames",
        "Comparing bodies with masks",
        "Measuring clothes",
        "Scoring anchor candidates",
    }


def test_the_groundwork_starts_at_the_draft_where_there_is_one():
    subject = tiny_subject()
    assert subject.draft(with_draft(enabled=False)).start is subject.initial
    drafted = subject.draft(with_draft(steps=1))
    assert drafted.draft is not None
    assert torch.equal(drafted.start.transl, drafted.draft.pose.transl)
    assert not torch.equal(drafted.start.transl, subject.initial.transl)


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


def test_poses_that_were_put_right_are_where_refinement_starts():
    problem = prepare(tiny_subject(), with_draft(steps=2))
    assert problem.draft is not None
    valid = problem.initial.valid.clone()  # Other tests look at the same poses.
    valid[1] = False
    moved = replace(problem.initial, transl=problem.initial.transl + 0.01, valid=valid)
    again = problem.started_at(moved)
    assert torch.equal(again.start().transl, moved.transl)
    assert torch.equal(again.start().rotmat, LocalPose.from_motion(moved).rotmat)
    assert again.draft.ground is problem.draft.ground
    assert 1 not in again.active_rows() and 0 in again.active_rows()


def test_frames_without_a_picture_stay_out_however_they_were_filled():
    problem = tiny_problem()
    unseen = replace(problem.initial, valid=problem.initial.valid.clone())
    unseen.valid[2] = False
    filled = replace(problem, initial=unseen).started_at(problem.initial)
    assert 2 not in filled.active_rows()
