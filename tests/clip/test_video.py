"""Tests of neuhmr.clip.video, video_decoder and video_scan."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from neuhmr.clip import video as video_module
from neuhmr.clip import video_encoder, video_scan
from neuhmr.clip.video import open_video, write_video
from neuhmr.clip.video_decoder import VideoDecoder
from neuhmr.errors import ClipError, OutputError

# Lossy coding and the detour over YUV cost a few levels; neighboring frames are 8 levels apart.
LEVEL_TOLERANCE = 3.0
GOP_OF_5 = ("-g", "5", "-bf", "2")


def number_of(frame: np.ndarray) -> float:
    """Which frame of `make_video` this is, from its gray level."""
    return (float(frame[-16:, -16:].mean()) - 20) / 8


def assert_is_frame(frame: np.ndarray, number: int) -> None:
    assert abs(number_of(frame) - number) * 8 < LEVEL_TOLERANCE


def test_frames_come_in_order_with_their_times(make_video):
    video = open_video(make_video(frames=12, fps=10))
    assert (video.num_frames, video.fps, video.height, video.width) == (12, 10.0, 48, 64)
    np.testing.assert_allclose(video.times, np.arange(12) / 10, atol=1e-6)
    for number, frame in enumerate(video.frames()):
        assert frame.shape == (48, 64, 3) and frame.dtype == np.uint8
        assert_is_frame(frame, number)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("short_gops.mp4", GOP_OF_5),
        ("open_gops.mkv", ("-g", "5", "-bf", "3", "-flags", "-cgop")),
        ("one_gop.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime")),
        ("no_stamps.avi", ("-c:v", "mpeg4", "-g", "4", "-q:v", "2", "-bf", "2")),
        ("pictures.avi", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "2")),
    ],
)
def test_any_order_of_access_gives_the_same_frames(make_video, name, options):
    video = open_video(make_video(name, frames=20, options=options))
    assert video.num_frames == 20
    order = [*range(20), *reversed(range(20)), *random.Random(0).sample(range(20), 20)]
    for number in order:
        assert_is_frame(video.frame(number), number)
    for number, frame in zip([3, 4, 17, 18, 2], video.select([3, 4, 17, 18, 2]), strict=True):
        assert_is_frame(frame, number)


def test_frames_are_right_where_the_cache_holds_almost_nothing(make_video, monkeypatch):
    monkeypatch.setattr(video_module, "_CACHE_BYTES", 1)
    video = open_video(make_video(frames=20, options=GOP_OF_5))
    for number in random.Random(1).sample(range(20), 20):
        assert_is_frame(video.frame(number), number)
        assert len(video._reader._cache) <= 2


def test_reading_forward_never_seeks(make_video, monkeypatch):
    seeks: list[int] = []
    seek = VideoDecoder._seek
    monkeypatch.setattr(VideoDecoder, "_seek", lambda d, i: (seeks.append(i), seek(d, i))[1])
    video = open_video(make_video(frames=20, options=GOP_OF_5))
    for number in range(20):
        video.frame(number)
    assert len(list(video.frames())) == 20
    assert seeks == []
    video.frame(0)
    assert seeks == []  # Still in the cache.


def test_threads_get_the_frames_they_ask_for(make_video):
    video = open_video(make_video(frames=20, options=GOP_OF_5))
    numbers = random.Random(2).choices(range(20), k=60)
    with ThreadPoolExecutor(4) as pool:
        for number, frame in zip(numbers, pool.map(video.frame, numbers), strict=True):
            assert_is_frame(frame, number)


def test_variable_frame_times_are_real_and_no_frame_is_doubled(make_video, ffmpeg, tmp_path):
    # The first 6 frames last 0.1 s each, the others 0.3 s: 0, 0.1, ... 0.5, then 0.6, 0.9, 1.2 ...
    path = tmp_path / "varying.mp4"
    stamps = "setpts='if(lt(N,6),N*0.1,0.6+(N-6)*0.3)/TB'"
    ffmpeg("-i", make_video(frames=12), "-vf", stamps, "-fps_mode", "vfr", path)
    video = open_video(path)
    expected = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1]
    np.testing.assert_allclose(video.times, expected, atol=2e-3)
    assert video.fps == pytest.approx(11 / 2.1, rel=0.02)
    for number in (11, 7, 0, 6):
        assert_is_frame(video.frame(number), number)


@pytest.mark.parametrize(
    "turn", [("90",), ("180",), ("270",), ("0", "-display_hflip"), ("90", "-display_vflip")]
)
def test_rotated_videos_are_upright_as_ffmpeg_shows_them(make_video, ffmpeg, tmp_path, turn):
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", *turn, "-i", make_video(frames=2), "-c", "copy", path)
    video = open_video(path)
    assert (video.height, video.width) == ((64, 48) if turn[0] in ("90", "270") else (48, 64))
    raw = ffmpeg("-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    shown = np.frombuffer(raw, np.uint8).reshape(video.height, video.width, 3)
    assert np.abs(video.frame(0).astype(int) - shown.astype(int)).mean() < 2.0


@pytest.mark.parametrize("degrees", [30, 60, 87, 135, 240])
def test_turns_that_are_no_quarters_are_passed_over_with_a_word(
    degrees, make_video, ffmpeg, tmp_path, caplog
):
    path, plain = tmp_path / "tilted.mp4", make_video(frames=2)
    ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", path)
    np.testing.assert_array_equal(open_video(path).frame(1), open_video(plain).frame(1))
    assert "tilted.mp4" in caplog.text and "no multiple of 90 degrees" in caplog.text


def test_a_turn_that_is_almost_a_quarter_is_one(make_video, ffmpeg, tmp_path, caplog):
    path = tmp_path / "almost.mp4"
    ffmpeg("-display_rotation", 90.5, "-i", make_video(frames=2), "-c", "copy", path)
    assert (open_video(path).height, open_video(path).width) == (64, 48)
    assert "multiple of 90" not in caplog.text


def test_time_stamps_that_stand_still_are_not_sought_by(make_video):
    with video_scan.open_container(make_video()) as container:
        stream = video_scan.video_stream(container)
        first = next(video_scan.decoded_frames(container, stream))
        moving = video_scan._frame_table(stream, first, [0, 1, 2], [0])
        still = video_scan._frame_table(stream, first, [0, 1, 1, 2], [0])
    assert moving.time_stamps == (0, 1, 2) and still.time_stamps is None
    np.testing.assert_allclose(still.times, [0.0, 0.1, 0.2, 0.3])


def test_a_cut_off_file_with_its_index_in_front_keeps_what_decodes(make_video, caplog):
    whole = make_video(frames=40, options=("-movflags", "+faststart", "-g", "5", "-crf", "1"))
    cut = whole.with_name("cut.mp4")
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.8)])
    video = open_video(cut)
    assert 5 < video.num_frames < 40
    assert len(list(video.frames())) == video.num_frames == len(video.times)
    assert "cut.mp4" in caplog.text and "40 frames" in caplog.text
    last = video.num_frames - 2
    assert_is_frame(video.frame(last), last)


def test_a_slice_is_a_video_of_its_own(make_video):
    part = open_video(make_video(frames=20, options=GOP_OF_5))[4:14:3]
    assert part.num_frames == 4 and part.fps == pytest.approx(10 / 3)
    np.testing.assert_allclose(part.times, [0.4, 0.7, 1.0, 1.3], atol=1e-6)
    for number, frame in enumerate(part.frames()):
        assert_is_frame(frame, 4 + 3 * number)
    assert_is_frame(part[1:].frame(-1), 13)
    with pytest.raises(IndexError):
        part.frame(4)
    with pytest.raises(ValueError, match="no forward range"):
        part[3:3]


def test_a_file_that_changes_under_an_open_video_is_named(make_video):
    path = make_video(frames=12)
    video = open_video(path)
    make_video(frames=3)
    with pytest.raises(ClipError, match=r"frame 11 of .*clip\.mp4 can no longer be decoded"):
        video.frame(11)


def test_bad_files_are_named_with_what_they_are_and_a_remedy(make_video, ffmpeg, tmp_path):
    whole = make_video()
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:700])
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video at all\n")
    (tmp_path / "text.txt").write_text("not a video at all\n" * 50)
    (tmp_path / "noise.mp4").write_bytes(bytes(range(1, 256)) * 20)
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", tmp_path / "sound.m4a")
    ffmpeg("-i", whole, "-frames:v", "1", tmp_path / "picture.png")
    ffmpeg("-i", whole, "-frames:v", "1", tmp_path / "picture.jpg")
    np.savez(tmp_path / "poses.npz", transl=np.zeros(3))
    expected = {
        "missing.mp4": ("does not exist", "check the path"),
        ".": ("is a folder", "give the file inside it"),
        "empty.mp4": (r"empty \(0 bytes\)", "copy or make the file again"),
        "cut.mp4": ("index is missing", "copy or download it again"),
        "sound.m4a": ("no moving pictures", "give the file with the pictures"),
        "text.mp4": ("a text file", "give the path of the clip"),
        "text.txt": ("a text file", "give the path of the clip"),
        "noise.mp4": ("unknown kind", "give the path of the clip"),
        "picture.png": (r"a picture \(PNG\)", "give the whole clip"),
        "picture.jpg": (r"a picture \(JPEG\)", "give the whole clip"),
        "poses.npz": ("zip archive", "give the path of the clip"),
    }
    for name, (found, remedy) in expected.items():
        with pytest.raises(ClipError, match=f"{found}.*video.*expected.*{remedy}") as error:
            open_video(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)
        assert str(error.value).count(". ") == 0  # One sentence.


def colored_frames(count: int, height: int, width: int) -> list[np.ndarray]:
    colors = np.array([[200, 60, 40], [40, 180, 70], [50, 70, 210]], np.uint8)
    return [np.broadcast_to(colors[i % 3], (height, width, 3)).copy() for i in range(count)]


def test_written_videos_read_back_with_their_colors(tmp_path):
    path = tmp_path / "out.mp4"
    written = colored_frames(9, 48, 64)
    write_video(path, iter(written), fps=12.5)
    video = open_video(path)
    assert video.num_frames == 9 and video.fps == pytest.approx(12.5)
    for frame, original in zip(video.frames(), written, strict=True):
        # A wrong YUV matrix (BT.601 for BT.709) would be off by more than 10 levels here.
        assert np.abs(frame.astype(int) - original).max() <= 5


def shown_at(path: Path) -> list[float]:
    """When each packet of a video is shown (s), as another reader tells it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    return sorted(float(packet.pts * stream.time_base) for packet in packets)


@pytest.mark.parametrize(("suffix", "off_by"), [(".mp4", 1e-4), (".mov", 1e-4), (".mkv", 1e-3)])
def test_time_stamps_at_an_uneven_rate_are_kept(tmp_path, suffix, off_by):
    times = np.array([0.0, 0.04, 0.2, 0.24, 0.9, 1.0, 1.5])
    path = tmp_path / f"uneven{suffix}"
    write_video(path, colored_frames(7, 48, 64), fps=4.0, times=times)
    assert shown_at(path) == pytest.approx(times.tolist(), abs=off_by)
    np.testing.assert_allclose(open_video(path).times, times, atol=off_by)


def test_rounded_stamps_of_an_even_rate_make_an_even_video(tmp_path):
    path = tmp_path / "even.mp4"
    rounded = np.array([0.0, 0.033, 0.067, 0.1, 0.133])
    write_video(path, colored_frames(5, 48, 64), fps=30.0, times=rounded)
    assert shown_at(path) == pytest.approx([0.0, 1 / 30, 2 / 30, 0.1, 4 / 30], abs=1e-6)


def test_a_video_that_holds_fewer_frames_than_were_sent_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(video_encoder, "_CODING", (*video_encoder._CODING, "-frames:v", "3"))
    # So few bytes are sent before ffmpeg has started.
    with pytest.raises(OutputError, match="holds 3 of 9 frames"):
        write_video(tmp_path / "a.mp4", colored_frames(9, 16, 16), fps=10)
    # So many do not fit into the pipe of a program that has ended.
    with pytest.raises(OutputError, match="ended before it had all frames"):
        write_video(tmp_path / "a.mp4", colored_frames(60, 256, 256), fps=10)
    monkeypatch.setattr(video_encoder, "_CODING", ("-vcodec", "nothing"))
    with pytest.raises(OutputError, match="ffmpeg ended with code"):
        write_video(tmp_path / "a.mp4", colored_frames(9, 48, 64), fps=10)
    assert list(Path(tmp_path).iterdir()) == []


def test_odd_sizes_are_padded_with_the_last_row_and_column(tmp_path):
    write_video(tmp_path / "odd.mp4", colored_frames(3, 47, 33), fps=5)
    video = open_video(tmp_path / "odd.mp4")
    assert (video.height, video.width) == (48, 34)
    frame = video.frame(0).astype(int)
    assert np.abs(frame[-1, -1] - [200, 60, 40]).max() <= 5


def test_a_stopped_writer_leaves_nothing_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"the old one")

    def stopping():
        yield from colored_frames(3, 48, 64)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(path, stopping(), fps=10)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_videos_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"nowhere/a\.mp4.*create that folder"):
        write_video(tmp_path / "nowhere" / "a.mp4", colored_frames(1, 8, 8), fps=10)
    with pytest.raises(OutputError, match=r"a\.mp4 would hold no frames; choose a range"):
        write_video(tmp_path / "a.mp4", [], fps=10)
    assert list(Path(tmp_path).iterdir()) == []
