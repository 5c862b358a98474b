"""A capture seen by a camera that goes around the subject, keypoints over it."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import UInt8

from neuhmr.datasets.capture import Capture
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.captures.capture_keypoints import (
    CaptureKeypoints,
    CaptureKeypointsConfig,
    PreparedFrame,
    prepare_frame,
)
from neuhmr.ghnerf.captures.keypoint_drawing import as_picture, draw_keypoints
from neuhmr.ghnerf.captures.orbit import orbit_views
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d
from neuhmr.ghnerf.keypoints.keypoints3d import Keypoints3d
from neuhmr.ghnerf.network.image_rendering import render_target
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import TargetView

STILL_VIEWS = 48
"""Views around a single frame."""


def novel_views(
    capture: Capture,
    found: Sequence[CaptureKeypoints],
    model: Ghnerf,
    config: CaptureKeypointsConfig,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Render the frames one after another while the camera goes around once.

    A single frame is seen from `STILL_VIEWS` sides.

    Args:
        capture: where the frames are from.
        found: what was found in them, drawn where it is in space.
        model: the network.
        config: as for the keypoints.

    Raises:
        DatasetError: a source camera does not see the subject.
    """
    still = len(found) == 1
    count = STILL_VIEWS if still else len(found)
    prepared = None
    for index in range(count):
        keypoints = found[0] if still else found[index]
        if prepared is None or not still:
            prepared = prepare_frame(capture, keypoints.frame, model, config)
        yield _draw_view(prepared, keypoints, model, config, index, count)


def reproject(keypoints: Keypoints3d, target: TargetView) -> Keypoints2d:
    """See keypoints in space through a camera; those behind it are not found."""
    seen = Rigid.from_matrix(target.T_camera_world).apply(keypoints.points)
    found = keypoints.found & (seen[:, 2] > 0)
    return Keypoints2d(target.camera.project(seen), keypoints.confidence * found, found)


def _draw_view(
    prepared: PreparedFrame,
    keypoints: CaptureKeypoints,
    model: Ghnerf,
    config: CaptureKeypointsConfig,
    index: int,
    count: int,
) -> UInt8[np.ndarray, "height width 3"]:
    target = orbit_views(
        prepared.encoded.T_camera_world, prepared.targets[0].box, count, config.size, config.size
    )[index]
    image = render_target(model, prepared.nearest(target, config.sources), target)
    triangulated = keypoints.triangulated
    in_space = triangulated if triangulated.found.any() else keypoints.in_field
    return draw_keypoints(as_picture(image.color), reproject(in_space, target.to("cpu")))
