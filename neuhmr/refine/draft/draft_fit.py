"""One stretch of a clip, fitted to its masks by one descent."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.losses.image import geman_mcclure
from neuhmr.losses.pose import mean_or_zero
from neuhmr.motion_prior.beliefs import PoseBeliefs
from neuhmr.motion_prior.standing import standing_feet
from neuhmr.motion_prior.steadiness import consecutive_triples, steadiness_loss
from neuhmr.refine.draft.clothes import Clothes
from neuhmr.refine.draft.joint_sightings import JointFinder, JointSightings
from neuhmr.refine.draft.outlines import BodyPoints, Outlines, nearest_points, outline_loss
from neuhmr.refine.draft.residual_curve import ResidualCurve
from neuhmr.refine.draft.scene_guess import SceneGuess
from neuhmr.refine.priors.ground import Ground, floor_loss, lowest_heights, sole_points
from neuhmr.refine.priors.pose_prior import load_pose_prior, plausibility_loss
from neuhmr.refine.settings.draft import DraftConfig

FINAL_SHARE = 0.1
"""Of the learning rate, at the end."""
YIELD = 0.1
"""How far poses give way to the floor that is guessed from them."""


class DraftFit:
    """A descent over all frames of a stretch at once."""

    def __init__(
        self,
        start: LocalPose,
        frame_index: Int[Tensor, " frames"],
        cameras: Camera,
        body: ShapedBody,
        outlines: Outlines,
        finder: JointFinder | None,
        config: DraftConfig,
        scale: float = 1.0,
        beliefs: PoseBeliefs | None = None,
        fps: float = 30.0,
    ) -> None:
        self._beliefs = beliefs
        self._start, self._body, self._config = start, body, config
        self._cameras, self._outlines, self._finder = cameras, outlines, finder
        self._sightings: JointSightings | None = None
        self._clothes = Clothes(start.transl.device)
        self._curve = ResidualCurve(frame_index, config, scale)
        self._rays = torch.nn.functional.normalize(start.transl + body.joints_rest[0], dim=-1)
        self._triples = consecutive_triples(frame_index)
        self._soles = sole_points(body)
        self._prior = load_pose_prior(start.transl.device)
        with torch.no_grad():
            bones = self._pose().bones(self._body)
            self._feet = standing_feet(bones.apply(body.joints_rest), frame_index, fps)

        def lowest(up: Float[Tensor, "3"]) -> Float[Tensor, " frames"]:
            # The scene's guess tries directions on the CPU before it knows where it is to live.
            ups = up.to(start.transl).expand(len(start.transl), 3)
            return lowest_heights(body, self._soles, bones, ups)

        self._scene = SceneGuess(lowest, config)
        self._optimizer = torch.optim.Adam(
            [*self._curve.parameters, self._scene.parameters, self._clothes.parameters]
        )
        self._nearest: BodyPoints | None = None

    def step(self, number: int) -> float:
        """Move all poses once and say what they cost before."""
        config = self._config
        pose = self._pose()
        bones = pose.bones(self._body)
        if self._nearest is None or number % config.outline_interval == 0:
            self._nearest = self._find_nearest(bones)
        if self._finder and number % -(-config.steps // config.joint_searches) == 0:
            pixels = self._cameras.project(bones.apply(self._body.joints_rest))
            self._sightings = self._finder.find(pixels.detach(), self._outlines.silhouettes.sizes)
        loss = self._loss(pose, bones, self._nearest)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        fraction = number / config.steps
        cosine = 0.5 * (1.0 + math.cos(math.pi * fraction))
        for group in self._optimizer.param_groups:
            group["lr"] = config.learning_rate * (FINAL_SHARE + (1.0 - FINAL_SHARE) * cosine)
        self._optimizer.step()
        return float(loss.detach())

    @torch.no_grad()
    def misfit(self) -> float:
        """How badly bodies fill their masks now: mean squared standard deviations."""
        bones = self._pose().bones(self._body)
        return float(self._outline(bones, self._find_nearest(bones)).mean())

    @torch.no_grad()
    def result(self) -> tuple[LocalPose, Ground]:
        """Poses of the stretch, and its one floor."""
        return self._pose(), self._scene.ground()

    def _loss(self, pose: LocalPose, bones: Rigid, nearest: BodyPoints) -> Float[Tensor, ""]:
        config = self._config
        ground = self._scene.ground()
        up = ground.up.expand(len(pose.transl), 3)
        joints = bones.apply(self._body.joints_rest)
        plausibility = plausibility_loss(pose.rotmat, up, self._prior)
        lowest = lowest_heights(self._body, self._soles, bones, up)
        # Feet say where the floor is; where it is guessed wrongly they must not be bent to it.
        yielding = torch.lerp(lowest.detach(), lowest, YIELD)
        floor = floor_loss(yielding, ground.height, config.sigma_floor)
        steadiness = steadiness_loss(joints[self._triples], config.sigma_acceleration).sum(dim=-1)
        slip = self._feet.slip(joints, config.sigma_slip)
        per_frame = (
            config.outline_weight * self._outline(bones, nearest)
            + config.joint_weight * self._joints(joints)
            + config.plausibility_weight * len(self._prior.mean) * plausibility
            + config.floor_weight * floor
            + config.prior_weight * self._surprise(joints)
        )
        return (
            per_frame.mean()
            + config.acceleration_weight * mean_or_zero(steadiness)
            + self._curve.cost()
            + (config.slip_weight * slip + self._scene.cost() + self._clothes.cost())
            / len(pose.transl)
        )

    def _find_nearest(self, bones: Rigid) -> BodyPoints:
        return nearest_points(self._outlines, self._cameras, bones, self._clothes.thickness())

    def _outline(self, bones: Rigid, nearest: BodyPoints) -> Float[Tensor, " frames"]:
        sigma, outlier = self._config.sigma_outline, self._config.outlier_outline
        thickness = self._clothes.thickness()
        surface = self._outlines.surface.project(self._cameras, bones, thickness)
        partners = nearest.project(self._cameras, bones, thickness)
        return outline_loss(self._outlines.silhouettes, surface, partners, sigma, outlier)

    def _joints(self, joints: Float[Tensor, "frames joints 3"]) -> Float[Tensor, " frames"]:
        """Squared distances from where joints were seen, in standard deviations."""
        if self._sightings is None:
            return joints.new_zeros(len(joints))
        pixels = self._cameras.project(joints)[:, list(MATCHING_JOINTS)]
        squared = (pixels - self._sightings.pixels).square().sum(dim=-1)
        squared = squared * self._sightings.precisions.square()
        return geman_mcclure(squared, self._config.outlier_joint).sum(dim=-1)

    def _surprise(self, joints: Float[Tensor, "frames joints 3"]) -> Float[Tensor, " frames"]:
        """Squared distances from where the motion prior has the joints, in its expected errors."""
        if self._beliefs is None:
            return joints.new_zeros(len(joints))
        return joints.shape[1] * self._beliefs.surprise(joints, self._config.outlier_prior)

    def _pose(self) -> LocalPose:
        turns, shifts = self._curve.corrections()
        across = shifts * shifts.new_tensor([1.0, 1.0, 0.0])
        transl = self._start.transl + across + shifts[:, 2:] * self._rays
        return LocalPose(self._start.rotmat @ axisangle_to_rotmat(turns), transl)
