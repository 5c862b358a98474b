import json

import pytest
import torch

from neuhmr.datasets.capture_reader import read_capture
from neuhmr.errors import DatasetError, MissingDependencyError
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.people.generate import PeopleConfig, generate_people


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    config = PeopleConfig(
        out_dir=tmp_path_factory.mktemp("captures"), clips=1, views=2, frames=2, height=96,
        width=96, camera="ideal", masks="exact",
    )  # fmt: skip
    try:
        return generate_people(config)[0]
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and ffmpeg: {error}")


def test_views_agree_with_each_other_and_the_truth(folder):
    capture = read_capture(folder)
    assert capture.camera_names == ("cam00", "cam01") and capture.frames == (0, 1)
    points, box = capture.keypoints3d(1), capture.box(1)
    assert points is not None
    assert bool((points[:, :3] > box[0]).all() and (points[:, :3] < box[1]).all())
    # The world's floor is at y = 0 and the subject stands on it.
    assert -0.25 < float(box[0, 1]) < 0.2 and 1.0 < float(box[1, 1]) < 2.4
    for camera in range(2):
        view = capture.view(1, camera)
        local = Rigid.from_matrix(view.T_camera_world).apply(points[:, :3])
        assert view.keypoints2d is not None and view.mask is not None
        assert torch.allclose(view.camera.project(local), view.keypoints2d[:, :2], atol=1e-3)
        column, row = view.keypoints2d[:, :2].long().clamp(0, 95).unbind(dim=-1)
        near = torch.nn.functional.max_pool2d(view.mask[None].float(), 5, 1, 2)[0] > 0
        assert float(near[row, column].float().mean()) > 0.95


def test_damage_is_named(folder):
    path = folder / "cameras.json"
    text = path.read_text()
    content = json.loads(text)
    try:
        del content["cameras"][1]["K"]
        path.write_text(json.dumps(content))
        with pytest.raises(DatasetError, match="does not describe cameras"):
            read_capture(folder)
        path.write_text(json.dumps(content | {"format": "other"}))
        with pytest.raises(DatasetError, match="no neuhmr-capture"):
            read_capture(folder)
        path.write_text(text[:40])
        with pytest.raises(DatasetError, match="not valid JSON"):
            read_capture(folder)
    finally:
        path.write_text(text)
