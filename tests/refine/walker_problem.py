"""A walk of the open body, which has BODY_25 points, with nothing to see but where it stands."""

import functools
from dataclasses import replace

import torch

from neuhmr.anchors.registration import JointDescriptors
from neuhmr.anchors.selection import AnchorSelection
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.frame_keypoints import FrameKeypoints
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.draft import DraftConfig
from neuhmr.refine.settings.field import ScheduleConfig
from neuhmr.refine.settings.terms import LossWeights
from refine.splat_avatar import textured_avatar
from refine.splat_clip import walking_motion

FRAMES, HEIGHT, WIDTH = 4, 160, 120
# Nothing pulls at the poses; rays are few because nothing is to be seen.
UNMOVED = RefineConfig(
    draft=DraftConfig(enabled=False),
    weights=LossWeights(
        rgb=0.0, geo=0.0, joint=0.0, regularizer=0.0, acceleration=0.0, prior=0.0,
        plausibility=0.0, floor=0.0, root_depth=0.0,
    ),
    schedule=ScheduleConfig(epochs=2, frames_per_step=2, stride=24, fine_epochs=0),
)  # fmt: skip
BY_KEYPOINTS = replace(UNMOVED, weights=replace(UNMOVED.weights, keypoint=1.0))


@functools.cache
def open_body() -> SmplModel:
    return load_body_model()


def with_wrong_arm(motion: Motion, degrees: float) -> Motion:
    """Turn the left upper arm about its x and z axes."""
    turn = torch.deg2rad(torch.tensor([degrees, 0.0, degrees])) / 2**0.5
    body_pose = motion.body_pose.clone()
    body_pose[:, 15] = body_pose[:, 15] @ axisangle_to_rotmat(turn)
    return replace(motion, body_pose=body_pose)


def cameras() -> Camera:
    focal = 318.0 * HEIGHT / 240.0
    K = torch.tensor([[focal, 0.0, WIDTH / 2], [0.0, focal, HEIGHT / 2], [0.0, 0.0, 1.0]])
    return Camera(K.expand(FRAMES, 3, 3), HEIGHT, WIDTH)


def walker_problem(initial: Motion, keypoints: FrameKeypoints | None = None) -> RefineProblem:
    crops = PersonCrops(
        images=torch.zeros(FRAMES, 3, HEIGHT, WIDTH, dtype=torch.uint8),
        masks=torch.zeros(FRAMES, HEIGHT, WIDTH),
        cameras=cameras(),
        boxes=torch.tensor([0.0, 0.0, WIDTH, HEIGHT]).expand(FRAMES, 4).clone(),
        frame_index=initial.frame_index.clone(),
    )
    return RefineProblem(
        crops=crops,
        initial=initial,
        model=open_body(),
        avatar=textured_avatar(open_body().with_shape(initial.betas)),
        features=torch.zeros(FRAMES, 4, HEIGHT // 4, WIDTH // 4),
        descriptors=JointDescriptors(torch.zeros(24, 4), torch.zeros(24, dtype=torch.long)),
        conditioning_rows=(0, 0),
        selection=AnchorSelection(torch.zeros(FRAMES, 3), (0,), (0.0,), (0,)),
        keypoints=keypoints,
    )


def walk() -> Motion:
    return walking_motion(FRAMES)
