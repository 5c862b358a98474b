"""Terms of one frame's pixels, and where its joints are found, from one rendering."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_target import FrameTarget, frame_target
from neuhmr.anchors.visibility import JointDepths
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.smpl_model import PosedBody
from neuhmr.losses.finite_checks import (
    require_finite_features,
    require_finite_gradient,
    require_finite_terms,
)
from neuhmr.losses.image import photometric_loss, silhouette_loss
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.terms.matching import JointMatches, match_joints
from neuhmr.refine.terms.rendered_terms import PosedGradient, RenderedTerms, render_terms
from neuhmr.rendering.volume_rendering import Rendering

PIXEL_TERMS = ("rgb", "geo")


@dataclass(frozen=True)
class FrameTerms:
    """What one frame says about its pose."""

    values: dict[str, float]
    """Terms on pixels."""
    gradients: dict[str, LocalPose]
    """Of each weighting, on the frame's pose (one frame long)."""
    matches: JointMatches


def frame_terms(
    problem: RefineProblem,
    config: RefineConfig,
    weightings: Mapping[str, Mapping[str, float]],
    row: int,
    pose: LocalPose,
    stride: int,
    generator: torch.Generator,
) -> FrameTerms:
    """Render a frame, compare its pixels, and match its joints.

    The joints' own pixels are rendered along with the others, so that the occlusion test of the
    matches costs 24 rays and not an image.

    Args:
        problem: the clip and its person.
        config: robustness, matching and chunk size are used.
        weightings: name of each weighted sum of pixel terms to differentiate; if empty, only the
            joints' pixels are rendered.
        row: which frame.
        pose: its pose (one frame long).
        stride: pixels between rays.
        generator: draws ray offsets and match candidates.

    Raises:
        NonFiniteError: features, a term or a gradient are not finite.
    """
    number = int(problem.crops.frame_index[row])
    require_finite_features(problem.features[row], number)
    rotmat = pose.rotmat[0].detach().requires_grad_()
    transl = pose.transl[0].detach().requires_grad_()
    posed = problem.body.with_pose(rotmat[1:], rotmat[0], transl)
    camera = problem.crops.cameras[row]
    joint_pixels = camera.project(posed.joints.detach())
    target = frame_target(problem.crops, row, stride, generator) if weightings else None
    rendered = _compare_pixels(problem, config, weightings, row, posed, target, joint_pixels)
    require_finite_terms(rendered.values, [number])
    gradients = {}
    for name, gradient in zip(weightings, rendered.gradients, strict=True):
        found = _on_pose(gradient, posed, rotmat, transl)
        require_finite_gradient(found, name, [number])
        gradients[name] = LocalPose(found[0][None], found[1][None])
    depths = JointDepths(
        pixels=joint_pixels,
        joint_depths=posed.joints[:, 2].detach(),
        surface_depths=rendered.rendering.depths[-len(joint_pixels) :],
        opacities=rendered.rendering.opacities[-len(joint_pixels) :],
    )
    matches = match_joints(
        problem.features[row],
        problem.descriptors_of(row),
        depths,
        problem.image_size,
        config.matching,
        generator,
    )
    return FrameTerms(rendered.values, gradients, matches)


def _compare_pixels(
    problem: RefineProblem,
    config: RefineConfig,
    weightings: Mapping[str, Mapping[str, float]],
    row: int,
    posed: PosedBody,
    target: FrameTarget | None,
    joint_pixels: Float[Tensor, "joints 2"],
) -> RenderedTerms:
    camera = problem.crops.cameras[row]
    if target is None:
        with torch.no_grad():
            rendering = problem.avatar.render(posed.detach(), camera, joint_pixels)
        return RenderedTerms(dict.fromkeys(PIXEL_TERMS, 0.0), (), rendering)
    num_rays = len(target.pixels)

    def pixel_loss(rendering: Rendering) -> dict[str, Tensor]:
        colors, opacities = rendering.colors[:num_rays], rendering.opacities[:num_rays]
        differences = photometric_loss(colors, target.colors, config.robust.rgb_scale)
        return {"rgb": differences.mean(), "geo": silhouette_loss(opacities, target.mask)}

    return render_terms(
        problem.avatar,
        posed,
        camera,
        torch.cat([target.pixels, joint_pixels]),
        pixel_loss,
        list(weightings.values()),
        config.schedule.chunk_rays,
    )


def _on_pose(
    gradient: PosedGradient,
    posed: PosedBody,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, " 3"],
) -> tuple[Tensor, ...]:
    """Pull a gradient on the posed body back to rotations and translation."""
    return torch.autograd.grad(
        [posed.vertices, posed.bones.rotmat, posed.bones.transl],
        [rotmat, transl],
        [gradient.vertices, gradient.rotmat, gradient.transl],
        retain_graph=True,
    )
