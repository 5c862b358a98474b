import math

import pytest
import torch

from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from synthetic_body import make_synthetic_body

ZERO = torch.zeros(3)
REST = torch.eye(3).repeat(23, 1, 1)


@pytest.fixture(scope="module")
def model():
    return make_synthetic_body()


def random_pose(generator, *batch):
    return axisangle_to_rotmat(torch.randn(*batch, 23, 3, generator=generator) * 0.5)


def test_zero_shape_is_the_template(model):
    shaped = model.with_shape(torch.zeros(10))
    assert torch.equal(shaped.v_shaped, model.v_template)
    torch.testing.assert_close(shaped.joints_rest, model.J_regressor @ model.v_template)


def test_shape_coefficients_add_their_directions(model):
    shaped = model.with_shape(torch.tensor([0.0, 2.0, 0.0, -1.0]))
    expected = model.v_template + 2 * model.shapedirs[..., 1] - model.shapedirs[..., 3]
    torch.testing.assert_close(shaped.v_shaped, expected)


def test_missing_coefficients_are_zero_and_surplus_ones_an_error(model):
    short = model.with_shape(torch.tensor([1.0])).v_shaped
    long = model.with_shape(torch.tensor([1.0] + [0.0] * 9)).v_shaped
    torch.testing.assert_close(short, long)
    with pytest.raises(ValueError, match="11 betas given, synthetic has 10"):
        model.with_shape(torch.zeros(11))


def test_rest_pose_only_moves_by_the_translation(model):
    transl = torch.tensor([0.1, -0.2, 3.0])
    posed = model.with_shape(torch.zeros(10)).with_pose(REST, torch.eye(3), transl)
    torch.testing.assert_close(posed.vertices, model.v_template + transl)
    torch.testing.assert_close(posed.joints[0], model.J_regressor[0] @ model.v_template + transl)


def test_bending_an_elbow_moves_the_forearm_only(model):
    # Joint 18 is the left elbow; its rotation is number 17 of the body pose.
    pose = REST.clone()
    pose[17] = rotation_about("z", torch.tensor(math.pi / 2))
    shaped = model.with_shape(torch.zeros(10))
    posed = shaped.with_pose(pose, torch.eye(3), ZERO)
    moved = (posed.joints - shaped.joints_rest).norm(dim=-1) > 1e-5
    assert moved.nonzero()[:, 0].tolist() == [20, 22]
    # The forearm pointed left (+x) and now points up (+y).
    forearm = shaped.joints_rest[20] - shaped.joints_rest[18]
    bent = posed.joints[20] - posed.joints[18]
    torch.testing.assert_close(bent, torch.stack([-forearm[1], forearm[0], forearm[2]]))


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
@pytest.mark.parametrize("posedirs", [False, True])
def test_leading_axes_are_poses_of_their_own(generator, batch, posedirs):
    shaped = make_synthetic_body(posedirs).with_shape(torch.zeros(10))
    body_pose = random_pose(generator, *batch)
    global_orient = axisangle_to_rotmat(torch.randn(*batch, 3, generator=generator))
    transl = torch.randn(*batch, 3, generator=generator)
    posed = shaped.with_pose(body_pose, global_orient, transl)
    assert posed.vertices.shape == (*batch, 782, 3)
    assert posed.bones.rotmat.shape == (*batch, 24, 3, 3)
    flat = (body_pose.reshape(-1, 23, 3, 3), global_orient.reshape(-1, 3, 3), transl.reshape(-1, 3))
    for row, (pose, orient, place) in enumerate(zip(*flat, strict=True)):
        alone = shaped.with_pose(pose, orient, place)
        together = posed.vertices.reshape(-1, 782, 3)[row]
        torch.testing.assert_close(together, alone.vertices, atol=1e-5, rtol=0)


def test_pose_correctives_vanish_at_rest_and_follow_the_pose(generator):
    shaped = make_synthetic_body(posedirs=True).with_shape(torch.zeros(10))
    plain = make_synthetic_body().with_shape(torch.zeros(10))
    at_rest = shaped.with_pose(REST, torch.eye(3), ZERO)
    torch.testing.assert_close(at_rest.vertices, plain.v_shaped)
    pose = random_pose(generator)
    difference = (
        shaped.with_pose(pose, torch.eye(3), ZERO).vertices
        - plain.with_pose(pose, torch.eye(3), ZERO).vertices
    )
    assert difference.norm(dim=-1).max() > 1e-3


def test_turning_the_root_turns_the_body_about_the_pelvis(model, generator):
    shaped = model.with_shape(torch.randn(10, generator=generator))
    pose, turn = random_pose(generator), axisangle_to_rotmat(torch.tensor([0.3, -1.0, 0.5]))
    before = shaped.with_pose(pose, torch.eye(3), ZERO)
    after = shaped.with_pose(pose, turn, ZERO)
    pelvis = shaped.joints_rest[0]
    torch.testing.assert_close(after.joints[0], pelvis)
    expected = (before.vertices - pelvis) @ turn.T + pelvis
    torch.testing.assert_close(after.vertices, expected, atol=1e-5, rtol=0)


def test_selecting_frames_of_a_posed_body_keeps_the_faces(model, generator):
    posed = model.with_shape(torch.zeros(10)).with_pose(
        random_pose(generator, 5), torch.eye(3).expand(5, 3, 3), torch.zeros(5, 3)
    )
    part = posed[1:3]
    assert part.vertices.shape[0] == part.joints.shape[0] == part.bones.rotmat.shape[0] == 2
    assert torch.equal(part.faces, model.faces)
    assert posed[4].vertices.shape == (782, 3)


def test_vertices_pass_gradcheck_in_pose_and_translation(generator):
    shaped = (
        make_synthetic_body(posedirs=True).to(torch.float64).with_shape(torch.zeros(10).double())
    )
    options = {"generator": generator, "dtype": torch.float64}
    angles = (torch.randn(24, 3, **options) * 0.3).requires_grad_()
    transl = torch.randn(3, **options).requires_grad_()
    chosen = torch.arange(0, 782, 97)

    def pose(angles, transl):
        rotmats = axisangle_to_rotmat(angles)
        return shaped.with_pose(rotmats[1:], rotmats[0], transl).vertices[chosen]

    assert torch.autograd.gradcheck(pose, (angles, transl))
