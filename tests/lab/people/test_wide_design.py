from collections import Counter

from neuhmr.lab.people.errors.error_models import ERROR_KINDS
from neuhmr.lab.people.wide_design import FAMILIES, SUBJECTS, WIDE_CLIPS


def count(key):
    return Counter(key(clip) for clip in WIDE_CLIPS)


def test_every_kind_of_errors_and_every_camera_has_equally_many_clips():
    assert len(WIDE_CLIPS) == 24
    assert set(count(lambda clip: clip.errors).values()) == {4}
    assert set(count(lambda clip: clip.camera_path).values()) == {8}
    assert count(lambda clip: clip.betas) == {"zero": 10, "noisy": 10, "true": 4}


def test_no_kind_of_errors_keeps_to_one_camera_one_body_or_one_family():
    for kind in ERROR_KINDS:
        own = [clip for clip in WIDE_CLIPS if clip.errors == kind]
        assert len({clip.camera_path for clip in own}) == 3
        assert len({clip.betas for clip in own}) >= 2
        assert len({clip.family for clip in own}) >= 3


def test_every_family_has_three_clips_or_more_with_different_errors():
    for family in FAMILIES:
        own = [clip for clip in WIDE_CLIPS if clip.family == family]
        assert len(own) >= 3
        assert len({clip.errors for clip in own}) == len(own)
        assert [clip.place for clip in own] == list(range(len(own)))


def test_every_fourth_clip_has_the_second_look_one_of_each_family():
    second = [clip for clip in WIDE_CLIPS if clip.look == "cycles"]
    assert [clip.number for clip in second] == [3, 7, 11, 15, 19, 23]
    assert {clip.family for clip in second} == set(FAMILIES)
    assert {clip.betas for clip in second} == {"zero", "noisy", "true"}
    assert len({clip.camera_path for clip in second}) > 1


def test_recorded_families_are_those_that_need_a_performer():
    recorded = {clip.family for clip in WIDE_CLIPS if clip.motion == "recorded"}
    assert recorded == set(SUBJECTS)
    assert len({clip.name for clip in WIDE_CLIPS}) == 24
