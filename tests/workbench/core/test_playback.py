import pytest

from workbench.core.playback import Playback


@pytest.fixture
def clip():
    """Ten frames a second, fifty frames: a frame lasts 0.1 s, the clip 5 s."""
    return Playback(fps=10.0, num_frames=50)


def test_frames_follow_the_clock(clip):
    clip.play(100.0)
    assert [clip.frame(100.0 + t) for t in (0.0, 0.05, 0.11, 1.01)] == [0, 0, 1, 10]


def test_a_late_look_drops_frames_instead_of_lagging(clip):
    clip.play(0.0)
    assert clip.frame(3.05) == 30


def test_the_clip_repeats(clip):
    clip.play(0.0)
    assert clip.frame(5.25) == 2


def test_pause_stays_at_the_frame_that_is_shown(clip):
    clip.play(0.0)
    clip.pause(1.27)
    assert not clip.is_playing and clip.frame(99.0) == 12
    clip.play(200.0)
    assert clip.frame(200.11) == 13


def test_seeking_while_playing_goes_on_from_there(clip):
    clip.play(0.0)
    assert clip.seek(40, 2.0) == 40
    assert clip.frame(2.31) == 43


@pytest.mark.parametrize(("asked", "reached"), [(-3, 0), (49, 49), (50, 49), (10**9, 49)])
def test_seeking_is_clamped(clip, asked, reached):
    assert clip.seek(asked, 0.0) == reached


def test_playing_at_the_end_starts_again(clip):
    clip.seek(49, 0.0)
    clip.play(10.0)
    assert clip.frame(10.0) == 0


def test_half_speed_takes_twice_as_long_and_does_not_jump(clip):
    clip.play(0.0)
    clip.set_speed(0.5, 2.0)
    assert clip.frame(2.0) == 20 and clip.frame(3.01) == 25


def test_an_empty_or_single_frame_clip_does_not_play():
    for count in (0, 1):
        playback = Playback(30.0, count)
        playback.play(0.0)
        assert not playback.is_playing and playback.frame(9.0) == 0


def test_another_clip_starts_at_its_beginning(clip):
    clip.play(0.0)
    clip.load(25.0, 7)
    assert not clip.is_playing and clip.frame(50.0) == 0
    assert clip.seek(40, 0.0) == 6


@pytest.fixture
def looping(clip):
    """Frames 10 to 19 repeat, once a second."""
    clip.loop((10, 19), 0.0)
    return clip


def test_a_loop_repeats_its_frames_only(looping):
    looping.seek(12, 0.0)
    looping.play(0.0)
    assert [looping.frame(t) for t in (0.05, 0.75, 0.85, 1.85, 20.05)] == [12, 19, 10, 10, 12]


@pytest.mark.parametrize(("at", "begins"), [(3, 10), (10, 10), (18, 18), (19, 10), (40, 10)])
def test_playing_begins_in_the_loop(looping, at, begins):
    looping.seek(at, 0.0)
    looping.play(5.0)
    assert looping.frame(5.01) == begins


def test_what_is_sought_outside_of_the_loop_is_shown_and_playing_comes_back(looping):
    looping.play(0.0)
    looping.seek(45, 0.0)
    assert [looping.frame(t) for t in (0.25, 0.45, 0.55, 1.55)] == [47, 49, 10, 10]
    looping.seek(8, 2.0)
    assert [looping.frame(2.0 + t) for t in (0.1, 0.25, 1.15, 1.25)] == [9, 10, 19, 10]


def test_a_loop_that_is_chosen_while_playing_is_entered_at_once(clip):
    clip.play(0.0)
    clip.loop((30, 39), 1.05)
    assert clip.frame(1.06) == 30 and clip.frame(2.1) == 30
    clip.loop(None, 2.35)
    assert clip.frame(2.36) == 33 and clip.frame(3.36) == 43


def test_a_loop_stands_still_until_it_is_played_and_ends_with_the_clip(looping):
    looping.seek(3, 0.0)
    assert looping.frame(9.0) == 3
    looping.load(10.0, 50)
    looping.play(0.0)
    assert looping.frame(2.55) == 25


def test_frames_to_come_follow_the_loop(clip, looping):
    assert [looping.after(18, count) for count in (1, 2, 3)] == [19, 10, 11]
    clip.loop(None, 0.0)
    assert clip.after(48, 2) == 0


def test_a_loop_of_one_frame_shows_that_frame(clip):
    clip.loop((7, 7), 0.0)
    clip.play(0.0)
    assert {clip.frame(t) for t in (0.0, 0.33, 4.2)} == {7}
