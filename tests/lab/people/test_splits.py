import itertools
from dataclasses import replace

import numpy as np
import pytest

from neuhmr.errors import DatasetError
from neuhmr.lab.people.look.patterns import PATTERN_KINDS
from neuhmr.lab.people.motion.motions import MOTION_KINDS
from neuhmr.lab.people.splits import (
    HELD_OUT,
    RANGE,
    SPLITS,
    is_recording_of,
    kinds_of,
    person_seed,
    split_of,
)
from neuhmr.lab.people.stage import stage_kinds
from neuhmr.lab.people.stage.stage import STAGE_KINDS
from neuhmr.lab.people.stage.stage_kinds import sample_stage


def test_splits_never_share_a_seed():
    ranges = [(person_seed(split, 0, 0), person_seed(split, RANGE - 1, 0)) for split in SPLITS]
    for (_, last), (first, _) in itertools.pairwise(ranges):
        assert last < first


@pytest.mark.parametrize("split", SPLITS)
def test_split_of_finds_the_split_a_seed_came_from(split):
    assert split_of(person_seed(split, 123, 45)) == split


def test_people_are_numbered_on_from_the_first():
    assert person_seed("train", 7, 3) == 10


@pytest.mark.parametrize("number", [-1, RANGE])
def test_a_person_outside_the_split_is_refused_with_the_number(number):
    with pytest.raises(DatasetError, match=str(number)):
        person_seed("val", number, 0)


def test_a_seed_of_no_split_is_refused():
    with pytest.raises(DatasetError):
        split_of(3 * RANGE)


def test_what_is_kept_for_the_test_is_left_out_elsewhere():
    for kinds in (MOTION_KINDS, PATTERN_KINDS, STAGE_KINDS):
        kept = set(kinds) & HELD_OUT
        assert kept, "every kind of thing has something that only the test has"
        assert set(kinds_of("train", kinds)) == set(kinds) - kept
        assert kinds_of("val", kinds) == kinds_of("train", kinds)
        assert kinds_of("test", kinds) == kinds
    assert set(MOTION_KINDS + PATTERN_KINDS + STAGE_KINDS) >= HELD_OUT


def test_all_recordings_of_a_performer_belong_to_one_split():
    owners = {
        subject: {
            tuple(split for split in SPLITS if is_recording_of(split, f"{subject}_{trial:02d}"))
            for trial in range(1, 30)
        }
        for subject in ("01", "02", "05", "06", "07", "09")
    }
    assert owners == {
        "01": {("train",)}, "02": {("val",)}, "05": {("test",)}, "06": {("test",)},
        "07": {("train",)}, "09": {("train",)},
    }  # fmt: skip


def test_training_people_stand_on_no_stage_that_is_kept_for_the_test(monkeypatch):
    # What is on a stage takes long to draw, and comes after its kind.
    some = stage_kinds.make_stage("studio", np.random.default_rng(0))
    monkeypatch.setattr(stage_kinds, "make_stage", lambda kind, _rng: replace(some, kind=kind))

    def kinds(split):
        return {sample_stage(np.random.default_rng(seed), split).kind for seed in range(40)}

    assert kinds("test") - kinds("train") == {"hall", "meadow"}
    assert kinds("train") == {"room", "studio", "street", "park"}
