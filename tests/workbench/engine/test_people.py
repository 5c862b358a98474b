"""Several people in one pose file: the real engine shows one and knows where the others are."""

import pickle

import numpy as np
import pytest
import torch

from neuhmr.clip.open_request import OpenRequest
from neuhmr.formats.reading.read import is_motion_file
from neuhmr.progress import ignore_progress
from tests.workbench.short_clip import FRAMES, short_engine, write_short_clip
from workbench.engine.exchange import ExportRequest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    """WHAM's file of the clip's person, seen all the time, and of somebody seen half of it."""
    clip = write_short_clip(tmp_path_factory.mktemp("people"))
    footage = short_engine().open(OpenRequest(clip=clip), ignore_progress)
    path = clip.with_name("wham.pkl")
    footage.export(footage.initial, ExportRequest(kind="wham", path=path), ignore_progress)
    (track,) = pickle.loads(path.read_bytes()).values()
    count = len(FRAMES) // 2
    other = {name: values[:count] for name, values in track.items()}
    other["trans"] = other["trans"] + np.array([0.1, 0.0, 0.0], np.float32)
    path.write_bytes(pickle.dumps({3: other, 8: track}))
    return clip, path


def test_who_is_seen_longest_is_shown_and_the_others_are_known(tracks):
    clip, path = tracks
    engine = short_engine()
    assert engine.open(OpenRequest(clip=clip), ignore_progress).people == {}, (
        "ours holds one person"
    )
    assert is_motion_file(clip.with_name("short.poses.npz"))
    footage = engine.open(OpenRequest(clip=clip, poses=path), ignore_progress)
    assert footage.person == "8" and set(footage.people) == {"3", "8"}
    assert "holds 2 people, and person 8 is shown" in footage.remarks[0]
    assert torch.allclose(footage.people["8"].transl, footage.initial.transl, atol=1e-5)
    assert len(footage.people["3"]) == len(FRAMES) // 2


def test_who_is_asked_for_is_opened(tracks):
    clip, path = tracks
    request = OpenRequest(clip=clip, poses=path, person="3", poses_as="given")
    footage = short_engine().open(request, ignore_progress)
    assert footage.person == "3" and len(footage.initial) == len(FRAMES) // 2
    assert torch.allclose(footage.people["3"].transl, footage.initial.transl, atol=1e-5)
    assert not any("is shown" in remark for remark in footage.remarks)


def test_others_are_read_in_the_way_that_was_asked_for(tracks):
    clip, path = tracks
    request = OpenRequest(clip=clip, poses=path, person="8", poses_as="given")
    plain = short_engine().open(request, ignore_progress)
    request = OpenRequest(clip=clip, poses=path, person="8", poses_as="depth*1.02")
    farther = short_engine().open(request, ignore_progress)
    depths = [each.joints(each.people["3"])[0, 0, 2] for each in (farther, plain)]
    assert depths[0] == pytest.approx(1.02 * depths[1], rel=1e-4)
