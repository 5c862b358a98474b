"""Keypoints that are exactly where the truth has them."""

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.initial.landmarks import NUM_LANDMARKS, Landmarks
from neuhmr.lab.benchmarks.pose.smplify import landmark_body


def exact_landmarks(clip: Clip, model: SmplModel) -> Landmarks:
    """Project the true body's landmarks; all are sure."""
    truth = clip.truth
    assert truth is not None
    body, pose = landmark_body(model, truth.betas), LocalPose.from_motion(truth)
    points = body.carry(truth.betas, body.bones(truth.betas, pose.rotmat, pose.transl))[0]
    hips = points[:, [23, 24]].mean(dim=1, keepdim=True)
    return Landmarks(
        points2d=clip.camera.project(points),
        visibility=torch.ones(len(truth), NUM_LANDMARKS),
        points3d=points - hips,
        detected=torch.ones(len(truth), dtype=torch.bool),
    )
