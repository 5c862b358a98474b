import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import axisangle_to_rotmat
from synthetic_body import make_synthetic_body


def some_motion(generator: torch.Generator) -> Motion:
    return Motion.from_axisangle(
        torch.randn(5, 3, generator=generator),
        torch.randn(5, 69, generator=generator) * 0.4,
        torch.randn(5, 3, generator=generator),
        torch.randn(10, generator=generator),
    )


def test_a_motion_survives_the_way_there_and_back(generator):
    motion = some_motion(generator)
    back = LocalPose.from_motion(motion).into(motion)
    assert torch.equal(back.global_orient, motion.global_orient)
    assert torch.equal(back.body_pose, motion.body_pose)
    assert torch.equal(back.transl, motion.transl)


def test_bones_are_those_of_the_posed_mesh(generator):
    motion, model = some_motion(generator), make_synthetic_body()
    bones = LocalPose.from_motion(motion).bones(model.with_shape(motion.betas))
    expected = motion.pose(model).bones
    assert torch.equal(bones.rotmat, expected.rotmat)
    assert torch.equal(bones.transl, expected.transl)


def test_bones_turn_each_joint_about_itself_and_then_move():
    # Only the left elbow (18) bends: the wrist (20) turns about it, everything moves by transl.
    body = make_synthetic_body().with_shape(torch.zeros(10))
    rotmat = torch.eye(3).repeat(1, 24, 1, 1)
    rotmat[0, 18] = turn = axisangle_to_rotmat(torch.tensor([0.0, 0.0, 1.1]))
    transl = torch.tensor([0.2, -0.1, 3.0])
    joints = LocalPose(rotmat, transl[None]).bones(body).apply(body.joints_rest)[0]
    elbow, wrist = body.joints_rest[18], body.joints_rest[20]
    torch.testing.assert_close(joints[18], elbow + transl)
    torch.testing.assert_close(joints[20], elbow + turn @ (wrist - elbow) + transl)
