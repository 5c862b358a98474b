"""Pictures in folders with the cameras of another program."""

from pathlib import Path

import pytest
import torch

from neuhmr.datasets.capture_reader import read_capture
from neuhmr.errors import DatasetError
from tests.clip.calibration.test_read import ROTATION, SHIFT, write_colmap_binary, write_pose2sim
from tests.datasets.test_easymocap import write_image


def write_pictures(folder: Path, sizes: dict[str, tuple[int, int]]) -> Path:
    for name, (height, width) in sizes.items():
        for frame in (0, 1):
            path = folder / "images" / name / f"{frame:06d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, torch.rand(height, width))
    return folder


SIZES = {"left": (720, 1280), "right": (480, 640)}


@pytest.mark.parametrize("write", [write_pose2sim, write_colmap_binary])
def test_cameras_of_other_programs_make_a_capture(write, tmp_path: Path) -> None:
    write(write_pictures(tmp_path, SIZES))
    capture = read_capture(tmp_path)
    assert capture.camera_names == ("left", "right") and capture.frames == (0, 1)
    assert capture.cameras[0].K[:2, 2].tolist() == [640.5, 360.25]
    expected = torch.eye(4)
    expected[:3, :3] = torch.from_numpy(ROTATION.as_matrix())
    expected[:3, 3] = torch.from_numpy(SHIFT)
    torch.testing.assert_close(capture.T_camera_world[0], expected)
    assert tuple(capture.view(1, 1).image.shape) == (480, 640, 3)
    # Only one of the two programs says that the first lens bends; the second always does or not.
    assert (capture.distortions[0] is None) == (write is write_colmap_binary)


def test_folders_that_are_called_otherwise_are_named(tmp_path: Path) -> None:
    write_pose2sim(write_pictures(tmp_path, {"left": (720, 1280), "cam2": (480, 640)}))
    with pytest.raises(DatasetError, match=r"1 of the cameras in Calib\.toml"):
        read_capture(tmp_path)


def test_cameras_without_a_place_are_named(tmp_path: Path) -> None:
    path = write_pose2sim(write_pictures(tmp_path, SIZES))
    path.write_text(path.read_text().replace("translation", "shift"))
    with pytest.raises(DatasetError, match="does not say where left is"):
        read_capture(tmp_path)
