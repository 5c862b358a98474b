"""Pictures of a moment as the network is given them: on black, at some size."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.ghnerf.network.views import (
    SourceViews,
    TargetView,
    crop_views,
    shrunk_camera,
    shrunk_image,
    stack_views,
    subject_share,
)
from neuhmr.lab.moments.moments import Moment, on_black
from neuhmr.lab.moments.surface_maps import SurfaceMaps


@dataclass(frozen=True)
class Picture:
    """One picture at the size that it is looked at, on black."""

    layers: Float[Tensor, "4 height width"]
    """Color times mask, and the mask."""
    camera: Camera
    T_camera_world: Float[Tensor, "4 4"]
    keypoints: Float[Tensor, "25 3"]
    surface: SurfaceMaps | None = None
    """What a teacher says of the body's surface, where one was asked."""

    @property
    def mask(self) -> Bool[Tensor, "height width"]:
        """True where the person is."""
        return self.layers[3] > 0.5


def share_for(moment: Moment, view: int, side: float) -> float:
    """Say at which share of its size the subject's larger side is so long in a view; 1 at most.

    Args:
        moment: whose picture.
        view: which.
        side: of the subject's box (px).

    Raises:
        DatasetError: the camera does not see the subject.
    """
    return subject_share(shown_target(moment, view), side, f"view {view}")


def shown(
    moment: Moment, view: int, share: float = 1.0, gain: Float[Tensor, "3"] | None = None
) -> Picture:
    """Read a picture, put it on black, shrink it and scale its colors.

    Args:
        moment: whose picture.
        view: which.
        share: of its size at which it is shown.
        gain: of red, green and blue; None leaves colors as they are.

    Raises:
        DatasetError: the picture cannot be read.
    """
    found = moment.pictures.read(view)
    layers = on_black(found, gain)
    whole = moment.cameras[view]
    camera = shrunk_camera(whole, share)
    scale = torch.tensor([camera.width / whole.width, camera.height / whole.height, 1.0])
    return Picture(
        layers=shrunk_image(layers, camera),
        camera=camera,
        T_camera_world=moment.T_camera_world[view],
        keypoints=found.keypoints * scale,
        surface=found.surface,
    )


def shown_target(moment: Moment, view: int, share: float = 1.0) -> TargetView:
    """Look from where a picture was taken, at the size at which it is shown."""
    camera = shrunk_camera(moment.cameras[view], share)
    return TargetView(camera, moment.T_camera_world[view], moment.box)


def source_views(
    moment: Moment,
    views: Sequence[int],
    share: float = 1.0,
    gain: Float[Tensor, "3"] | None = None,
) -> SourceViews:
    """Read source views, as `shown` shows them, and cut them to the subject's box.

    Raises:
        DatasetError: a picture cannot be read, or a camera does not see the subject.
    """
    pictures = [shown(moment, view, share, gain) for view in views]
    stacked = stack_views(
        [picture.layers[:3] for picture in pictures],
        [picture.camera for picture in pictures],
        torch.stack([picture.T_camera_world for picture in pictures]),
    )
    return crop_views(stacked, moment.box)
