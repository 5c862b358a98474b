"""What GHNeRF looks at, and where it looks from."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.tensor_struct import TensorStruct

PADDED_TO = 32
"""Images are padded to multiples of this, which every stride of the networks divides."""
NEAREST_DEPTH = 0.1
"""No part of a subject is nearer to a camera than this (m)."""
SMALLEST_IMAGE = 32
"""Images are not shrunk below this (px)."""


@dataclass(frozen=True)
class SourceViews(TensorStruct):
    """Images of one moment that the model is conditioned on; at least one."""

    images: Float[Tensor, "views 3 height width"]
    """In [0, 1], black outside the person."""
    cameras: Camera
    """Batch axis: views."""
    T_camera_world: Float[Tensor, "views 4 4"]


@dataclass(frozen=True)
class TargetView(TensorStruct):
    """A camera to look from and the box that the subject is in; no batch axis."""

    camera: Camera
    T_camera_world: Float[Tensor, "4 4"]
    box: Float[Tensor, "2 3"]
    """Low and high corner of the subject's axis-aligned box (m, world)."""


def box_corners(box: Float[Tensor, "2 3"]) -> Float[Tensor, "8 3"]:
    """List the corners of an axis-aligned box."""
    picks = torch.cartesian_prod(*[torch.arange(2, device=box.device)] * 3)
    return box[picks, torch.arange(3, device=box.device)]


def project_box(
    box: Float[Tensor, "2 3"], camera: Camera, T_camera_world: Float[Tensor, "4 4"], seen_by: str
) -> tuple[tuple[int, int, int, int], tuple[float, float]]:
    """Find the window of a camera's image that holds the subject's box.

    Args:
        box: low and high corner (m, world).
        camera: of one view.
        T_camera_world: of the same view.
        seen_by: what the view is called in an error.

    Returns:
        left, top, right and bottom of the window (px, whole pixels within the image) and the
        depths between which the box lies (m).

    Raises:
        DatasetError: no part of the box is in front of the camera and in its image.
    """
    corners = Rigid.from_matrix(T_camera_world).apply(box_corners(box))
    depths = corners[:, 2]
    near, far = max(float(depths.min()), NEAREST_DEPTH), float(depths.max())
    if far > near:
        if float(depths.min()) < NEAREST_DEPTH:
            # A corner beside or behind the camera has no projection: the box may be anywhere.
            low, high = [0.0, 0.0], [float(camera.width), float(camera.height)]
        else:
            pixels = camera.project(corners)
            low, high = pixels.amin(dim=0).tolist(), pixels.amax(dim=0).tolist()
        left, top = max(int(low[0] // 1), 0), max(int(low[1] // 1), 0)
        right, bottom = (
            min(int(-(-high[0] // 1)), camera.width),
            min(int(-(-high[1] // 1)), camera.height),
        )
        if right > left and bottom > top:
            return (left, top, right, bottom), (near, far)
    raise DatasetError(
        f"{seen_by} does not see the subject, whose box is {box.tolist()} (m, world): expected at "
        "least a part of it in the image; check the calibration and the box, or leave the view out"
    )


def subject_share(whole: TargetView, side: float, seen_by: str) -> float:
    """Say at which share of an image's size the subject's larger side is so long; 1 at most.

    Args:
        whole: view of the image at its full size.
        side: of the part of the subject's box that the image shows (px).
        seen_by: what the view is called in an error.

    Raises:
        DatasetError: no part of the box is in front of the camera and in its image.
    """
    window, _ = project_box(whole.box, whole.camera, whole.T_camera_world, seen_by)
    left, top, right, bottom = window
    return min(1.0, side / max(right - left, bottom - top))


def shrunk_camera(camera: Camera, share: float) -> Camera:
    """See the same at a share of the size."""
    height, width = (
        max(round(share * length), SMALLEST_IMAGE) for length in (camera.height, camera.width)
    )
    return camera.resized(height, width)


def shrunk_image(
    image: Float[Tensor, "channels _height _width"], camera: Camera
) -> Float[Tensor, "channels height width"]:
    """Bring an image to the size of a shrunk camera's; pixels are means of what they cover."""
    size = (camera.height, camera.width)
    if size == tuple(image.shape[1:]):
        return image
    return functional.interpolate(image[None], size, mode="bilinear", antialias=True)[0]


def stack_images(
    images: Sequence[Float[Tensor, "3 _height _width"]],
) -> Float[Tensor, "images 3 height width"]:
    """Stack images of different sizes, black to the right of and below smaller ones."""
    height = max(image.shape[1] for image in images)
    width = max(image.shape[2] for image in images)
    return torch.stack(
        [
            functional.pad(image, (0, width - image.shape[2], 0, height - image.shape[1]))
            for image in images
        ]
    )


def stack_views(
    images: Sequence[Float[Tensor, "3 _height _width"]],
    cameras: Sequence[Camera],
    T_camera_world: Float[Tensor, "views 4 4"],
) -> SourceViews:
    """Put views of different sizes into one struct, black to the right of and below smaller ones.

    Raises:
        ValueError: there are no views, or not as many cameras or transforms as images.
    """
    if not images or not len(images) == len(cameras) == len(T_camera_world):
        raise ValueError(
            f"images, cameras and T_camera_world must be as many and at least one, got "
            f"{len(images)}, {len(cameras)} and {len(T_camera_world)}"
        )
    stacked = stack_images(images)
    K = torch.stack([camera.K for camera in cameras])
    return SourceViews(stacked, Camera(K, stacked.shape[2], stacked.shape[3]), T_camera_world)


def crop_views(sources: SourceViews, box: Float[Tensor, "2 3"], margin: int = 8) -> SourceViews:
    """Cut every view to the subject's box: what lies elsewhere is black and only costs time.

    All views get the size of the largest window; a window that would leave the image is moved.

    Args:
        sources: whole images.
        box: low and high corner of the subject's box (m, world).
        margin: pixels to keep around the projected box.

    Raises:
        DatasetError: a view does not see the box.
    """
    camera = sources.cameras
    windows = [
        project_box(box, camera[view], sources.T_camera_world[view], f"source view {view}")[0]
        for view in range(len(sources.images))
    ]
    width = _padded(max(right - left for left, _, right, _ in windows) + 2 * margin)
    height = _padded(max(bottom - top for _, top, _, bottom in windows) + 2 * margin)
    width, height = min(width, camera.width), min(height, camera.height)
    images, lefts, tops = [], [], []
    for image, (left, top, right, bottom) in zip(sources.images, windows, strict=True):
        left = min(max((left + right - width) // 2, 0), camera.width - width)
        top = min(max((top + bottom - height) // 2, 0), camera.height - height)
        images.append(image[:, top : top + height, left : left + width])
        lefts.append(float(left))
        tops.append(float(top))
    cropped = camera.cropped(camera.K.new_tensor(lefts), camera.K.new_tensor(tops), height, width)
    return SourceViews(torch.stack(images), cropped, sources.T_camera_world)


def pad_views(sources: SourceViews) -> SourceViews:
    """Pad images to sizes that every stride divides; pixel coordinates stay."""
    height, width = sources.images.shape[-2:]
    images = functional.pad(
        sources.images, (0, _padded(width) - width, 0, _padded(height) - height)
    )
    camera = Camera(sources.cameras.K, images.shape[2], images.shape[3])
    return SourceViews(images, camera, sources.T_camera_world)


def _padded(length: int) -> int:
    return -(-length // PADDED_TO) * PADDED_TO
