"""Overlay videos: what each layout shows, where."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.export import overlay_video
from neuhmr.export.overlay_video import (
    BACKGROUND,
    TURNTABLE_DISTANCE,
    TURNTABLE_REACH,
    OverlayStyle,
    overlay_frames,
    turned,
)
from neuhmr.progress import Progress
from tests.painted_clip import FRAMES, HEIGHT, WIDTH, make_painted_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(make_painted_clip(tmp_path_factory.mktemp("overlay")))


def test_the_overlay_covers_the_body_and_nothing_else(clip: Clip) -> None:
    assert clip.truth is not None and clip.masks is not None
    frames = list(overlay_frames(clip, clip.truth, load_body_model(), OverlayStyle(opacity=1.0)))
    assert len(frames) == FRAMES
    for index, frame in enumerate(frames):
        changed = (frame != clip.video.frame(index)).any(axis=-1)
        mask = clip.masks.mask(index)
        overlap = (changed & mask).sum() / (changed | mask).sum()
        # The mask was drawn with the true poses; edges are antialiased, hence not 1.
        assert overlap > 0.8, f"frame {index}: {overlap:.2f}"


def test_frames_without_a_pose_show_the_video(clip: Clip) -> None:
    assert clip.truth is not None
    motion = clip.truth[torch.tensor([0, 1, 3, 4, 5])]
    motion.valid[0] = False
    frames = list(overlay_frames(clip, motion, load_body_model()))
    for index in (0, 2):
        np.testing.assert_array_equal(frames[index], clip.video.frame(index))
    assert (frames[1] != clip.video.frame(1)).any()


def test_side_by_side_keeps_the_plain_video_on_the_left(clip: Clip) -> None:
    assert clip.truth is not None
    style = OverlayStyle(layout="side-by-side")
    first = next(overlay_frames(clip, clip.truth, load_body_model(), style))
    assert first.shape == (HEIGHT, 2 * WIDTH, 3)
    np.testing.assert_array_equal(first[:, :WIDTH], clip.video.frame(0))
    assert (first[:, WIDTH:] != clip.video.frame(0)).any()


def test_the_turntable_shows_the_whole_body(clip: Clip) -> None:
    assert clip.truth is not None
    style = OverlayStyle(layout="turntable", seconds_per_turn=1.0)
    for frame in overlay_frames(clip, clip.truth, load_body_model(), style):
        body = (frame[:, WIDTH:] != BACKGROUND).any(axis=-1)
        rows = body.any(axis=1).nonzero()[0]
        assert 0 < rows[0] and rows[-1] < HEIGHT - 1, "cut off"
        assert rows[-1] - rows[0] > 0.6 * HEIGHT, "too small"


def still(clip: Clip) -> Motion:
    """The first frame's pose in every frame."""
    assert clip.truth is not None
    rows = torch.zeros(FRAMES, dtype=torch.long)
    return replace(clip.truth[rows], frame_index=torch.arange(FRAMES))


def turntable(clip: Clip, seconds_per_turn: float) -> list[np.ndarray]:
    style = OverlayStyle(layout="turntable", seconds_per_turn=seconds_per_turn)
    frames = overlay_frames(clip, still(clip), load_body_model(), style)
    return [frame[:, WIDTH:] for frame in frames]


def test_the_turntable_comes_round_in_its_time(clip: Clip) -> None:
    # Ten frames a second: frame 4 is a whole turn after frame 0, frame 2 half a turn.
    frames = turntable(clip, 0.4)
    changed = [(frame != frames[0]).any(axis=-1).mean() for frame in frames]
    assert changed[4] < 0.002 and changed[2] > 0.02


def test_the_turntable_keeps_the_pelvis_in_the_middle(clip: Clip) -> None:
    first = (turntable(clip, 1.0)[0] != BACKGROUND).any(axis=-1)
    columns = first.any(axis=0).nonzero()[0]
    posed = still(clip).pose(load_body_model())
    local = turned(posed.vertices[0], posed.joints[0, 0], 0.0, TURNTABLE_DISTANCE)
    scale = min(HEIGHT / 2 / TURNTABLE_REACH[0], WIDTH / 2 / TURNTABLE_REACH[1])
    across = scale * TURNTABLE_DISTANCE * local[:, 0] / local[:, 2] + WIDTH / 2
    assert columns[0] == pytest.approx(float(across.min()), abs=1.5)
    assert columns[-1] + 1 == pytest.approx(float(across.max()), abs=1.5)


def test_nothing_shines_through_the_body_on_the_turntable(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = turntable(clip, 1.0)[0]
    monkeypatch.setattr(overlay_video, "BACKGROUND", 0)
    after = turntable(clip, 1.0)[0]
    inside = (after != 0).any(axis=-1)
    same = (before == after).all(axis=-1)
    # Edges are blended with what is behind them.
    assert same[inside].mean() > 0.7


def test_a_second_motion_lies_under_the_first_or_on_the_left(clip: Clip) -> None:
    assert clip.truth is not None and clip.motion is not None
    model = load_body_model()
    for layout, left in (("overlay", None), ("side-by-side", slice(0, WIDTH))):
        style = OverlayStyle(layout=layout)
        alone = list(overlay_frames(clip, clip.truth, model, style))
        both = list(overlay_frames(clip, clip.truth, model, style, clip.motion))
        for one, two in zip(alone, both, strict=True):
            assert (one != two).any()
            if left is not None:
                np.testing.assert_array_equal(one[:, WIDTH:], two[:, WIDTH:])


def test_turning_goes_round_the_center(clip: Clip) -> None:
    points = torch.tensor([[1.0, 2.0, 5.0], [2.0, 2.0, 5.0]])
    # A quarter turn about y takes +x to -z: the second point comes 1 m nearer to the camera.
    result = turned(points, points[0], math.pi / 2, distance=3.0)
    torch.testing.assert_close(result, torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.0, 2.0]]))


def test_progress_counts_every_frame(clip: Clip) -> None:
    assert clip.truth is not None
    seen: list[Progress] = []
    list(overlay_frames(clip, clip.truth, load_body_model(), on_progress=seen.append))
    assert [(progress.done, progress.total) for progress in seen] == [
        (i, FRAMES) for i in range(1, FRAMES + 1)
    ]


def test_the_video_is_written_by_the_command(clip: Clip, tmp_path: Path) -> None:
    from neuhmr.cli import main
    from neuhmr.clip.video import open_video

    poses = clip.video.path.with_name("clip.poses.npz")
    out = tmp_path / "o.mp4"
    words = ["render", str(clip.video.path), str(poses), "--out", str(out)]
    assert main([*words, "--layout", "side-by-side"]) == 0
    video = open_video(out)
    assert (video.num_frames, video.height, video.width) == (FRAMES, HEIGHT, 2 * WIDTH)
