"""NeuHMR's ablation "without registered joint features" (its Table 4).

Joints are not registered at anchor frames. Each frame's joints are looked for by the features that
the encoder finds at the joints of that frame's own *rendering*, so a match is only as good as the
picture that the avatar gives in a wrong pose.
"""

from dataclasses import dataclass, field

import torch

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.registration import JointDescriptors, register_joints
from neuhmr.anchors.visibility import joint_visibility, render_joint_depths
from neuhmr.body.motion import Motion
from neuhmr.ghn.renderable import HumanNetwork
from neuhmr.progress import OnProgress, Progress
from neuhmr.refine.problem import RefineProblem

EPOCHS_PER_RENDERING = 5
"""A rendered joint looks the same wherever it is, so renderings follow the poses now and then only:
drawing every frame at every step would cost more than the refinement."""


@dataclass(frozen=True, kw_only=True)
class RenderedProblem(RefineProblem):
    """A problem in which every frame has joint descriptors of its own."""

    rendered: dict[int, JointDescriptors] = field(default_factory=dict)
    """By row."""

    def descriptors_of(self, row: int) -> JointDescriptors:
        """Joint appearances in the frame's own rendering."""
        return self.rendered[row]


def with_rendered_descriptors(
    problem: RefineProblem,
    motion: Motion,
    network: HumanNetwork,
    tolerance: float,
    on_progress: OnProgress,
) -> RenderedProblem:
    """Render every frame that is refined and read its joints' features there.

    Args:
        problem: the clip, its person and the avatar.
        motion: poses to render.
        network: encodes the renderings as it encodes frames.
        tolerance: of the test whether a joint is seen (m; NeuHMR Eq. 8).
        on_progress: told after every frame.
    """
    rows, found = problem.active_rows(), {}
    for done, row in enumerate(rows):
        on_progress(Progress("Rendering joint features", done, len(rows)))
        found[row] = _describe(problem, motion, network, tolerance, row)
    fields = {name: getattr(problem, name) for name in RefineProblem.__dataclass_fields__}
    return RenderedProblem(**fields, rendered=found)


@torch.no_grad()
def _describe(
    problem: RefineProblem, motion: Motion, network: HumanNetwork, tolerance: float, row: int
) -> JointDescriptors:
    camera = problem.crops.cameras[row]
    posed = pose_frame(problem.body, motion, row)
    size = (camera.height, camera.width)
    # The renderer draws on black, as frames are masked to black before they are encoded.
    image = problem.avatar.render(posed, camera, None).colors.view(*size, 3).permute(2, 0, 1)
    depths = render_joint_depths(problem.avatar, posed, camera)
    visible = joint_visibility(depths, *size, tolerance)
    features = network.image_features(image.clamp(0.0, 1.0)[None])
    return register_joints(features, depths.pixels[None], visible[None], size)
