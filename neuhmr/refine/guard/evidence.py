"""What speaks for a pose in one frame without knowing the truth, and without any search.

Rays lie where no step of refinement put them on purpose, joints are compared where they are, not
where they match best, and how usual a pose is was learnt from other people.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.frame_target import frame_target
from neuhmr.anchors.registration import normalize_features
from neuhmr.anchors.selection import FrameScore
from neuhmr.anchors.visibility import JointDepths, joint_visibility
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.losses.image import photometric_loss, silhouette_loss
from neuhmr.refine.priors.ground import floor_loss, lowest_heights, sole_points
from neuhmr.refine.priors.pose_prior import load_pose_prior, plausibility_loss
from neuhmr.refine.problem import RefineProblem


@dataclass(frozen=True)
class FrameEvidence:
    """One frame in one pose."""

    rgb: float
    """Mean squared color difference."""
    geo: float
    """One minus soft intersection over union (NeuHMR Eq. 11)."""
    similarity: float
    """Mean cosine between the visible joints' features and their descriptors; 0 if none is seen."""
    implausibility: float
    """Deviation from likely poses, about 1 for a likely one; 0 without a draft."""
    off_floor: float
    """Squared distance of the lowest point from the floor (standard deviations); 0 without a
    draft."""

    @property
    def score(self) -> FrameScore:
        """The part that anchors are judged by."""
        return FrameScore(rgb=self.rgb, geo=self.geo)


@torch.no_grad()
def frame_evidence(problem: RefineProblem, motion: Motion, row: int, stride: int) -> FrameEvidence:
    """Render one frame at every `stride`-th pixel and look at its joints and its posture."""
    camera = problem.crops.cameras[row]
    posed = pose_frame(problem.body, motion, row)
    target = frame_target(problem.crops, row, stride)
    joints = camera.project(posed.joints)
    drawn = problem.avatar.render(posed, camera, torch.cat([target.pixels, joints]))
    rays = len(target.pixels)
    depths = JointDepths(joints, posed.joints[:, 2], drawn.depths[rays:], drawn.opacities[rays:])
    implausibility, off_floor = 0.0, 0.0
    if problem.draft is not None:
        ground = problem.draft.ground[row : row + 1]
        rotmat = LocalPose.from_motion(motion[row : row + 1]).rotmat
        prior = load_pose_prior(rotmat.device)
        implausibility = float(plausibility_loss(rotmat, ground.up, prior)[0])
        soles = sole_points(problem.body)
        bones = posed.bones.map(lambda tensor: tensor[None])
        lowest = lowest_heights(problem.body, soles, bones, ground.up)
        off_floor = float(floor_loss(lowest, ground.height, FLOOR_SIGMA)[0])
    return FrameEvidence(
        rgb=float(photometric_loss(drawn.colors[:rays], target.colors).mean()),
        geo=float(silhouette_loss(drawn.opacities[:rays], target.mask)),
        similarity=_joint_similarity(problem, row, depths),
        implausibility=implausibility,
        off_floor=off_floor,
    )


FLOOR_SIGMA = 0.03
"""How exactly people stand on floors (m)."""


def _joint_similarity(problem: RefineProblem, row: int, depths: JointDepths) -> float:
    features = problem.features[row].float()
    sampled = normalize_features(sample_at_pixels(features, depths.pixels, problem.image_size))
    registered = problem.descriptors_of(row)
    cosines = (sampled * registered.descriptors).sum(dim=-1)
    is_seen = joint_visibility(depths, *problem.image_size) & (registered.counts > 0)
    chosen = list(MATCHING_JOINTS)
    seen: Float[Tensor, " joints"] = is_seen[chosen].to(cosines)
    return float((cosines[chosen] * seen).sum() / seen.sum().clamp_min(1.0))
