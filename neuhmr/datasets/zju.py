"""ZJU-MoCap's folders.

`annots.npy` is a pickled dictionary: `cams` with lists K, D, R, T (mm) over the cameras, `ims`
over the frames, each with `ims` (image paths) and, in some sequences, `kpts2d` (cameras, 25, 3) in
the images as filmed. Masks lie under `mask/` or `mask_cihp/` by the image's path, vertices of the
fitted SMPL body (m, world) in `new_vertices/NUMBER.npy`. Where EasyMocap's
`J_regressor_body25.npy` lies beside them, it gives 3D keypoints.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.datasets.capture import VERTEX_MARGIN, Capture, RawView
from neuhmr.datasets.image_files import (
    PIXEL_CENTER,
    as_keypoints,
    image_size,
    read_image,
    read_mask,
)
from neuhmr.datasets.undistortion import distortion_of
from neuhmr.errors import DatasetError
from neuhmr.files.loading import load_data
from neuhmr.geometry.cameras import Camera

MASK_FOLDERS = ("mask", "mask_cihp")


def read_zju_capture(folder: Path) -> Capture:
    """Open a sequence of ZJU-MoCap.

    Raises:
        DatasetError: annots.npy is missing, damaged or incomplete.
    """
    path = folder / "annots.npy"
    if not path.is_file():
        raise DatasetError(f"{path} is missing; it holds the calibration, copy the whole sequence.")
    annots = load_data(path, DatasetError)
    try:
        content = annots.item() if isinstance(annots, np.ndarray) else annots
        cams, entries = content["cams"], content["ims"]
        paths = [tuple(str(name) for name in entry["ims"]) for entry in entries]
        Ks, Rs, Ts = (_stack(cams[key]) for key in ("K", "R", "T"))
        Ds = _stack(cams["D"]).reshape(len(Ks), -1)
        transforms = torch.eye(4).repeat(len(Ks), 1, 1)
        transforms[:, :3, :3] = Rs.reshape(-1, 3, 3)
        transforms[:, :3, 3] = Ts.reshape(-1, 3) / 1000.0
        distortions = tuple(distortion_of(row[:5]) for row in Ds)
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise DatasetError(
            f"{path} is not a ZJU-MoCap annotation ({error!r}); expected cams with K, D, R, T and "
            "ims, copy the file again."
        ) from error
    if not paths or any(len(names) != len(Ks) for names in paths):
        counts = sorted({len(names) for names in paths})
        raise DatasetError(
            f"{path} has {len(Ks)} cameras but frames with {counts or 'no'} images; expected one "
            "image per camera and frame, copy the file again."
        )
    K = Ks.reshape(-1, 3, 3).clone()
    K[:, :2, 2] += PIXEL_CENTER
    cameras = tuple(Camera(K[i], *image_size(folder / name)) for i, name in enumerate(paths[0]))
    return Capture(
        name=folder.name,
        camera_names=tuple(Path(name).parent.name for name in paths[0]),
        cameras=cameras,
        distortions=distortions,
        T_camera_world=transforms,
        frames=tuple(range(len(paths))),
        files=_ZjuFiles(folder, tuple(paths), tuple(_keypoints(path, entry) for entry in entries)),
    )


@dataclass(frozen=True)
class _ZjuFiles:
    folder: Path
    paths: tuple[tuple[str, ...], ...]
    keypoints: tuple[Float[Tensor, "cameras 25 3"] | None, ...]

    def raw_view(self, frame: int, camera: int) -> RawView:
        name = Path(self.paths[frame][camera])
        masks = (self.folder / kind / name.with_suffix(".png") for kind in MASK_FOLDERS)
        mask = next((found for found in masks if found.is_file()), None)
        keypoints = self.keypoints[frame]
        if keypoints is None:
            keypoints2d = None
        else:
            keypoints2d = as_keypoints(keypoints[camera])
        image = read_image(self.folder / name)
        return RawView(image, None if mask is None else read_mask(mask), keypoints2d)

    def vertices(self, frame: int) -> Float[Tensor, "vertices 3"] | None:
        number = _file_number(Path(self.paths[frame][0]))
        path = self.folder / "new_vertices" / f"{number}.npy"
        return _read_array(path) if path.is_file() else None

    def keypoints3d(self, frame: int) -> Float[Tensor, "25 4"] | None:
        path, vertices = self.folder / "J_regressor_body25.npy", self.vertices(frame)
        if vertices is None or not path.is_file():
            return None
        regressor = _read_array(path)
        if regressor.shape != (25, len(vertices)):
            raise DatasetError(
                f"{path} has shape {tuple(regressor.shape)}, (25, {len(vertices)}) was expected; "
                "copy EasyMocap's regressor for SMPL."
            )
        return torch.cat([regressor @ vertices, torch.ones(25, 1)], dim=-1)

    def box(self, frame: int) -> Float[Tensor, "2 3"] | None:
        vertices = self.vertices(frame)
        if vertices is None:
            return None
        low, high = vertices.amin(dim=0), vertices.amax(dim=0)
        return torch.stack([low - VERTEX_MARGIN, high + VERTEX_MARGIN])


def _file_number(path: Path) -> int:
    """Read a frame's number in file names.

    Sequences 313 and 315 count from 1 inside `CoreView_313_Camera_(1)_0001_DATE.jpg`, the others
    name images 000000.jpg.
    """
    parts = path.stem.split("_")
    number = parts[4] if path.name.startswith("CoreView_") and len(parts) > 4 else path.stem
    if not number.isdigit():
        raise DatasetError(
            f"{path} has no frame number in its name; expected 000000.jpg or "
            "CoreView_313_Camera_(1)_0001_DATE.jpg."
        )
    return int(number)


def _keypoints(path: Path, entry: Any) -> Float[Tensor, "cameras 25 3"] | None:
    if "kpts2d" not in entry:
        return None
    found = _stack(entry["kpts2d"])
    if found.shape != (len(entry["ims"]), 25, 3):
        raise DatasetError(
            f"{path} has kpts2d of shape {tuple(found.shape)}, ({len(entry['ims'])}, 25, 3) was "
            "expected; copy the file again."
        )
    return found


def _stack(values: Any) -> Float[Tensor, "..."]:
    """Read numbers of any nesting."""
    return torch.from_numpy(np.stack([np.asarray(value, np.float64) for value in values])).float()


def _read_array(path: Path) -> Float[Tensor, "rows columns"]:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); copy the file again.") from error
    return torch.from_numpy(np.asarray(values, np.float32).reshape(values.shape[-2:]))
