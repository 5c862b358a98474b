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
