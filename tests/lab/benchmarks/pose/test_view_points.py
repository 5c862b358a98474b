"""Points in space from all cameras but one, on synthetic captures whose truth is known."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from scipy.optimize import least_squares

from neuhmr.body.model_files import load_body_model
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.datasets.capture import Capture
from neuhmr.datasets.capture_reader import read_capture
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.initial.landmarks import landmark_index
from neuhmr.lab.benchmarks.pose.point_scores import posed_points
from neuhmr.lab.benchmarks.pose.view_points import (
    POINT_NAMES,
    ViewKeypoints,
    annotated_keypoints,
    read_view_keypoints,
    reference_points,
    refine_points,
)
from tests.ghnerf.rings import ring, seen
from tests.lab.benchmarks.made_capture import files_of, make_capture

MODEL = load_body_model()
SCORED = 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_capture(tmp_path_factory.mktemp("views"), views=5, frames=3)


@pytest.fixture(scope="module")
def capture(folder: Path) -> Capture:
    return read_capture(folder)


@pytest.fixture(scope="module")
def exact(capture: Capture) -> ViewKeypoints:
    return annotated_keypoints(capture)


@pytest.fixture(scope="module")
def truth(folder: Path) -> torch.Tensor:
    motion = read_motion_file(files_of(folder, f"cam{SCORED:02d}", "truth")).motion
    return posed_points(motion, MODEL, "body25")


def errors_mm(capture: Capture, keypoints: ViewKeypoints, truth: torch.Tensor) -> torch.Tensor:
    reference = reference_points(capture, keypoints, SCORED)
    assert reference.found.all()
    return (reference.points - truth).norm(dim=-1) * 1000.0


def noisy(exact: ViewKeypoints, px: float, seed: int = 0) -> ViewKeypoints:
    noise = torch.randn(exact.points.shape, generator=torch.Generator().manual_seed(seed))
    return replace(exact, points=exact.points + px * noise)


def test_exact_keypoints_give_the_true_joints(capture, exact, truth) -> None:
    assert float(errors_mm(capture, exact, truth).max()) < 1.0
    reference = reference_points(capture, exact, SCORED)
    assert (reference.views == 4).all(), "every camera but the scored one"
    assert float(reference.reprojection_px.max()) < 0.01


def test_errors_grow_with_the_noise_and_fall_with_the_views(capture, exact, truth) -> None:
    means = [float(errors_mm(capture, noisy(exact, px), truth).mean()) for px in (0.05, 0.1, 0.2)]
    assert means[0] < means[1] < means[2]
    # In the small, errors are in proportion to the noise.
    assert means[2] / means[0] == pytest.approx(4.0, rel=0.1)
    confidence = exact.confidence.clone()
    confidence[[3, 4]] = 0.0
    fewer = replace(noisy(exact, 0.1), confidence=confidence)
    assert float(errors_mm(capture, fewer, truth).mean()) > means[1]


def test_a_view_that_is_wrong_about_a_joint_is_left_out_there(capture, exact, truth) -> None:
    wrong = replace(exact, points=exact.points.clone())
    wrong.points[2, :, POINT_NAMES.index("left_wrist")] += torch.tensor([12.0, -9.0])
    reference = reference_points(capture, wrong, SCORED)
    assert float(errors_mm(capture, wrong, truth).max()) < 1.0
    left_out = torch.tensor([name == "left_wrist" for name in POINT_NAMES])
    assert torch.equal(reference.views == 3, left_out.expand(3, -1))


def test_the_scored_view_has_no_say(capture, exact, truth) -> None:
    absurd = replace(exact, points=exact.points.clone())
    absurd.points[SCORED] = 7.0
    ours, theirs = (reference_points(capture, each, SCORED) for each in (exact, absurd))
    assert torch.equal(ours.points, theirs.points) and torch.equal(ours.views, theirs.views)
    other = reference_points(capture, absurd, SCORED + 1)
    assert not torch.equal(other.views, reference_points(capture, exact, SCORED + 1).views)


def test_joints_that_one_view_alone_sees_are_not_found(capture, exact) -> None:
    confidence = exact.confidence.clone()
    confidence[[0, 2, 3], 1, 0] = 0.0
    reference = reference_points(capture, replace(exact, confidence=confidence), SCORED)
    assert not reference.found[1, 0] and int(reference.found.sum()) == 3 * 12 - 1
    assert not reference.points[1, 0].any()


def test_one_other_camera_is_too_few(capture, exact) -> None:
    confidence = exact.confidence.clone()
    confidence[[0, 2, 3]] = 0.0
    with pytest.raises(DatasetError, match=r"1 cameras of .* other than cam01"):
        reference_points(capture, replace(exact, confidence=confidence), SCORED)


def test_keypoints_are_read_by_the_cameras_names(capture, exact, tmp_path) -> None:
    columns = [landmark_index(name) for name in POINT_NAMES]
    for camera, name in enumerate(capture.camera_names[:3]):
        points = torch.zeros(3, 33, 2)
        points[:, columns] = exact.points[camera]
        if camera == 2:
            points[0, columns[4]] = torch.nan
        (tmp_path / f"{name}.json").write_text(json.dumps(points.tolist()))
    found = read_view_keypoints(tmp_path, capture)
    assert found.skeleton == "blazepose"
    assert torch.allclose(found.points[:2], exact.points[:2], atol=1e-3)
    assert found.confidence.sum(dim=(1, 2)).tolist() == [36.0, 36.0, 35.0, 0.0, 0.0]
    assert found.confidence[2, 0, 4] == 0.0


def test_a_folder_without_keypoints_is_named(capture, tmp_path) -> None:
    with pytest.raises(DatasetError, match=r"cam00\.json were expected"):
        read_view_keypoints(tmp_path, capture)


def test_a_capture_without_keypoints_says_how_to_give_some(capture) -> None:
    blind = replace(capture, files=replace(capture.files, posed=None))
    with pytest.raises(DatasetError, match="--keypoints"):
        annotated_keypoints(blind)


def test_refining_reaches_the_least_reprojection_error_of_unequal_cameras() -> None:
    cameras, poses = ring(5)
    scale = torch.tensor([0.5, 1.0, 2.0, 4.0, 8.0])
    K = cameras.K * torch.stack([scale, scale, torch.ones(5)], dim=-1)[..., None]
    cameras = Camera(K, cameras.height, cameras.width)
    point = torch.tensor([[0.2, -0.1, 0.3]])
    noise = torch.randn(5, 1, 2, generator=torch.Generator().manual_seed(1))
    pixels = seen(point, cameras, poses) + 2.0 * noise
    weights = torch.tensor([[1.0], [0.5], [0.0], [1.0], [0.25]])

    def residuals(x):
        moved = Rigid.from_matrix(poses)[:, None].apply(torch.tensor(x)[None].float())
        offset = (cameras.project(moved) - pixels) * weights[..., None].sqrt()
        return offset.flatten().double().numpy()

    best = least_squares(residuals, point[0].double().numpy(), diff_step=1e-3)
    found = refine_points(point + 0.05, pixels, weights, cameras, poses)
    torch.testing.assert_close(found[0], torch.tensor(best.x).float(), atol=2e-4, rtol=0.0)
