"""What GHNeRF is measured on: moments that several calibrated cameras saw.

Half of a moment's cameras are sources, the other half are targets that no source coincides with, as
in GHNeRF's supplement, section 1.3.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody
from neuhmr.datasets.body25 import body25_points
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.triangulation import triangulate
from neuhmr.ghnerf.views import SourceViews, TargetView, crop_views, stack_views


@runtime_checkable
class SeenPicture(Protocol):
    """One camera's picture of a moment."""

    @property
    def image(self) -> UInt8[Tensor, "3 height width"]:
        """Background included."""
        ...

    @property
    def mask(self) -> Bool[Tensor, "height width"]:
        """True on the person."""
        ...

    @property
    def keypoints(self) -> Float[Tensor, "25 3"]:
        """BODY_25: x, y (px) and confidence; 0 where a keypoint is missing."""
        ...


@runtime_checkable
class SeenPictures(Protocol):
    """All pictures of a moment, read when they are asked for."""

    def read(self, view: int) -> SeenPicture:
        """Read one of them."""
        ...


@runtime_checkable
class SeenMoment(Protocol):
    """One person at one moment, seen by several cameras."""

    @property
    def name(self) -> str:
        """Unique among the moments."""
        ...

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """One per view."""
        ...

    @property
    def T_camera_world(self) -> Float[Tensor, "views 4 4"]:
        """One per view."""
        ...

    @property
    def box(self) -> Float[Tensor, "2 3"]:
        """The subject's (m, world)."""
        ...

    @property
    def body(self) -> PosedBody | None:
        """The true body (m, world), where it is known."""
        ...

    @property
    def pictures(self) -> SeenPictures:
        """The pictures."""
        ...


@dataclass(frozen=True)
class TrueView:
    """A target and what it should look like."""

    target: TargetView
    image: Float[Tensor, "3 height width"]
    """On black, in [0, 1]."""
    picture: UInt8[Tensor, "3 height width"]
    """As filmed."""
    keypoints: Float[Tensor, "25 2"]
    """(px)."""
    valid: Bool[Tensor, "25"]
    """Keypoints that have a truth."""


def split_views(views: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide cameras into sources and targets, every other one each."""
    return tuple(range(0, views, 2)), tuple(range(1, views, 2))


def nearest_sources(moment: SeenMoment, target: int, count: int) -> tuple[int, ...]:
    """Choose the source cameras whose centers are nearest to a target's."""
    centers = Rigid.from_matrix(moment.T_camera_world).inverse().transl
    candidates, _ = split_views(len(moment.cameras))
    distances = (centers - centers[target]).norm(dim=-1)
    return tuple(sorted(candidates, key=lambda view: float(distances[view]))[:count])


def source_views(moment: SeenMoment, views: tuple[int, ...]) -> SourceViews:
    """Read source views, cut to the subject's box, black outside the person.

    Raises:
        DatasetError: a picture cannot be read, or a camera does not see the subject.
    """
    images = [_on_black(moment.pictures.read(view)) for view in views]
    cameras = [moment.cameras[view] for view in views]
    stacked = stack_views(images, cameras, moment.T_camera_world[list(views)])
    return crop_views(stacked, moment.box)


def target_view(moment: SeenMoment, view: int) -> TargetView:
    """Look from one of a moment's cameras."""
    return TargetView(moment.cameras[view], moment.T_camera_world[view], moment.box)


def true_view(moment: SeenMoment, view: int) -> TrueView:
    """Read what a target should look like.

    Raises:
        DatasetError: the picture cannot be read.
    """
    picture = moment.pictures.read(view)
    return TrueView(
        target=target_view(moment, view),
        image=_on_black(picture),
        picture=picture.image,
        keypoints=picture.keypoints[:, :2],
        valid=picture.keypoints[:, 2] > 0,
    )


def true_points(moment: SeenMoment) -> tuple[Float[Tensor, "25 3"], Bool[Tensor, "25"]]:
    """Find a moment's keypoints in space (m, world), and which of them are known.

    They come from the body; without one, from the annotated keypoints of all views.
    """
    if moment.body is not None:
        return body25_points(moment.body), torch.ones(25, dtype=torch.bool)
    views = range(len(moment.cameras))
    keypoints = torch.stack([moment.pictures.read(view).keypoints for view in views])
    camera = moment.cameras[0]
    cameras = Camera(torch.stack([each.K for each in moment.cameras]), camera.height, camera.width)
    found = triangulate(keypoints[..., :2], keypoints[..., 2], cameras, moment.T_camera_world)
    return found.points, found.found


def _on_black(picture: SeenPicture) -> Float[Tensor, "3 height width"]:
    return picture.image.float() / 255.0 * picture.mask
