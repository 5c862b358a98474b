import numpy as np
import pytest
import torch

from neuhmr.datasets.capture_reader import read_capture
from neuhmr.datasets.undistortion import Distortion
from neuhmr.errors import DatasetError
from tests.datasets.ring import CENTER, ring_cameras, sphere_mask, write_image


@pytest.fixture
def content():
    """What annots.npy of a sequence of three cameras and two frames holds."""
    cameras, transforms = ring_cameras(3)
    K = [camera.K.numpy().astype(np.float64) - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]
         for camera in cameras]  # fmt: skip
    keypoints = np.full((3, 25, 3), 12.0)
    keypoints[1, 4] = 0.0
    return {
        "cams": {
            "K": K,
            "D": [np.array([[-0.8, 0.05, 0.0, 0.0, 0.0]]).T] * 3,
            "R": [T[:3, :3].numpy().astype(np.float64) for T in transforms],
            "T": [T[:3, 3:].numpy().astype(np.float64) * 1000 for T in transforms],
        },
        "ims": [
            {"ims": [f"Camera_B{c + 1}/{f:06d}.png" for c in range(3)], "kpts2d": keypoints}
            for f in range(2)
        ],
    }


@pytest.fixture
def folder(tmp_path, content):
    np.save(tmp_path / "annots.npy", content, allow_pickle=True)  # pyright: ignore[reportArgumentType]
    for camera, T, names in zip(*ring_cameras(3), zip(*(e["ims"] for e in content["ims"]),
                                                      strict=True), strict=True):  # fmt: skip
        for name in names:
            write_image(tmp_path / name, sphere_mask(camera, T))
            write_image(tmp_path / "mask" / name, sphere_mask(camera, T), is_mask=True)
    return tmp_path


def test_cameras_are_read_in_meters_and_our_pixels(folder):
    cameras, transforms = ring_cameras(3)
    capture = read_capture(folder)
    assert capture.camera_names == ("Camera_B1", "Camera_B2", "Camera_B3")
    assert torch.allclose(capture.T_camera_world, transforms, atol=1e-5)
    assert torch.allclose(capture.cameras[1].K, cameras[1].K, atol=1e-5)
    distortion = capture.distortions[0]
    assert isinstance(distortion, Distortion)
    assert distortion.coefficients[:2] == pytest.approx((-0.8, 0.05))


def test_views_are_undistorted(folder):
    left = torch.zeros(64, 64)
    left[:, :20] = 1.0
    write_image(folder / "mask/Camera_B2/000000.png", left, is_mask=True)
    view = read_capture(folder).view(0, 1)
    # Barrel distortion draws the borders in: undone, what fills the left moves out of the picture.
    assert view.mask is not None
    assert 0 < int(view.mask.sum()) < int(left.sum())
    assert bool(view.mask[:, 0].all()) and not bool(view.mask[:, 20:].any())
    assert view.keypoints2d is not None
    # (12, 12) lies left of and above the middle and moves outward.
    assert bool((view.keypoints2d[0, :2] < 12.5).all())
    assert view.keypoints2d[4, 2] == 0.0
    assert view.keypoints2d[0, 2] == 12.0


def test_box_and_keypoints_come_from_the_fitted_body(folder):
    vertices = np.random.default_rng(0).uniform(-1, 1, (40, 3)).astype(np.float32)
    (folder / "new_vertices").mkdir()
    np.save(folder / "new_vertices/1.npy", vertices)
    capture = read_capture(folder)
    expected = np.stack([vertices.min(0) - 0.1, vertices.max(0) + 0.1])
    assert np.allclose(capture.box(1).numpy(), expected, atol=1e-6)
    # Frame 0 has no vertices: the masks tell.
    assert bool((capture.box(0)[0] < CENTER).all() and (capture.box(0)[1] > CENTER).all())
    assert capture.keypoints3d(1) is None
    regressor = np.zeros((25, 40))
    regressor[np.arange(25), np.arange(25)] = 1.0
    np.save(folder / "J_regressor_body25.npy", regressor)
    points = capture.keypoints3d(1)
    assert points is not None
    assert np.allclose(points[:, :3].numpy(), vertices[:25], atol=1e-6)


def test_numbers_are_read_from_the_names_of_313(folder, content):
    for frame, entry in enumerate(content["ims"]):
        entry["ims"] = [
            f"Camera ({c + 1})/CoreView_313_Camera_({c + 1})_{frame + 1:04d}_2019-08-23.png"
            for c in range(3)
        ]
        for name in entry["ims"]:
            write_image(folder / name, torch.ones(64, 64))
    np.save(folder / "annots.npy", content, allow_pickle=True)
    (folder / "new_vertices").mkdir()
    np.save(folder / "new_vertices/1.npy", np.zeros((5, 3)))
    # Images of 313 count from 1, and so do its vertices.
    box = read_capture(folder).box(0)
    assert torch.allclose(box, torch.tensor([[-0.1] * 3, [0.1] * 3]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("cams"), "not a ZJU-MoCap annotation"),
        (lambda c: c["cams"].pop("T"), "not a ZJU-MoCap annotation"),
        (lambda c: c["ims"][0]["ims"].pop(), "3 cameras but frames with"),
        (lambda c: c["ims"][0].update(kpts2d=np.zeros((3, 17, 3))), r"kpts2d of shape \(3, 17, 3"),
    ],
)
def test_what_is_missing_is_named(folder, content, change, message):
    change(content)
    np.save(folder / "annots.npy", content, allow_pickle=True)
    with pytest.raises(DatasetError, match=message):
        read_capture(folder)


def test_a_missing_image_is_named(folder):
    (folder / "Camera_B2/000001.png").unlink()
    with pytest.raises(DatasetError, match=r"Camera_B2/000001.png .*does not exist"):
        read_capture(folder).view(1, 1)


class Harmful:
    def __reduce__(self):
        return (print, ("ran",))


def test_code_in_the_pickle_is_not_run(folder, capsys):
    np.save(folder / "annots.npy", {"cams": Harmful()}, allow_pickle=True)  # pyright: ignore[reportArgumentType]
    with pytest.raises(DatasetError, match="code and not data"):
        read_capture(folder)
    assert "ran" not in capsys.readouterr().out


def test_a_missing_calibration_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"annots.npy is missing"):
        read_capture(tmp_path, "zju")
