import math

import pytest
import torch

from neuhmr.body.skinning import (
    blend_bones,
    invert_3x3,
    pose_bones,
    skin_points,
)
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from synthetic_body import make_synthetic_body

BATCHES = [(), (1,), (3, 1, 2)]
CHAIN = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
CHAIN_PARENTS = (-1, 0, 1)


@pytest.fixture(scope="module")
def body():
    return make_synthetic_body().to(torch.float64).with_shape(torch.zeros(10).double())


def random_bones(body, generator, *batch) -> Rigid:
    axisangle = torch.randn(*batch, 24, 3, generator=generator, dtype=torch.float64) * 0.6
    return pose_bones(body.joints_rest, axisangle_to_rotmat(axisangle), body.model.parents)


def test_a_bent_chain_lies_where_it_should():
    # Both lower joints bend a quarter turn about z: the chain goes 1 right, then 1 up, and a point
    # one beyond the last joint along the rest chain ends 1 to the left of it.
    quarter = rotation_about("z", torch.tensor(math.pi / 2))
    local = torch.stack([torch.eye(3), quarter, quarter])
    bones = pose_bones(CHAIN, local, CHAIN_PARENTS)
    expected = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    torch.testing.assert_close(bones.apply(CHAIN), expected, atol=1e-6, rtol=0)
    tip = bones[2].apply(torch.tensor([3.0, 0.0, 0.0]))
    torch.testing.assert_close(tip, torch.tensor([0.0, 1.0, 0.0]), atol=1e-6, rtol=0)


def test_the_root_turns_about_its_own_joint():
    joints = CHAIN + torch.tensor([0.0, 5.0, 0.0])
    local = torch.eye(3).repeat(3, 1, 1)
    local[0] = rotation_about("z", torch.tensor(math.pi))
    posed = pose_bones(joints, local, CHAIN_PARENTS).apply(joints)
    expected = torch.tensor([[0.0, 5.0, 0.0], [-1.0, 5.0, 0.0], [-2.0, 5.0, 0.0]])
    torch.testing.assert_close(posed, expected, atol=1e-6, rtol=0)


def test_the_rest_pose_leaves_points_alone(body):
    local = torch.eye(3, dtype=torch.float64).expand(24, 3, 3)
    bones = pose_bones(body.joints_rest, local, body.model.parents)
    skinned = skin_points(body.v_shaped, body.model.lbs_weights, bones)
    torch.testing.assert_close(skinned, body.v_shaped)


def test_half_and_half_is_the_mean_of_the_two_bones():
    # One bone stays, the other moves by (2, 0, 0): in the middle a point moves by (1, 0, 0).
    bones = Rigid(torch.eye(3).repeat(2, 1, 1), torch.tensor([[0.0, 0, 0], [2.0, 0, 0]]))
    moved = skin_points(torch.zeros(1, 3), torch.tensor([[0.5, 0.5]]), bones)
    assert moved.tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize("batch", BATCHES)
def test_a_translation_is_added_after_posing(body, generator, batch):
    local = axisangle_to_rotmat(
        torch.randn(*batch, 24, 3, generator=generator, dtype=torch.float64) * 0.6
    )
    transl = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    still = pose_bones(body.joints_rest, local, body.model.parents)
    moved = pose_bones(body.joints_rest, local, body.model.parents, transl)
    skinned = skin_points(body.v_shaped.expand(*batch, -1, 3), body.model.lbs_weights, moved)
    assert skinned.shape == (*batch, 782, 3)
    expected = skin_points(body.v_shaped, body.model.lbs_weights, still) + transl[..., None, :]
    torch.testing.assert_close(skinned, expected)


def test_a_rigid_motion_of_all_bones_moves_the_skin_rigidly(body, generator):
    bones = random_bones(body, generator)
    weights = body.model.lbs_weights
    turn = axisangle_to_rotmat(torch.randn(3, generator=generator, dtype=torch.float64))
    shift = torch.randn(3, generator=generator, dtype=torch.float64)
    motion = Rigid(turn, shift)
    together = skin_points(body.v_shaped, weights, motion @ bones)
    afterwards = motion.apply(skin_points(body.v_shaped, weights, bones))
    torch.testing.assert_close(together, afterwards)


def test_blended_rotations_are_affine_combinations(body, generator):
    bones = random_bones(body, generator)
    linear, transl = blend_bones(body.model.lbs_weights, bones)
    vertex = 40
    weights = body.model.lbs_weights[vertex]
    expected = (weights[:, None, None] * bones.rotmat).sum(dim=0)
    torch.testing.assert_close(linear[vertex], expected)
    torch.testing.assert_close(transl[vertex], weights @ bones.transl)


@pytest.mark.parametrize("batch", [(), (4,), (2, 3)])
def test_inverse_agrees_with_lapack(generator, batch):
    matrix = torch.randn(*batch, 3, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(invert_3x3(matrix), torch.linalg.inv(matrix))


def test_skinning_passes_gradcheck(generator):
    options = {"generator": generator, "dtype": torch.float64}
    points = torch.randn(4, 3, **options).requires_grad_()
    angles = (torch.randn(3, 3, **options) * 0.5).requires_grad_()
    weights = torch.rand(4, 3, **options).softmax(dim=-1)

    def there(points, angles):
        bones = pose_bones(CHAIN.double(), axisangle_to_rotmat(angles), CHAIN_PARENTS)
        return skin_points(points, weights, bones)

    assert torch.autograd.gradcheck(there, (points, angles))
