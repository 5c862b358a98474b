"""Terms on rendered pixels and their exact gradient on the posed body, in bounded memory.

A silhouette's intersection over union couples all pixels, so a large image cannot simply be split
into independent losses. Instead it is rendered once without a graph, the loss is differentiated
with respect to the *pixels*, and each chunk is rendered again and handed its pixels' gradient.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.renderable import Renderable
from neuhmr.rendering.volume_rendering import Rendering
from neuhmr.tensor_struct import TensorStruct

PixelLoss = Callable[[Rendering], dict[str, Tensor]]
"""From a rendering to named scalar terms."""


@dataclass(frozen=True)
class PosedGradient(TensorStruct):
    """Gradient of something on a posed body."""

    vertices: Float[Tensor, "vertices 3"]
    rotmat: Float[Tensor, "joints 3 3"]
    """On the bones' rotations."""
    transl: Float[Tensor, "joints 3"]
    """On the bones' translations."""

    @staticmethod
    def zero(posed: PosedBody) -> "PosedGradient":
        """Make the gradient of a constant."""
        return PosedGradient(
            torch.zeros_like(posed.vertices),
            torch.zeros_like(posed.bones.rotmat),
            torch.zeros_like(posed.bones.transl),
        )

    def plus(self, other: Sequence[Tensor | None]) -> "PosedGradient":
        """Add what `torch.autograd.grad` returned; None stands for zero."""
        mine = (self.vertices, self.rotmat, self.transl)
        return PosedGradient(*(a if b is None else a + b for a, b in zip(mine, other, strict=True)))


@dataclass(frozen=True)
class RenderedTerms:
    """Terms of one frame, and their gradient for every weighting that was asked for."""

    values: dict[str, float]
    gradients: tuple[PosedGradient, ...]
    rendering: Rendering
    """All rays, detached."""


def render_terms(
    avatar: Renderable,
    posed: PosedBody,
    camera: Camera,
    pixels: Float[Tensor, "rays 2"],
    pixel_loss: PixelLoss,
    weightings: Sequence[Mapping[str, float]],
    chunk_rays: int,
) -> RenderedTerms:
    """Render one frame and differentiate weighted sums of its terms.

    Args:
        avatar: the person.
        posed: the body in this frame; its own graph is left alone.
        camera: of this frame.
        pixels: rays to cast (px).
        pixel_loss: terms of the rendering of all `pixels`.
        weightings: weight of each term, one gradient for each weighting.
        chunk_rays: render at most so many rays with a graph at once.
    """
    leaf = _as_leaf(posed)
    if len(pixels) <= chunk_rays:
        return _differentiate_at_once(avatar, leaf, camera, pixels, pixel_loss, weightings)
    chunks = pixels.split(chunk_rays)
    with torch.no_grad():
        parts = [avatar.render(leaf, camera, chunk) for chunk in chunks]
    whole = Rendering(
        torch.cat([part.colors for part in parts]),
        torch.cat([part.opacities for part in parts]),
        torch.cat([part.depths for part in parts]),
    )
    outputs = _Outputs(whole.colors.requires_grad_(), whole.opacities.requires_grad_())
    terms = pixel_loss(Rendering(outputs.colors, outputs.opacities, whole.depths))
    upstream = [_gradients(_weigh(terms, w), outputs.tensors) for w in weightings]
    gradients = [PosedGradient.zero(leaf) for _ in weightings]
    for index, chunk in enumerate(chunks):
        rendered = avatar.render(leaf, camera, chunk)
        start = index * chunk_rays
        for number, pixel_gradients in enumerate(upstream):
            part = [g[start : start + len(chunk)] for g in pixel_gradients]
            found = _vector_jacobian((rendered.colors, rendered.opacities), leaf, part)
            gradients[number] = gradients[number].plus(found)
    return RenderedTerms(_values(terms), tuple(gradients), whole.detach())


@dataclass(frozen=True)
class _Outputs:
    colors: Tensor
    opacities: Tensor

    @property
    def tensors(self) -> list[Tensor]:
        return [self.colors, self.opacities]


def _differentiate_at_once(
    avatar: Renderable,
    leaf: PosedBody,
    camera: Camera,
    pixels: Float[Tensor, "rays 2"],
    pixel_loss: PixelLoss,
    weightings: Sequence[Mapping[str, float]],
) -> RenderedTerms:
    rendering = avatar.render(leaf, camera, pixels)
    terms = pixel_loss(rendering)
    gradients = []
    for weighting in weightings:
        total = _weigh(terms, weighting)
        found = _vector_jacobian((total,), leaf, [torch.ones_like(total)])
        gradients.append(PosedGradient.zero(leaf).plus(found))
    return RenderedTerms(_values(terms), tuple(gradients), rendering.detach())


def _as_leaf(posed: PosedBody) -> PosedBody:
    detached = posed.detach()
    bones = replace(
        detached.bones,
        rotmat=detached.bones.rotmat.requires_grad_(),
        transl=detached.bones.transl.requires_grad_(),
    )
    return replace(detached, vertices=detached.vertices.requires_grad_(), bones=bones)


def _vector_jacobian(
    outputs: Sequence[Tensor], leaf: PosedBody, upstream: Sequence[Tensor]
) -> Sequence[Tensor | None]:
    """Pull gradients on `outputs` back to the body; None for what they do not depend on.

    An image in which no ray meets the body has no graph at all.
    """
    pairs = [(o, u) for o, u in zip(outputs, upstream, strict=True) if o.requires_grad]
    if not pairs:
        return [None, None, None]
    return torch.autograd.grad(
        [output for output, _ in pairs],
        [leaf.vertices, leaf.bones.rotmat, leaf.bones.transl],
        [gradient for _, gradient in pairs],
        retain_graph=True,
        allow_unused=True,
    )


def _gradients(total: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    found = torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)
    ]


def _weigh(terms: Mapping[str, Tensor], weighting: Mapping[str, float]) -> Tensor:
    return torch.stack([terms[name] * weight for name, weight in weighting.items()]).sum()


def _values(terms: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in terms.items()}
