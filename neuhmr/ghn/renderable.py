"""What anchors and refinement ask of an avatar and of the network that makes it.

`neuhmr.ghn.avatar.Avatar` and `neuhmr.ghn.model.Ghn` fulfil these protocols; so does the soft splat
body of the tests. Nothing above this line knows how an avatar draws.
"""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.cloth_reach import ClothReach
from neuhmr.ghn.views import ReferenceViews
from neuhmr.rendering.volume_rendering import Rendering


@runtime_checkable
class Renderable(Protocol):
    """A person that can be drawn in any pose from any camera."""

    @property
    def body(self) -> ShapedBody:
        """The person's body in the rest pose."""
        ...

    def render(
        self, posed: PosedBody, camera: Camera, pixels: Float[Tensor, "rays 2"] | None
    ) -> Rendering:
        """Draw one frame at `pixels` (px), or at all pixels of the camera.

        Differentiable with respect to `posed.vertices` and `posed.bones`.
        """
        ...


@runtime_checkable
class HumanNetwork(Protocol):
    """A generalizable human NeRF: an image encoder, and avatars conditioned on a few views."""

    def image_features(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> Float[Tensor, "frames channels feature_height feature_width"]:
        """Encode masked images in [0, 1] at a quarter of their resolution."""
        ...

    def joint_prototypes(self) -> Float[Tensor, "joints channels"] | None:
        """What each joint's feature is like in anybody; zero rows where it is not known."""
        ...

    def condition(
        self, views: ReferenceViews, body: ShapedBody, *, cloth: ClothReach | None = None
    ) -> Renderable:
        """Make the avatar of the person seen in `views`, dressed within `cloth`."""
        ...
