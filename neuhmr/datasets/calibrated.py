"""Pictures in EasyMocap's folders with the calibration of another program.

COLMAP's cameras and images, Pose2Sim's `Calib*.toml` or Qualisys' `*.qca.txt` beside `images/CAM/`;
cameras are called as their folders.
"""

from pathlib import Path

import torch

from neuhmr.clip.calibration.found import FoundCamera
from neuhmr.clip.calibration.read import read_calibration
from neuhmr.datasets.capture import Capture
from neuhmr.datasets.easymocap import ImageFolders, common_frames, images_of
from neuhmr.datasets.image_files import image_size
from neuhmr.datasets.undistortion import Distortion, distortion_of
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera

_PATTERNS = (
    *("Calib*.toml", "*.qca.txt", "cameras.bin", "cameras.txt", "sparse/0/cameras.bin"),
    *("sparse/0/cameras.txt", "sparse/cameras.bin", "sparse/cameras.txt"),
)


def calibration_of(folder: Path) -> Path | None:
    """Find the calibration in a folder; None where there is none that is known."""
    found = (path for pattern in _PATTERNS for path in sorted(folder.glob(pattern)))
    return next(found, None)


def read_calibrated_capture(folder: Path) -> Capture:
    """Open a folder of pictures with a calibration.

    Raises:
        DatasetError: the calibration is missing or says not where cameras are, or one has no
            pictures.
    """
    path = calibration_of(folder)
    if path is None:
        raise DatasetError(
            f"{folder} holds no calibration of COLMAP, Pose2Sim or Qualisys; add one."
        )
    found = [
        camera
        for camera in read_calibration(path, DatasetError)
        if (folder / "images" / camera.name).is_dir()
    ]
    if len(found) < 2:
        raise DatasetError(
            f"{folder / 'images'} has folders for {len(found)} of the cameras in {path.name}, two "
            "and more were expected; call each folder as its camera."
        )
    images = [images_of(folder, camera.name) for camera in found]
    frames = common_frames(folder, images)
    names = tuple(camera.name for camera in found)
    sizes = [image_size(paths[frames[0]]) for paths in images]
    return Capture(
        name=folder.name,
        camera_names=names,
        cameras=tuple(
            Camera(torch.from_numpy(camera.K).float(), *size)
            for camera, size in zip(found, sizes, strict=True)
        ),
        distortions=tuple(_distortion(path, camera) for camera in found),
        T_camera_world=torch.stack([_place(path, camera) for camera in found]),
        frames=tuple(frames),
        files=ImageFolders(folder, names, tuple(images)),
    )


def _distortion(path: Path, camera: FoundCamera) -> Distortion | None:
    if camera.is_fisheye and any(camera.distortion):
        raise DatasetError(
            f"{path} says that {camera.name} is a fisheye, which is not undistorted here; take "
            "the distortion out first."
        )
    coefficients = torch.tensor((*camera.distortion, *(0.0,) * 5)[:5])
    return None if camera.is_fisheye else distortion_of(coefficients)


def _place(path: Path, camera: FoundCamera) -> torch.Tensor:
    if camera.T_camera_world is None:
        raise DatasetError(
            f"{path} does not say where {camera.name} is; calibrate places, too, with one picture "
            "for each camera in COLMAP."
        )
    return torch.from_numpy(camera.T_camera_world).float()
