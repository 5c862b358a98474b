"""Where a capture's person is in space, from the 2D keypoints of every camera but one.

The camera that is left out is the one whose poses shall be judged, so that its own view has no say
in what they are judged by.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.datasets.capture import Capture
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.keypoints.triangulation import TriangulationConfig, triangulate
from neuhmr.initial.landmarks import landmark_index
from neuhmr.lab.benchmarks.pose.real_clip import PARTS, read_keypoints
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.tensor_struct import TensorStruct

POINT_NAMES: tuple[str, ...] = tuple(name for names in PARTS.values() for name in names)
"""The twelve points that are judged: what BlazePose, BODY_25 and SMPL all have."""
Skeleton = Literal["blazepose", "body25"]
"""Whose points keypoints are: MediaPipe's landmarks, or OpenPose's, which are joints here."""
MOST_ERROR = 0.015
"""A view whose keypoint lies farther from a point's projection than this share of the picture's
larger side is left out: about 6 cm for a person who fills 40 % of the picture."""
_REFINEMENTS = 5
"""Gauss-Newton steps; from the linear solution two are enough for a hundredth of a millimeter."""


@dataclass(frozen=True)
class ViewKeypoints(TensorStruct):
    """`POINT_NAMES` in every picture of a capture."""

    points: Float[Tensor, "cameras frames 12 2"]
    """(px), without lens distortion."""
    confidence: Float[Tensor, "cameras frames 12"]
    """In [0, 1]; 0 where a keypoint is missing."""
    skeleton: Skeleton


@dataclass(frozen=True)
class ReferencePoints(TensorStruct):
    """`POINT_NAMES` in space; zero where not found."""

    points: Float[Tensor, "frames 12 3"]
    """In the frame of the camera that had no say (m)."""
    found: Bool[Tensor, "frames 12"]
    views: Int[Tensor, "frames 12"]
    """How many views agree."""
    reprojection_px: Float[Tensor, "frames 12"]
    """Mean distance of those views' keypoints from the point's projection."""


def annotated_keypoints(
    capture: Capture, on_progress: OnProgress = ignore_progress
) -> ViewKeypoints:
    """Collect the 2D keypoints that a capture comes with; synthetic people's are exact.

    Raises:
        DatasetError: there are none, or a file cannot be read.
    """
    columns = [BODY_25_NAMES.index(name) for name in POINT_NAMES]
    found = torch.zeros(len(capture.cameras), len(capture.frames), len(columns), 3)
    for place, frame in enumerate(capture.frames):
        for camera in range(len(capture.cameras)):
            keypoints = capture.view(frame, camera).keypoints2d
            if keypoints is not None:
                found[camera, place] = keypoints[columns]
        on_progress(Progress("Reading keypoints", place + 1, len(capture.frames)))
    if not bool((found[..., 2] > 0).any()):
        raise DatasetError(
            f"{capture.name} has no 2D keypoints beside its pictures; give a folder of them, one "
            "CAMERA.json for each camera, with --keypoints."
        )
    return ViewKeypoints(found[..., :2], found[..., 2].clamp(0.0, 1.0), "body25")


def read_view_keypoints(folder: Path, capture: Capture) -> ViewKeypoints:
    """Read BlazePose keypoints of a capture: `CAMERA.json` for each camera that has some.

    Each is a list of frames of 33 points [x, y, ...] (px, in pictures without lens distortion); a
    point that was not seen is NaN.

    Raises:
        DatasetError: there are none, or one cannot be read or has another number of frames.
    """
    columns, frames = [landmark_index(name) for name in POINT_NAMES], len(capture.frames)
    points = torch.full((len(capture.cameras), frames, len(columns), 2), torch.nan)
    for camera, name in enumerate(capture.camera_names):
        path = folder / f"{name}.json"
        if path.is_file():
            size = (capture.cameras[camera].height, capture.cameras[camera].width)
            points[camera] = read_keypoints(path, frames, size)[:, columns]
    seen = points.isfinite().all(dim=-1)
    if not bool(seen.any()):
        raise DatasetError(
            f"{folder} holds no keypoints of {capture.name}; files such as "
            f"{capture.camera_names[0]}.json were expected, one for each camera."
        )
    return ViewKeypoints(torch.where(seen[..., None], points, 0.0), seen.float(), "blazepose")


def reference_points(capture: Capture, keypoints: ViewKeypoints, camera: int) -> ReferencePoints:
    """Triangulate what all cameras but one see, and express it in that one's frame.

    Rays are intersected by the linear method; views that disagree are left out, and the others'
    reprojection errors are made least.

    Raises:
        DatasetError: fewer than two other cameras have keypoints.
    """
    others = [
        other
        for other in range(len(capture.cameras))
        if other != camera and bool((keypoints.confidence[other] > 0).any())
    ]
    if len(others) < 2:
        raise DatasetError(
            f"{len(others)} cameras of {capture.name} other than {capture.camera_names[camera]} "
            "have keypoints, at least 2 were expected to triangulate; give more cameras' keypoints."
        )
    # Cameras stand still, so all frames' points are those of one moment.
    pixels = keypoints.points[others].flatten(1, 2)
    weights = keypoints.confidence[others].flatten(1, 2)
    cameras = Camera(
        torch.stack([capture.cameras[other].K for other in others]),
        max(capture.cameras[other].height for other in others),
        max(capture.cameras[other].width for other in others),
    )
    T_camera_world = capture.T_camera_world[others]
    crossed = triangulate(
        pixels, weights, cameras, T_camera_world, TriangulationConfig(inlier_share=MOST_ERROR)
    )
    most = MOST_ERROR * max(cameras.height, cameras.width)
    first = _errors_px(crossed.points, pixels, cameras, T_camera_world)
    agrees = (first < most) & (weights > 0) & crossed.found
    world = refine_points(crossed.points, pixels, weights * agrees, cameras, T_camera_world)
    errors = _errors_px(world, pixels, cameras, T_camera_world) * agrees
    views = agrees.sum(dim=0)
    local = Rigid.from_matrix(capture.T_camera_world[camera]).apply(world)
    shape = keypoints.points.shape[1:3]
    return ReferencePoints(
        points=torch.where(crossed.found[:, None], local, 0.0).reshape(*shape, 3),
        found=crossed.found.reshape(shape),
        views=views.reshape(shape),
        reprojection_px=(errors.sum(dim=0) / views.clamp_min(1)).reshape(shape),
    )


def refine_points(
    points: Float[Tensor, "points 3"],
    pixels: Float[Tensor, "views points 2"],
    weights: Float[Tensor, "views points"],
    cameras: Camera,
    T_camera_world: Float[Tensor, "views 4 4"],
) -> Float[Tensor, "points 3"]:
    """Move world points to where their weighted squared reprojection error (px²) is least.

    Points without two weighted views stay about where they are.
    """
    pose, camera = Rigid.from_matrix(T_camera_world.double())[:, None], cameras.to(torch.float64)
    place, share = points.double(), weights.double()[..., None, None]
    for _ in range(_REFINEMENTS):
        seen = pose.apply(place)
        offset = (pixels.double() - camera.project(seen))[..., None]
        x, y, z = seen.unbind(dim=-1)
        z = z.clamp_min(1e-3)
        # How (u, v) = (K (x, y, z))[:2] / z change with (x, y, z).
        flat = camera.K[:, None, :2, :2] / z[..., None, None]
        deep = -(flat @ torch.stack([x, y], dim=-1)[..., None]) / z[..., None, None]
        slope = torch.cat([flat, deep], dim=-1) @ pose.rotmat
        normal = (share * slope.mT @ slope).sum(dim=0) + 1e-9 * torch.eye(3, dtype=torch.float64)
        toward = (share * slope.mT @ offset).sum(dim=0)
        place = place + torch.linalg.solve(normal, toward)[..., 0]
    return place.to(points.dtype)


def _errors_px(
    points: Float[Tensor, "points 3"],
    pixels: Float[Tensor, "views points 2"],
    cameras: Camera,
    T_camera_world: Float[Tensor, "views 4 4"],
) -> Float[Tensor, "views points"]:
    seen = Rigid.from_matrix(T_camera_world)[:, None].apply(points)
    return (cameras.project(seen) - pixels).norm(dim=-1)
