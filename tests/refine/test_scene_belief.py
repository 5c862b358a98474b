import math
from dataclasses import replace

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.stature import stature
from neuhmr.motion_prior.beliefs import NO_SAY, PoseBeliefs
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.scene_belief import believed_scene, depth_errors, joint_depth_errors
from refine.tiny_problem import drafted_problem, tiny_problem


def with_beliefs() -> RefineProblem:
    """Joints are sure to 4 cm in depth, the right wrist to 10 cm; the second frame is doubted."""
    problem = drafted_problem()
    frames = len(problem.initial)
    sigmas = torch.tensor([0.01, 0.01, 0.04]).expand(frames, 24, 3).clone()
    sigmas[:, 21, 2] = 0.1
    sigmas[1] = NO_SAY
    beliefs = PoseBeliefs(
        LocalPose.from_motion(problem.initial),
        torch.eye(3).expand(frames, 3, 3),
        torch.zeros(frames, 24, 3),
        sigmas,
    )
    assert problem.draft is not None
    return replace(problem, draft=replace(problem.draft, beliefs=beliefs))


def test_without_a_draft_only_the_body_is_told():
    problem = tiny_problem()
    found = believed_scene(problem)
    assert found.person_height_m == stature(problem.model, problem.initial.betas)
    assert found.camera_height_m is None and found.depth_error_m is None
    assert depth_errors(problem) == [None] * len(problem.initial)
    assert joint_depth_errors(problem.draft) is None


def test_the_camera_is_told_as_people_say_it():
    # Up is (0.05, -1, -0.1) in the camera's axes, the floor a meter below it.
    found = believed_scene(drafted_problem())
    assert found.camera_height_m == pytest.approx(1.0)
    down = math.degrees(math.asin(0.1 / math.hypot(0.05, 1.0, 0.1)))
    assert found.camera_down_deg == pytest.approx(down, abs=1e-3)
    # What is upright leans to the right in the picture: the camera is tilted to its left.
    assert found.camera_roll_deg == pytest.approx(-math.degrees(math.atan2(0.05, 1.0)), abs=1e-3)
    assert found.depth_error_m is None and found.doubted_frames == ()


def test_expected_errors_leave_out_what_is_doubted():
    problem = with_beliefs()
    found = believed_scene(problem)
    assert found.depth_error_m == pytest.approx((23 * 0.04 + 0.1) / 24)
    assert found.least_sure_joint == "right_wrist"
    assert found.least_sure_error_m == pytest.approx(0.1)
    assert found.doubted_frames == (int(problem.crops.frame_index[1]),)
    errors = depth_errors(problem)
    assert errors[1] is None
    assert errors[0] == pytest.approx((23 * 0.04 + 0.1) / 24)
    joints = joint_depth_errors(problem.draft)
    assert bool(joints[1].isnan().all())
    assert joints[0, 21] == pytest.approx(0.1) and joints[0, 20] == pytest.approx(0.04)
