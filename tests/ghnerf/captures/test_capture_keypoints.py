from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ghnerf.knowing import BOX, KnowingGhnerf, knowing_image, standing_points
from ghnerf.rings import ring, seen
from neuhmr.datasets.capture import Capture, RawView
from neuhmr.errors import CheckpointError, DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.ghnerf.captures import capture_keypoints
from neuhmr.ghnerf.captures.capture_keypoints import (
    CaptureKeypointsConfig,
    find_capture_keypoints,
    prepare_frame,
)
from neuhmr.ghnerf.captures.keypoint_file import keypoint_table, read_keypoints, write_keypoints
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.model import Ghnerf

SIZES = ((128, 96), (250, 190), (301, 227))
"""Height and width of the cameras in turn; two of them are multiples of nothing."""


@dataclass(frozen=True)
class GrayFiles:
    cameras: tuple[Camera, ...]

    def raw_view(self, frame: int, camera: int) -> RawView:
        size = (self.cameras[camera].height, self.cameras[camera].width)
        image = torch.full((*size, 3), 128, dtype=torch.uint8)
        return RawView(image, None, None)

    def keypoints3d(self, frame: int) -> Tensor | None:
        return None

    def box(self, frame: int) -> Tensor | None:
        return BOX


def capture(views: int = 4, lost: tuple[int, ...] = ()) -> Capture:
    cameras, poses = ring(views)
    sized = tuple(cameras[view].resized(*SIZES[view % len(SIZES)]) for view in range(views))
    poses = poses.clone()
    for view in lost:
        poses[view, 0, 3] += 50.0  # It looks past the subject.
    names = tuple(f"cam{view:02d}" for view in range(views))
    return Capture("still", names, sized, (None,) * views, poses, (0, 1), GrayFiles(sized))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> KnowingGhnerf:
    monkeypatch.setattr(capture_keypoints, "render_target", knowing_image)
    return KnowingGhnerf(standing_points())


def test_keypoints_come_back_in_each_cameras_own_pixels(model: KnowingGhnerf) -> None:
    subject = capture()
    found, _ = find_capture_keypoints(subject, 0, model, CaptureKeypointsConfig(size=100))
    assert found.in_cameras.found.all()
    for view, camera in enumerate(subject.cameras):
        poses = subject.T_camera_world[[view]]
        truth = seen(standing_points(), Camera(camera.K[None], camera.height, camera.width), poses)
        # A tenth of a pixel of the small picture that was looked at.
        error = (found.in_cameras.points[view] - truth[0]).norm(dim=-1).max()
        assert error < 0.1 * camera.height / 100
    for way in (found.triangulated, found.in_field):
        assert way.found.all()
        assert (way.points - standing_points()).norm(dim=-1).max() < 0.01


def test_one_view_gives_keypoints_but_none_in_space_by_triangulation(model: KnowingGhnerf) -> None:
    config = CaptureKeypointsConfig(size=100, cameras=(1,))
    found, _ = find_capture_keypoints(capture(), 1, model, config)
    assert found.in_cameras.found[1].all()
    assert not found.in_cameras.found[[0, 2, 3]].any()
    assert not found.triangulated.found.any()
    assert found.in_field.found.all()


def test_each_view_is_rendered_from_its_nearest_sources(model: KnowingGhnerf) -> None:
    find_capture_keypoints(capture(), 0, model, CaptureKeypointsConfig(size=100, sources=2))
    assert {len(encoded.T_camera_world) for encoded in model.asked} == {2}
    _, poses = ring(4)
    # The first look is the first camera's: itself and a neighbor a quarter turn away.
    torch.testing.assert_close(model.asked[0].T_camera_world[0], poses[0])


@pytest.mark.usefixtures("ties_reversed")
def test_of_equally_near_cameras_the_first_is_a_source_on_every_device(
    model: KnowingGhnerf,
) -> None:
    prepared = prepare_frame(capture(), 0, model, CaptureKeypointsConfig(size=100))
    sources = prepared.nearest(prepared.targets[0], 2)
    # A quarter turn to the left and to the right are as far.
    _, poses = ring(4)
    torch.testing.assert_close(sources.T_camera_world, poses[[0, 1]])


def test_a_camera_that_does_not_see_the_subject_is_left_out(model: KnowingGhnerf) -> None:
    found, renderings = find_capture_keypoints(
        capture(lost=(2,)), 0, model, CaptureKeypointsConfig(size=100)
    )
    assert renderings.prepared.cameras == (0, 1, 3)
    assert not found.in_cameras.found[2].any()
    assert found.triangulated.found.all()


def test_a_camera_that_was_asked_for_must_see_the_subject(model: KnowingGhnerf) -> None:
    config = CaptureKeypointsConfig(cameras=(0, 2))
    with pytest.raises(DatasetError, match="camera cam02 of still at frame 0 does not see"):
        prepare_frame(capture(lost=(2,)), 0, model, config)


def test_when_no_camera_sees_the_subject_the_calibration_is_named(model: KnowingGhnerf) -> None:
    with pytest.raises(DatasetError, match="No camera of still sees the subject at frame 0"):
        prepare_frame(capture(lost=(0, 1, 2, 3)), 0, model, CaptureKeypointsConfig())


def test_a_frame_that_is_missing_is_named(model: KnowingGhnerf) -> None:
    with pytest.raises(DatasetError, match="has no frame 7"):
        prepare_frame(capture(), 7, model, CaptureKeypointsConfig())


def test_weights_without_heatmaps_are_refused() -> None:
    plain = Ghnerf(GhnerfConfig(human_encoder="none", feature_heads=())).eval()
    with pytest.raises(CheckpointError, match="render no heatmaps"):
        find_capture_keypoints(capture(2), 0, plain, CaptureKeypointsConfig(size=64))


def test_keypoints_survive_their_file(model: KnowingGhnerf, tmp_path: Path) -> None:
    subject, config = capture(lost=(2,)), CaptureKeypointsConfig(size=100)
    found = [find_capture_keypoints(subject, frame, model, config)[0] for frame in (0, 1)]
    table, path = keypoint_table(found), tmp_path / "keypoints.npz"
    write_keypoints(path, table, subject.camera_names)
    again, names = read_keypoints(path)
    assert names == subject.camera_names
    assert again.frames.tolist() == [0, 1]
    torch.testing.assert_close(again.points2d, table.points2d)
    torch.testing.assert_close(again.points3d_field, table.points3d_field)
    assert not again.confidence2d[:, 2].any()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, format=np.array("other"), version=np.array(1))
    with pytest.raises(DatasetError, match="no neuhmr-keypoints file"):
        read_keypoints(path)
    with pytest.raises(DatasetError, match=r"missing\.npz does not exist"):
        read_keypoints(tmp_path / "missing.npz")
