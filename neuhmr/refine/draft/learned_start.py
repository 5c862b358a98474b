"""Where the draft begins: what the motion prior makes of initial poses and of seen joints."""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.motion_prior.beliefs import PoseBeliefs, believe
from neuhmr.motion_prior.network import MotionPrior
from neuhmr.motion_prior.view import Sightings
from neuhmr.progress import OnFrame, ignore_frame
from neuhmr.refine.draft.joint_sightings import JointFinder, JointSightings

LOOKS = 2
"""Times the joints are looked for: around the initial poses, then around better ones."""


def believe_poses(
    prior: MotionPrior,
    motion: Motion,
    body: ShapedBody,
    cameras: Camera,
    sizes: Float[Tensor, " frames"],
    finder: JointFinder | None,
    fps: float,
    on_frame: OnFrame = ignore_frame,
) -> PoseBeliefs:
    """Ask the prior about poses, twice where joints can be seen.

    Args:
        prior: the network.
        motion: initial poses, all valid.
        body: of those poses.
        cameras: of each frame.
        sizes: of the person in each frame (px).
        finder: frames to look for joints in, row for row; None to look for none.
        fps: of the video.
        on_frame: told after every frame that is looked at; may raise to cancel.
    """
    initial = LocalPose.from_motion(motion)
    pose, beliefs = initial, None
    for _ in range(LOOKS if finder else 1):
        sightings = None
        if finder:
            pixels = cameras.project(pose.bones(body).apply(body.joints_rest))
            found = finder.find(pixels, sizes, on_frame)
            sightings = as_directions(found, cameras, initial.transl + body.joints_rest[0])
        beliefs = believe(
            prior, body.joints_rest, motion.betas, initial, motion.frame_index, fps, sightings
        )
        pose = beliefs.pose
    assert beliefs is not None
    return beliefs


def as_directions(
    found: JointSightings, cameras: Camera, pelvis: Float[Tensor, "frames 3"]
) -> Sightings:
    """Turn pixels into directions, and their misses into meters at the pelvis's distance."""
    focal = cameras.K[..., 1, 1].expand(len(pelvis))
    meters_per_pixel = (pelvis.norm(dim=-1) / focal)[:, None]
    is_seen = found.precisions > 0.0
    misses = meters_per_pixel / torch.where(is_seen, found.precisions, 1.0)
    return Sightings(cameras.ray_directions(found.pixels), misses, is_seen)
