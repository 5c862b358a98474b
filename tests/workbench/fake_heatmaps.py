"""Toy heatmaps: a blob at each true keypoint, whatever the pose says."""

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.geometry.cameras import Camera
from tests.workbench.synthetic_figure import figure_joints, figure_vertices, true_motion
from workbench.engine.free_view import Viewpoint, camera_around
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, ViewHeatmaps

BOX = (216.0, 24.0, 243.0, 324.0)
"""left, top, width, height of the crops in all frames (px of the video)."""
NOT_FOUND = 17
"""The right ear is on no picture."""
SIGMA_PX = 5.0
_VIEW_SIZE = (200, 150)
# What stands in for BODY_25's keypoints: SMPL joints, in BODY_25's order.
_NEAREST_JOINTS = (
    15, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, 15, 15, 15, 15, 10, 10, 7, 11, 11, 8,
)  # fmt: skip


def toy_keypoints(motion: Motion, frame: int) -> torch.Tensor:
    """Place the body's keypoints (m, camera frame)."""
    joints = torch.from_numpy(figure_joints(motion)[frame])
    spread = torch.linspace(-0.05, 0.05, len(_NEAREST_JOINTS))[:, None]
    return joints[list(_NEAREST_JOINTS)] + spread


def report_keypoints(
    motion: Motion, frame: int, source: KeypointSource, camera: Camera, size: tuple[int, int]
) -> KeypointReport:
    """Find the true keypoints; the body's own are where the motion has them."""
    found = camera.project(toy_keypoints(true_motion(), frame)).numpy()
    found[NOT_FOUND] = np.nan
    left, top, width, height = BOX
    in_box = (found - [left, top]) / [width / size[1], height / size[0]]
    maps = blobs(in_box, size)
    return KeypointReport(
        frame=frame,
        source=source,
        heatmaps=maps,
        box=BOX,
        found=found,
        confidence=maps.max(axis=(1, 2)),
        projected=camera.project(toy_keypoints(motion, frame)).numpy(),
    )


def blobs(centers: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Draw one blob a map; none where a center is not a number."""
    v, u = np.mgrid[: size[0], : size[1]] + 0.5
    squares = (u - centers[:, 0, None, None]) ** 2 + (v - centers[:, 1, None, None]) ** 2
    return np.nan_to_num(0.9 * np.exp(-squares / (2.0 * SIGMA_PX**2))).astype(np.float32)


def view_person(
    motion: Motion, frame: int, viewpoint: Viewpoint, size: tuple[int, int] = _VIEW_SIZE
) -> ViewHeatmaps:
    """Draw the person from a free view."""
    T_view_camera = viewpoint.T_view_camera().to(torch.float32)
    vertices = T_view_camera.apply(torch.from_numpy(figure_vertices(motion, frame)[0]))
    camera = camera_around(vertices, *size)
    centers = camera.project(T_view_camera.apply(toy_keypoints(motion, frame))).numpy()
    image = paint_person(vertices.numpy(), camera, (190, 130, 100))
    return ViewHeatmaps(image=image, heatmaps=blobs(centers, size))


def paint_person(vertices: np.ndarray, camera: Camera, color: tuple[int, int, int]) -> np.ndarray:
    """Put a small square on every vertex, on black; farther ones are darker."""
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    pixels = camera.project(torch.from_numpy(vertices)).numpy().astype(int)
    shades = np.interp(-vertices[:, 2], [-vertices[:, 2].max(), -vertices[:, 2].min()], [0.5, 1.0])
    for index in np.argsort(-vertices[:, 2]):
        u, v = pixels[index]
        image[max(v - 1, 0) : v + 2, max(u - 1, 0) : u + 2] = shades[index] * np.array(color)
    return image
