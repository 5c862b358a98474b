"""What the window's Export writes of a clip."""

from pathlib import Path

import av
import numpy as np
import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.video import open_video, write_video
from neuhmr.errors import OutputError
from neuhmr.opening import open_clip_files
from tests.full_disk import full_disk
from tests.painted_clip import make_painted_clip
from workbench.engine.exchange import ExportRequest
from workbench.engine.export import export_motion

TIMES = np.array([0.0, 0.1, 0.2, 0.9, 1.0, 1.9])


def export(clip: Path, path: Path) -> None:
    opened = open_clip_files(OpenRequest(clip=clip))
    request = ExportRequest(kind="overlay", path=path)
    export_motion(opened.clip, opened.model, opened.motion(), request, lambda progress: None)


def test_a_video_of_an_uneven_clip_keeps_its_time_stamps(tmp_path: Path) -> None:
    clip = make_painted_clip(tmp_path)
    write_video(clip, list(open_video(clip).frames()), 3.0, TIMES)
    export(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    shown = sorted(float(packet.pts * stream.time_base) for packet in packets)
    assert shown == pytest.approx(TIMES.tolist(), abs=1e-4)


def test_a_disk_that_fills_up_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    clip = make_painted_clip(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match="could not be written"), full_disk():
        export(clip, tmp_path / "out.mp4")
    assert sorted(tmp_path.iterdir()) == before
