"""Which files a session folder was opened with."""

import json
from dataclasses import fields

import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError
from tests.workbench.bench import CLIP, edit
from tests.workbench.core.test_versions import run
from workbench.core.session_folder import remember_clip, request_in


def test_a_session_remembers_all_that_its_clip_was_opened_with(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.touch()
    given = OpenRequest(
        clip=clip, poses=tmp_path / "p.pkl", masks=tmp_path / "m", camera=tmp_path / "c.toml",
        camera_name="left", focal=900.0, fov=60.0, truth=tmp_path / "t.npz",
        body_model=tmp_path / "b.npz", checkpoint=tmp_path / "w", heatmaps=tmp_path / "h",
        keypoints_2d=tmp_path / "k.json", person="2", poses_as="y-up", fit_shape="on",
        height=1.8, fill_gaps=7, invert_masks=True, grow_masks=-2,
    )  # fmt: skip
    assert all(getattr(given, f.name) != f.default for f in fields(given)), "one is left out"
    remember_clip(tmp_path, given)
    assert request_in(tmp_path) == given


def test_a_session_folder_knows_its_clip(bench):
    edit(bench)
    bench.tasks.open(OpenRequest(clip=CLIP))
    bench.wait(lambda state: state.footage is not None)
    run(bench)
    folder = bench.folder / CLIP.stem
    with pytest.raises(ClipError, match="is gone"):
        request_in(folder)
    clip = bench.folder / "turn.mp4"
    clip.touch()
    (folder / "clip.json").write_text(json.dumps({"clip": str(clip), "person": "2", "new": 1}))
    request = request_in(folder)
    assert (request.clip, request.person) == (clip, "2")


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"clip": 3}', '{"person": "x"}', "[[1]]", '{"clip": "c", "fit_shape": "no"}'],
)
def test_a_session_folder_that_says_nonsense_is_refused(tmp_path, text):
    (tmp_path / "clip.json").write_text(text)
    with pytest.raises(ClipError):
        request_in(tmp_path)


def test_a_folder_named_after_a_video_belongs_to_it(tmp_path):
    folder = tmp_path / "walk.neuhmr"
    folder.mkdir()
    with pytest.raises(ClipError, match="without a session"):
        request_in(folder)
    (tmp_path / "walk.mov").touch()
    assert request_in(folder).clip == tmp_path / "walk.mov"
