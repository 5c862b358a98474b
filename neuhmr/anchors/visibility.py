"""Which joints the camera can see: a z-buffer test against the rendered depth.

A joint lies under the skin, some 5 to 15 cm behind the surface point in front of it; the tolerance
is larger than that and smaller than what separates a limb from the trunk that hides it.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.anchors.settings import DEPTH_TOLERANCE
from neuhmr.body.smpl_model import PosedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.renderable import Renderable
from neuhmr.tensor_struct import TensorStruct

LEAST_OPACITY = 0.5
"""Below this the ray met no body and its depth means nothing."""


@dataclass(frozen=True)
class JointDepths(TensorStruct):
    """What the avatar shows at the joints' own pixels."""

    pixels: Float[Tensor, "*batch joints 2"]
    """Projected joints (px)."""
    joint_depths: Float[Tensor, "*batch joints"]
    """Camera-space z of the joints themselves (m)."""
    surface_depths: Float[Tensor, "*batch joints"]
    """Rendered depth at the joints' pixels (m)."""
    opacities: Float[Tensor, "*batch joints"]
    """Rendered opacity at the joints' pixels, in [0, 1]."""


def inside_image(
    pixels: Float[Tensor, "*batch points 2"], height: int, width: int
) -> Bool[Tensor, "*batch points"]:
    """Tell which pixel positions lie within the image."""
    u, v = pixels.unbind(dim=-1)
    return (u >= 0.0) & (u <= width) & (v >= 0.0) & (v <= height)


def joint_visibility(
    depths: JointDepths, height: int, width: int, tolerance: float = DEPTH_TOLERANCE
) -> Bool[Tensor, "*batch joints"]:
    """Tell which joints lie nearest to the camera (NeuHMR Eq. 8).

    A joint is visible when it projects into the image, its ray met the body, and the surface there
    is less than `tolerance` (m) from the joint's own depth. Not differentiable.
    """
    in_image = inside_image(depths.pixels, height, width) & (depths.joint_depths > 0.0)
    met_body = depths.opacities > LEAST_OPACITY
    is_nearest = (depths.surface_depths - depths.joint_depths).abs() < tolerance
    return in_image & met_body & is_nearest


@torch.no_grad()
def render_joint_depths(avatar: Renderable, posed: PosedBody, camera: Camera) -> JointDepths:
    """Render only the joints' pixels of one frame: 24 rays instead of the whole image."""
    pixels = camera.project(posed.joints)
    rendering = avatar.render(posed, camera, pixels)
    return JointDepths(pixels, posed.joints[..., 2], rendering.depths, rendering.opacities)
