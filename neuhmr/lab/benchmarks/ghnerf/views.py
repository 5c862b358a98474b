"""From where GHNeRF looks when it is measured, and what it should see.

Half of a moment's cameras are sources, the other half are targets that no source coincides with, as
in GHNeRF's supplement, section 1.3.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.body25 import body25_points
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.keypoints.triangulation import triangulate
from neuhmr.ghnerf.network.views import TargetView
from neuhmr.lab.moments.moment_pictures import share_for, shown, shown_target
from neuhmr.lab.moments.moments import Moment


@dataclass(frozen=True)
class TrueView:
    """A target and what it should look like."""

    target: TargetView
    image: Float[Tensor, "3 height width"]
    """On black, in [0, 1]."""
    keypoints: Float[Tensor, "25 2"]
    """(px)."""
    valid: Bool[Tensor, "25"]
    """Keypoints that have a truth."""


def split_views(views: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide cameras into sources and targets, every other one each."""
    return tuple(range(0, views, 2)), tuple(range(1, views, 2))


def nearest_sources(moment: Moment, target: int, count: int) -> tuple[int, ...]:
    """Choose the source cameras whose centers are nearest to a target's."""
    centers = Rigid.from_matrix(moment.T_camera_world).inverse().transl
    candidates, _ = split_views(len(moment))
    distances = (centers - centers[target]).norm(dim=-1)
    return tuple(sorted(candidates, key=lambda view: float(distances[view]))[:count])


def true_view(moment: Moment, view: int, size: int) -> TrueView:
    """Read what a target should look like.

    Args:
        moment: whose picture.
        view: which.
        size: length to which the subject's larger side is shrunk (px); shorter ones stay.

    Raises:
        DatasetError: the picture cannot be read, or the camera does not see the subject.
    """
    share = share_for(moment, view, float(size))
    picture = shown(moment, view, share)
    return TrueView(
        target=shown_target(moment, view, share),
        image=picture.layers[:3],
        keypoints=picture.keypoints[:, :2],
        valid=picture.keypoints[:, 2] > 0,
    )


def true_points(moment: Moment) -> tuple[Float[Tensor, "25 3"], Bool[Tensor, "25"]]:
    """Find a moment's keypoints in space (m, world), and which of them are known.

    They come from the body; without one, from the annotated keypoints of all views.
    """
    if moment.body is not None:
        return body25_points(moment.body), torch.ones(25, dtype=torch.bool)
    views = range(len(moment))
    keypoints = torch.stack([moment.pictures.read(view).keypoints for view in views])
    camera = moment.cameras[0]
    cameras = Camera(torch.stack([each.K for each in moment.cameras]), camera.height, camera.width)
    found = triangulate(keypoints[..., :2], keypoints[..., 2], cameras, moment.T_camera_world)
    return found.points, found.found
