"""`neuhmr render`: videos and meshes of poses."""

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import trimesh

from neuhmr.body.model_files import load_body_model
from neuhmr.cli import main
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.clip.video import open_video, write_video
from tests.painted_clip import make_painted_clip, turning_motion


def render(clip: Path, out: Path, *options: str) -> int:
    motion = clip.with_name("clip.truth.npz")
    return main(["render", str(clip), str(motion), "--out", str(out), *options])


def test_a_mesh_is_the_body_of_the_frame_that_is_named(painted_clip: Path, tmp_path: Path, capsys):
    out = tmp_path / "body.obj"
    assert render(painted_clip, out, "--frame", "4", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"written": str(out), "frame": 4}
    posed = turning_motion().pose(load_body_model())
    found = trimesh.load_mesh(out, process=False)
    # Meshes have y up and z towards the viewer.
    expected = posed.vertices[4].numpy() * [1.0, -1.0, -1.0]
    np.testing.assert_allclose(found.vertices, expected, atol=1e-4)


def test_a_mesh_of_a_frame_without_a_pose_is_refused(painted_clip: Path, tmp_path: Path, capsys):
    assert render(painted_clip, tmp_path / "body.obj", "--frame", "7") == 2
    assert "no valid pose for frame 7 (frames 0 to 5 were expected)" in capsys.readouterr().err
    assert not (tmp_path / "body.obj").exists()


def test_a_mesh_of_a_frame_where_nobody_was_seen_is_refused(painted_clip, tmp_path, capsys):
    content = read_motion_file(painted_clip.with_name("clip.truth.npz"))
    assert isinstance(content, MotionArrays)
    content.valid[2] = False
    write_motion_file(tmp_path / "gap.npz", content)
    words = ["render", str(painted_clip), str(tmp_path / "gap.npz"), "--frame", "2"]
    assert main([*words, "--out", str(tmp_path / "body.obj")]) == 2
    assert "no valid pose for frame 2" in capsys.readouterr().err


def test_a_name_that_is_no_video_and_no_mesh_is_refused(painted_clip, tmp_path, capsys):
    assert render(painted_clip, tmp_path / "body.txt") == 2
    assert 'ends in ".txt"' in capsys.readouterr().err


def test_a_video_has_every_frame_with_a_body_as_opaque_as_wished(painted_clip, tmp_path, capsys):
    original = open_video(painted_clip)
    differences = []
    for opacity in ("0", "1"):
        out = tmp_path / f"{opacity}.mp4"
        assert render(painted_clip, out, "--opacity", opacity, "--json") == 0
        result = json.loads(capsys.readouterr().out)
        assert result == {"written": str(out), "frames": 6, "layout": "overlay"}
        video = open_video(out)
        assert (video.num_frames, video.fps) == (original.num_frames, original.fps)
        frames = [video.frame(3).astype(int), original.frame(3).astype(int)]
        differences.append(np.abs(frames[0] - frames[1]).mean())
    assert differences[0] < 3.0 < differences[1], "lossy coding alone costs less"


def test_a_video_at_an_uneven_rate_keeps_its_time_stamps(tmp_path: Path) -> None:
    clip = make_painted_clip(tmp_path)
    times = np.array([0.0, 0.1, 0.2, 0.9, 1.0, 1.9])
    write_video(clip, list(open_video(clip).frames()), 6 / 2.0, times)
    assert render(clip, tmp_path / "out.mp4") == 0
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    shown = sorted(float(packet.pts * stream.time_base) for packet in packets)
    assert shown == pytest.approx(times.tolist(), abs=1e-4)


@pytest.mark.parametrize("layout", ["overlay", "side-by-side", "turntable"])
def test_a_second_motion_is_drawn_too(layout: str, painted_clip: Path, tmp_path: Path) -> None:
    beside = str(painted_clip.with_name("clip.poses.npz"))
    frames = []
    for name, options in (("one", ()), ("two", ("--beside", beside))):
        out = tmp_path / f"{name}.mp4"
        assert render(painted_clip, out, "--layout", layout, *options) == 0
        frames.append(open_video(out).frame(3).astype(int))
    width = open_video(painted_clip).width
    assert frames[0].shape[1] == width if layout == "overlay" else frames[0].shape[1] > width
    assert np.abs(frames[0] - frames[1])[:, :width].mean() > 0.5


def test_a_body_that_is_not_on_the_person_is_drawn_and_said_so(painted_clip, tmp_path, capsys):
    content = read_motion_file(painted_clip.with_name("clip.truth.npz"))
    wrong = tmp_path / "wrong.npz"
    write_motion_file(wrong, replace(content, transl=1000.0 * content.transl))
    out = tmp_path / "body.obj"
    assert main(["render", str(painted_clip), str(wrong), "--out", str(out)]) == 0
    assert "translations look like millimeters" in " ".join(capsys.readouterr().err.split())
    assert out.exists()


def test_other_detectors_keypoints_are_drawn_where_they_are(painted_clip: Path, tmp_path: Path):
    points = np.full((6, 25, 2), np.nan)
    points[2, 4] = [20.0, 100.0]  # The right wrist, orange.
    np.save(tmp_path / "k.npy", points)
    with_points, without = tmp_path / "with.mp4", tmp_path / "without.mp4"
    assert render(painted_clip, without) == 0
    assert render(painted_clip, with_points, "--keypoints-2d", str(tmp_path / "k.npy")) == 0
    first, second = (
        [frame.astype(int) for frame in open_video(path).frames()]
        for path in (without, with_points)
    )
    change = [np.abs(a - b) for a, b in zip(first, second, strict=True)]
    assert change[0].max() < 60 < change[2][97:103, 17:23].max()
    red, _, blue = second[2][99:101, 19:21].mean(axis=(0, 1))
    assert red > blue + 60
