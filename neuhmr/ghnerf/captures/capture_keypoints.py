"""2D and 3D keypoints of the person in a capture, frame by frame."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.datasets.capture import Capture, CaptureView
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.keypoints.keypoints2d import (
    Keypoints2d,
    keypoints_from_heatmaps,
    peak_config_for,
)
from neuhmr.ghnerf.keypoints.keypoints3d import Keypoints3d
from neuhmr.ghnerf.keypoints.triangulation import triangulate
from neuhmr.ghnerf.network.evidence import EncodedViews
from neuhmr.ghnerf.network.extraction import SpaceConfig, heatmaps_of, keypoints_from_field
from neuhmr.ghnerf.network.image_rendering import GhnerfImage, render_target
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import (
    TargetView,
    crop_views,
    shrunk_camera,
    shrunk_image,
    stack_views,
    subject_share,
)

logger = logging.getLogger(__name__)

REFERENCES = 3
"""Cameras through which the field is asked for keypoints."""


@dataclass(frozen=True, kw_only=True)
class CaptureKeypointsConfig:
    """How a capture is looked at."""

    sources: int = 3
    """Source views of each rendered view: the nearest cameras, its own included."""
    size: int = 256
    """Pixels along the larger side of the subject; larger pictures are made smaller."""
    cameras: tuple[int, ...] = ()
    """Which cameras to use; none means all that see the subject."""
    space: SpaceConfig = field(default_factory=SpaceConfig)
    """How keypoints are found in the field."""


@dataclass(frozen=True)
class PreparedFrame:
    """A frame's views at the size they are looked at, and their features."""

    frame: int
    cameras: tuple[int, ...]
    """Numbers of the cameras that see the subject; the views below are theirs."""
    pictures: tuple[Float[Tensor, "3 _height _width"], ...]
    """In [0, 1], black outside the person."""
    targets: tuple[TargetView, ...]
    encoded: EncodedViews

    def nearest(self, target: TargetView, count: int) -> EncodedViews:
        """Choose the source views whose cameras are nearest to a target's, the first of equals."""
        centers = Rigid.from_matrix(self.encoded.T_camera_world).inverse().transl
        center = Rigid.from_matrix(target.T_camera_world).inverse().transl
        return self.encoded[(centers - center).norm(dim=-1).argsort(stable=True)[:count]]


@dataclass(frozen=True)
class FrameRenderings:
    """What the network makes of a frame's views; large, so look at it and let it go."""

    prepared: PreparedFrame
    images: tuple[GhnerfImage, ...]
    """One per camera that sees the subject."""
    keypoints: tuple[Keypoints2d, ...]
    """In the pixels of those images."""


@dataclass(frozen=True)
class CaptureKeypoints:
    """What was found in one frame."""

    frame: int
    in_cameras: Keypoints2d
    """One row per camera of the capture, in its own pixels; not found in cameras left out."""
    in_field: Keypoints3d
    """Where the field itself scores highest (GHNeRF, section 3.4)."""
    triangulated: Keypoints3d
    """From the renderings of all cameras."""


@torch.no_grad()
def prepare_frame(
    capture: Capture, frame: int, model: Ghnerf, config: CaptureKeypointsConfig
) -> PreparedFrame:
    """Read a frame's views, bring them to size and compute their features.

    Raises:
        DatasetError: a frame, camera or file is missing, nothing says where the subject is, no
            camera sees it, or one that was asked for does not.
    """
    device = next(model.parameters()).device
    box = capture.box(frame)
    used, pictures, targets = [], [], []
    for number in config.cameras or range(len(capture.cameras)):
        view = capture.view(frame, number)
        name = f"camera {capture.camera_names[number]} of {capture.name} at frame {frame}"
        try:
            whole = TargetView(view.camera, view.T_camera_world, box)
            share = subject_share(whole, float(config.size), name)
        except DatasetError:
            if config.cameras:
                raise
            logger.info("%s does not see the subject and is left out.", name.capitalize())
            continue
        camera = shrunk_camera(view.camera, share)
        used.append(number)
        pictures.append(shrunk_image(_on_black(view), camera).to(device))
        targets.append(TargetView(camera, view.T_camera_world, box).to(device))
    if not used:
        raise DatasetError(
            f"No camera of {capture.name} sees the subject at frame {frame}, whose box is "
            f"{[[round(edge, 2) for edge in corner] for corner in box.tolist()]} (m, world); check "
            "the calibration's units and the direction of its transforms."
        )
    poses = torch.stack([target.T_camera_world for target in targets])
    stacked = stack_views(pictures, [target.camera for target in targets], poses)
    encoded = model.encode(crop_views(stacked, targets[0].box))
    return PreparedFrame(frame, tuple(used), tuple(pictures), tuple(targets), encoded)


@torch.no_grad()
def find_capture_keypoints(
    capture: Capture, frame: int, model: Ghnerf, config: CaptureKeypointsConfig
) -> tuple[CaptureKeypoints, FrameRenderings]:
    """Find the keypoints of one frame in every camera and in space.

    Raises:
        CheckpointError: the network renders no heatmaps.
        DatasetError: see `prepare_frame`.
    """
    prepared = prepare_frame(capture, frame, model, config)
    peaks = peak_config_for(config.size)
    images, seen = [], []
    for target in prepared.targets:
        near = prepared.nearest(target, config.sources)
        image = render_target(model, near, target).to("cpu")
        images.append(image)
        seen.append(keypoints_from_heatmaps(heatmaps_of(model, image), peaks))
    in_cameras = _in_capture_pixels(capture, prepared, seen)
    cameras = list(prepared.cameras)
    crossed = triangulate(
        in_cameras.points[cameras],
        in_cameras.confidence[cameras],
        _stacked([capture.cameras[number] for number in cameras]),
        capture.T_camera_world[cameras],
    )
    views = len(prepared.targets)
    count = min(REFERENCES, views)
    references = [prepared.targets[i * views // count] for i in range(count)]
    looks = [(prepared.nearest(each, config.sources), each) for each in references]
    in_field = keypoints_from_field(model, looks, config.space).to("cpu")
    return (
        CaptureKeypoints(frame, in_cameras, in_field, crossed),
        FrameRenderings(prepared, tuple(images), tuple(seen)),
    )


def _on_black(view: CaptureView) -> Float[Tensor, "3 height width"]:
    """Scale colors to [0, 1] and blacken what is not the person, where that is known."""
    picture = view.image.permute(2, 0, 1).float() / 255.0
    return picture if view.mask is None else picture * view.mask


def _in_capture_pixels(
    capture: Capture, prepared: PreparedFrame, seen: Sequence[Keypoints2d]
) -> Keypoints2d:
    cameras = len(capture.cameras)
    points, confidence = torch.zeros(cameras, 25, 2), torch.zeros(cameras, 25)
    found = torch.zeros(cameras, 25, dtype=torch.bool)
    for number, target, keypoints in zip(prepared.cameras, prepared.targets, seen, strict=True):
        whole = capture.cameras[number]
        ratio = torch.tensor(
            [whole.width / target.camera.width, whole.height / target.camera.height]
        )
        points[number] = keypoints.points * ratio
        confidence[number], found[number] = keypoints.confidence, keypoints.found
    return Keypoints2d(points, confidence, found)


def _stacked(cameras: Sequence[Camera]) -> Camera:
    """Put cameras into one struct; of differing sizes the largest is kept."""
    return Camera(
        torch.stack([camera.K for camera in cameras]),
        max(camera.height for camera in cameras),
        max(camera.width for camera in cameras),
    )
