"""Keypoints of the real engine, with heatmaps of a network that was never trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.body25 import body25_points
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import CheckpointError
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghnerf.clips.clip_checkpoint import save_clip_heatmaps
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.progress import ignore_progress
from neuhmr.refine.settings import preset
from tests.synthetic_body import make_synthetic_body
from tests.workbench.short_clip import write_short_clip
from workbench.engine.engine import NeuhmrEngine
from workbench.engine.free_view import Viewpoint
from workbench.engine.keypoints import load_heatmap_model
from workbench.errors import WorkbenchError

pytestmark = pytest.mark.slow
FRAME = 3
VIDEO_CAMERA = Viewpoint((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    write_short_clip(folder)
    torch.manual_seed(0)
    ghn = load_ghn()
    model = ClipHeatmaps(GhnerfConfig(human_channels=8), ghn.config.hidden_channels)
    with torch.no_grad():
        model.head[-1].bias.zero_()  # As high as half: peaks are found, though in any place.
    save_clip_heatmaps(model, ghn, folder / "heatmaps.safetensors", {})
    return folder


@pytest.fixture(scope="module")
def engine():
    config = preset("fast")
    return NeuhmrEngine("cpu", replace(config, draft=replace(config.draft, enabled=False)))


@pytest.fixture(scope="module")
def footage(engine, folder):
    request = OpenRequest(clip=folder / "short.mp4", heatmaps=folder / "heatmaps.safetensors")
    return engine.open(request, ignore_progress)


@pytest.fixture(scope="module")
def avatar(engine, footage):
    return footage.build_avatar(engine.default_config(), ignore_progress)


@pytest.fixture(scope="module")
def report(footage, avatar):
    return avatar.keypoints(footage.initial, FRAME, "frame")


def test_the_bodys_keypoints_lie_where_the_video_camera_sees_them(footage, avatar, report):
    assert avatar.heatmaps_missing == ""
    body = footage.opened.model.with_shape(footage.initial.betas)
    points = body25_points(pose_frame(body, footage.initial, FRAME))
    camera = footage.camera if footage.camera.K.dim() == 2 else footage.camera[FRAME]
    np.testing.assert_allclose(report.projected, camera.project(points).numpy(), atol=0.05)
    assert 20.0 < report.torso_px() < footage.video.height


def test_keypoints_are_found_on_the_person(avatar, report):
    assert report.heatmaps.shape == (25, *avatar.crop_size)
    assert 0.0 <= report.heatmaps.min() and 0.1 < report.heatmaps.max() <= 1.0
    is_found = np.isfinite(report.found).all(axis=1)
    assert is_found.any() and (report.confidence[is_found] > 0.0).all()
    for joint in np.flatnonzero(is_found):
        u, v = report.in_box(report.found)[joint].astype(int)
        around = report.heatmaps[joint, max(v - 2, 0) : v + 3, max(u - 2, 0) : u + 3]
        assert around.max() > 0.5 * report.confidence[joint], joint


def test_the_source_changes_the_heatmaps_and_frames_without_a_pose_have_none(
    footage, avatar, report
):
    from_anchors = avatar.keypoints(footage.initial, FRAME, "anchors")
    assert np.abs(from_anchors.heatmaps - report.heatmaps).max() > 1e-4
    np.testing.assert_allclose(from_anchors.projected, report.projected)
    assert avatar.keypoints(footage.initial, 10_000, "frame") is None


def test_a_free_view_shows_the_person_in_its_middle(footage, avatar):
    view = avatar.view_heatmaps(footage.initial, FRAME, "frame", VIDEO_CAMERA)
    height, width = view.image.shape[:2]
    rows, columns = np.nonzero(view.image.max(axis=-1) > 20)
    assert view.heatmaps.shape == (25, height, width)
    assert abs(rows.min() + rows.max() - height) < 0.1 * height
    assert abs(columns.min() + columns.max() - width) < 0.1 * width
    assert np.ptp(rows) > 0.75 * height or np.ptp(columns) > 0.75 * width
    off_person = view.heatmaps.max(axis=0)[view.image.max(axis=-1) == 0]
    assert off_person.max() < 0.2 < view.heatmaps.max()


def test_a_free_view_turned_away_is_refused(footage, avatar):
    away = Viewpoint((0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
    with pytest.raises(WorkbenchError, match="behind the 3D view"):
        avatar.view_heatmaps(footage.initial, FRAME, "frame", away)


def test_missing_weights_are_told_and_nothing_is_rendered(footage, avatar, tmp_path):
    ghn, body = load_ghn(), footage.opened.model
    model, reason = load_heatmap_model(ghn, body, tmp_path / "no.safetensors")
    assert model is None and "no.safetensors" in reason
    assert reason[0].isupper() and reason.endswith(".") and not reason.endswith("..")
    assert "782 vertices" in load_heatmap_model(ghn, make_synthetic_body(), None)[1]
    without = replace(avatar, heatmaps=None, heatmaps_missing=reason)
    with pytest.raises(CheckpointError, match=r"no\.safetensors"):
        without.keypoints(footage.initial, FRAME, "frame")
    with pytest.raises(CheckpointError, match=r"no\.safetensors"):
        without.view_heatmaps(footage.initial, FRAME, "frame", VIDEO_CAMERA)
