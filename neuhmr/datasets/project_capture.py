"""The project's own captures: `cameras.json` and one clip with sidecars per camera.

`neuhmr people --views V` writes them. The 3D keypoints come from the true poses.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.body25 import body25_points
from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import PosedBody
from neuhmr.clip.intrinsics import MOST_PIXELS, check_intrinsics
from neuhmr.clip.masks import MaskSequence, read_masks
from neuhmr.clip.motion_checks import is_rotation
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.video import Video, open_video
from neuhmr.datasets.capture import VERTEX_MARGIN, Capture, RawView
from neuhmr.datasets.image_files import read_json
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid

_REMEDY = "make it again with `neuhmr people --views`"


def read_project_capture(folder: Path) -> Capture:
    """Open a capture folder of the project.

    Raises:
        DatasetError: cameras.json is missing, damaged or of another kind.
        ClipError: a video or a mask file cannot be read.
        PoseFileError: a truth file cannot be read.
    """
    path = folder / "cameras.json"
    content = read_json(path)
    try:
        if content["format"] != "neuhmr-capture" or content["version"] != 1:
            raise DatasetError(
                f"{path} is no neuhmr-capture of version 1; make it with `neuhmr people --views`."
            )
        entries: list[dict[str, Any]] = content["cameras"]
        if not entries:
            raise DatasetError(f"{path} names no cameras, at least one was expected; {_REMEDY}.")
        for entry in entries:
            _check_camera(path, entry)
        names = tuple(str(entry["name"]) for entry in entries)
        cameras = tuple(_camera(entry) for entry in entries)
        T_camera_world = torch.stack([torch.tensor(entry["T_camera_world"]) for entry in entries])
        videos = tuple(open_video(folder / entry["video"]) for entry in entries)
        masks = tuple(
            read_masks(folder / entry["masks"]) if entry.get("masks") else None for entry in entries
        )
        truth = entries[0].get("truth")
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise DatasetError(
            f"{path} does not describe cameras as expected ({error!r}): name, video, K, "
            "T_camera_world, height, width; make it again with `neuhmr people --views`."
        ) from error
    frames = min(video.num_frames for video in videos)
    for name, packed in zip(names, masks, strict=True):
        if packed is not None and packed.num_frames < frames:
            raise DatasetError(
                f"Camera {name} in {folder} has {packed.num_frames} masks for {frames} frames; "
                "make the masks again."
            )
    posed = None
    if truth is not None and (folder / truth).is_file():
        posed = read_motion_file(folder / truth).motion.pose(load_body_model())
    return Capture(
        name=folder.name,
        camera_names=names,
        cameras=cameras,
        distortions=(None,) * len(names),
        T_camera_world=T_camera_world,
        frames=tuple(range(frames)),
        files=_ProjectFiles(cameras, T_camera_world, videos, masks, posed),
    )


def _check_camera(path: Path, entry: dict[str, Any]) -> None:
    """Refuse what is no pinhole camera at a place of its own."""
    check_intrinsics(path, np.array(entry["K"], np.float64), DatasetError, _REMEDY)
    transform = np.array(entry["T_camera_world"], np.float64)
    is_rigid = transform.shape == (4, 4) and np.isfinite(transform).all()
    if not is_rigid or not is_rotation(transform[None, :3, :3]).all():
        raise DatasetError(
            f"{path} has a T_camera_world of camera {entry['name']} that is no rigid transform, a "
            f"rotation and a translation (4 x 4) were expected; {_REMEDY}."
        )
    sizes = (entry["height"], entry["width"])
    if not all(type(size) is int and 0 < size <= MOST_PIXELS for size in sizes):
        raise DatasetError(
            f"{path} has a camera of {sizes[0]!r} x {sizes[1]!r} pixels, two whole numbers from 1 "
            f"to {MOST_PIXELS} were expected; {_REMEDY}."
        )


@dataclass(frozen=True)
class _ProjectFiles:
    cameras: tuple[Camera, ...]
    T_camera_world: Float[Tensor, "cameras 4 4"]
    videos: tuple[Video, ...]
    masks: tuple[MaskSequence | None, ...]
    posed: PosedBody | None
    """The true body in the first camera's frame, frame by frame."""

    def raw_view(self, frame: int, camera: int) -> RawView:
        masks, points = self.masks[camera], self.keypoints3d(frame)
        keypoints = None
        if points is not None:
            local = Rigid.from_matrix(self.T_camera_world[camera]).apply(points[:, :3])
            pixels = self.cameras[camera].project(local)
            keypoints = torch.cat([pixels, points[:, 3:]], dim=-1)
        return RawView(
            image=torch.from_numpy(self.videos[camera].frame(frame).copy()),
            mask=None if masks is None else torch.from_numpy(masks.mask(frame).copy()),
            keypoints2d=keypoints,
        )

    def keypoints3d(self, frame: int) -> Float[Tensor, "25 4"] | None:
        if self.posed is None or frame >= len(self.posed.joints):
            return None
        points = self._to_world(body25_points(self.posed[frame]))
        return torch.cat([points, torch.ones(25, 1)], dim=-1)

    def box(self, frame: int) -> Float[Tensor, "2 3"] | None:
        if self.posed is None or frame >= len(self.posed.joints):
            return None
        vertices = self._to_world(self.posed.vertices[frame])
        low, high = vertices.amin(dim=0), vertices.amax(dim=0)
        return torch.stack([low - VERTEX_MARGIN, high + VERTEX_MARGIN])

    def _to_world(self, points: Float[Tensor, "points 3"]) -> Float[Tensor, "points 3"]:
        return Rigid.from_matrix(self.T_camera_world[0]).inverse().apply(points)


def _camera(entry: dict[str, Any]) -> Camera:
    return Camera(torch.tensor(entry["K"]), int(entry["height"]), int(entry["width"]))
