"""EasyMocap's folders.

`intri.yml` and `extri.yml` hold K_CAM, dist_CAM, Rot_CAM (or R_CAM) and T_CAM; `images/CAM/` the
frames. Optional: `mask/CAM/` or `masks/CAM/` (PNG), keypoints as `annots/CAM/FRAME.json` or
`openpose/CAM/FRAME_keypoints.json`, 3D keypoints as `output/keypoints3d/FRAME.json`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from roma import rotvec_to_rotmat
from torch import Tensor

from neuhmr.clip.calibration.opencv_yaml import read_opencv_yaml
from neuhmr.datasets.capture import Capture, RawView
from neuhmr.datasets.image_files import (
    IMAGE_SUFFIXES,
    PIXEL_CENTER,
    image_size,
    keypoints_of_image,
    read_image,
    read_json,
    read_mask,
)
from neuhmr.datasets.undistortion import distortion_of
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera


def read_easymocap_capture(folder: Path) -> Capture:
    """Open a folder of EasyMocap.

    Raises:
        DatasetError: the calibration is missing or incomplete, or a camera has no images.
    """
    names, intrinsics = read_opencv_yaml(folder / "intri.yml")
    extrinsic_names, extrinsics = read_opencv_yaml(folder / "extri.yml")
    names = names or extrinsic_names
    if not names:
        raise DatasetError(
            f"{folder / 'intri.yml'} lists no cameras under `names`; calibrate with EasyMocap."
        )
    values = intrinsics | extrinsics
    images = [images_of(folder, name) for name in names]
    frames = common_frames(folder, images)
    cameras, distortions, transforms = [], [], []
    for name, found in zip(names, images, strict=True):
        height, width = image_size(found[frames[0]])
        K = _value(folder / "intri.yml", values, (f"K_{name}",), 9).reshape(3, 3).clone()
        K[:2, 2] += PIXEL_CENTER
        cameras.append(Camera(K.float(), height, width))
        dist = values.get(f"dist_{name}", np.zeros((1, 5)))
        distortions.append(distortion_of(torch.from_numpy(dist.ravel()[:5].copy())))
        transforms.append(_transform(folder / "extri.yml", values, name))
    return Capture(
        name=folder.name,
        camera_names=names,
        cameras=tuple(cameras),
        distortions=tuple(distortions),
        T_camera_world=torch.stack(transforms),
        frames=tuple(frames),
        files=ImageFolders(folder, names, tuple(images)),
    )


@dataclass(frozen=True)
class ImageFolders:
    """`images/CAM/FRAME.jpg`, with masks and keypoints in folders of the same names."""

    folder: Path
    names: tuple[str, ...]
    images: tuple[dict[int, Path], ...]

    def raw_view(self, frame: int, camera: int) -> RawView:
        """Read one picture with what lies beside it."""
        path = self.images[camera][frame]
        place = Path(self.names[camera]) / path.stem
        masks = (self.folder / kind / f"{place}.png" for kind in ("mask", "masks"))
        mask = next((found for found in masks if found.is_file()), None)
        keypoints = None
        for file in (f"annots/{place}.json", f"openpose/{place}_keypoints.json"):
            if (self.folder / file).is_file():
                content = read_json(self.folder / file)
                keypoints = keypoints_of_image(self.folder / file, content)
                break
        return RawView(read_image(path), None if mask is None else read_mask(mask), keypoints)

    def keypoints3d(self, frame: int) -> Float[Tensor, "25 4"] | None:
        """Read EasyMocap's triangulation, where it was done."""
        stem = self.images[0][frame].stem
        path = self.folder / "output" / "keypoints3d" / f"{stem}.json"
        if not path.is_file():
            return None
        try:
            found = np.asarray(read_json(path)[0]["keypoints3d"], np.float32)
            points = found.reshape(len(found), -1)[:25, :4]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DatasetError(
                f"{path} holds no list of 3D keypoints ({error!r}); triangulate again."
            ) from error
        if points.shape != (25, 4):
            raise DatasetError(
                f"{path} holds keypoints of shape {points.shape}, (25, 4) of BODY_25 was expected; "
                "triangulate BODY_25."
            )
        return torch.from_numpy(points.copy())

    def box(self, frame: int) -> None:
        """Say nothing: no file does."""
        return None


def common_frames(folder: Path, images: list[dict[int, Path]]) -> list[int]:
    """List the frames that every camera has.

    Raises:
        DatasetError: there are none.
    """
    frames = sorted(set.intersection(*(set(found) for found in images)))
    if not frames:
        raise DatasetError(
            f"The cameras of {folder / 'images'} have no frame in common; expected images of the "
            "same names in every camera's folder."
        )
    return frames


def images_of(folder: Path, name: str) -> dict[int, Path]:
    """List a camera's numbered images.

    Raises:
        DatasetError: there are none.
    """
    paths = sorted(
        path for path in (folder / "images" / name).glob("*") if path.suffix in IMAGE_SUFFIXES
    )
    numbered = {int(path.stem): path for path in paths if path.stem.isdigit()}
    if not numbered:
        raise DatasetError(
            f"{folder / 'images' / name} holds no images such as 000000.jpg, but the calibration "
            f"has camera {name}; extract them from the video, or take the camera off `names`."
        )
    return numbered


def _value(
    path: Path, values: dict[str, np.ndarray], names: tuple[str, ...], count: int
) -> Float[Tensor, " count"]:
    for name in names:
        if name in values and values[name].size == count:
            return torch.from_numpy(values[name].ravel().copy())
    raise DatasetError(
        f"{path} holds no {' or '.join(names)} of {count} numbers; calibrate this camera."
    )


def _transform(path: Path, values: dict[str, np.ndarray], name: str) -> Float[Tensor, "4 4"]:
    transform = torch.eye(4)
    if f"Rot_{name}" in values:
        rotmat = _value(path, values, (f"Rot_{name}",), 9).reshape(3, 3)
    else:
        rotmat = rotvec_to_rotmat(_value(path, values, (f"R_{name}",), 3))
    transform[:3, :3] = rotmat.float()
    transform[:3, 3] = _value(path, values, (f"T_{name}",), 3).float()
    return transform
