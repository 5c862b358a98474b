"""A capture: one person filmed by several calibrated, synchronous cameras."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from neuhmr.datasets.undistortion import Distortion, undistort_image, undistort_points
from neuhmr.datasets.visual_hull import hull_box
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera

VERTEX_MARGIN = 0.1
"""Room around the naked body (m) for clothes, as ENeRF leaves it: figures over a box depend on how
much black is in it."""
KEYPOINT_MARGIN = 0.15
"""Room around 3D keypoints (m): the skull, the fingers and clothes reach beyond them."""


@dataclass(frozen=True)
class CaptureView:
    """What one camera shows at one moment, without lens distortion."""

    image: UInt8[Tensor, "height width 3"]
    """sRGB, background included."""
    mask: Bool[Tensor, "height width"] | None
    """True on the person; None where the capture has none."""
    camera: Camera
    T_camera_world: Float[Tensor, "4 4"]
    keypoints2d: Float[Tensor, "25 3"] | None
    """BODY_25: x, y (px) and confidence, 0 where a keypoint is missing; None without annotation."""


@dataclass(frozen=True)
class RawView:
    """A view as a capture's files hold it, with the lens' distortion."""

    image: UInt8[Tensor, "height width 3"]
    mask: Bool[Tensor, "mask_height mask_width"] | None
    keypoints2d: Float[Tensor, "25 3"] | None


@runtime_checkable
class CaptureFiles(Protocol):
    """How a layout's files are read, frame by frame."""

    def raw_view(self, frame: int, camera: int) -> RawView:
        """Read a view; `frame` is one of the capture's frames, `camera` counts the cameras."""
        ...

    def keypoints3d(self, frame: int) -> Float[Tensor, "25 4"] | None:
        """Read BODY_25 in 3D (m, world) with confidence, where the files tell."""
        ...

    def box(self, frame: int) -> Float[Tensor, "2 3"] | None:
        """Read the subject's box (m, world), where the files tell."""
        ...


@dataclass(frozen=True)
class Capture:
    """One calibrated multi-view recording."""

    name: str
    camera_names: tuple[str, ...]
    cameras: tuple[Camera, ...]
    """One K each, of the images' sizes."""
    distortions: tuple[Distortion | None, ...]
    """What `view` takes out of each camera's images."""
    T_camera_world: Float[Tensor, "cameras 4 4"]
    frames: tuple[int, ...]
    """Numbers of the frames that every camera has."""
    files: CaptureFiles

    def view(self, frame: int, camera: int) -> CaptureView:
        """Read what a camera shows, and take the lens' distortion out.

        Raises:
            DatasetError: there is no such frame or camera, or its files are missing or of another
                size than the calibration.
        """
        self._require(frame)
        if not 0 <= camera < len(self.cameras):
            raise DatasetError(
                f"{self.name} has no camera number {camera}; it has {len(self.cameras)}, from 0 "
                f"({', '.join(self.camera_names)})."
            )
        raw, pinhole = self.files.raw_view(frame, camera), self.cameras[camera]
        size = (raw.image.shape[0], raw.image.shape[1])
        if size != (pinhole.height, pinhole.width):
            raise DatasetError(
                f"Frame {frame} of camera {self.camera_names[camera]} in {self.name} is "
                f"{size[0]} x {size[1]} pixels high and wide, but its calibration is for "
                f"{pinhole.height} x {pinhole.width}; resize the images or scale K with them."
            )
        distortion = self.distortions[camera]
        image, mask, keypoints = raw.image, raw.mask, raw.keypoints2d
        if distortion is not None:
            image = undistort_image(image, pinhole.K, distortion)
            if mask is not None:
                shares = undistort_image(mask[..., None].byte() * 255, pinhole.K, distortion)
                mask = shares[..., 0] > 127
            if keypoints is not None:
                points = undistort_points(keypoints[:, :2], pinhole.K, distortion)
                keypoints = torch.cat([points, keypoints[:, 2:]], dim=-1)
        return CaptureView(image, mask, pinhole, self.T_camera_world[camera], keypoints)

    def keypoints3d(self, frame: int) -> Float[Tensor, "25 4"] | None:
        """Look BODY_25 up in 3D (m, world) with confidence; None where nothing tells.

        Raises:
            DatasetError: there is no such frame.
        """
        self._require(frame)
        return self.files.keypoints3d(frame)

    def box(self, frame: int) -> Float[Tensor, "2 3"]:
        """Find the subject's axis-aligned box (m, world): from files, 3D keypoints or masks.

        Raises:
            DatasetError: there is no such frame, or nothing says where the subject is.
        """
        self._require(frame)
        box = self.files.box(frame)
        if box is not None:
            return box
        keypoints = self.files.keypoints3d(frame)
        if keypoints is not None and bool((keypoints[:, 3] > 0).any()):
            points = keypoints[keypoints[:, 3] > 0, :3]
            low, high = points.amin(dim=0), points.amax(dim=0)
            return torch.stack([low - KEYPOINT_MARGIN, high + KEYPOINT_MARGIN])
        views = [self.view(frame, camera) for camera in range(len(self.cameras))]
        masks = [view.mask for view in views]
        if any(mask is None for mask in masks):
            raise DatasetError(
                f"Frame {frame} of {self.name} has neither a body, 3D keypoints nor masks in every "
                "view, so nothing says where the person is; add masks."
            )
        found = hull_box([mask for mask in masks if mask is not None], self.cameras,
                         self.T_camera_world)  # fmt: skip
        if found is None:
            raise DatasetError(
                f"The masks of frame {frame} of {self.name} have no point in common; expected "
                "masks of one person and a calibration that fits the images, check both."
            )
        return found

    def _require(self, frame: int) -> None:
        if frame not in self.frames:
            raise DatasetError(
                f"{self.name} has no frame {frame}; every camera has frames {self.frames[0]} to "
                f"{self.frames[-1]} ({len(self.frames)} of them)."
            )
