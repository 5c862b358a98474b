from dataclasses import replace

import numpy as np
import pytest
import torch

from lab.people.errors.test_wrong_poses import film
from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.body.local_pose import LocalPose
from neuhmr.lab.people.errors.limb_flips import flip_limbs, swap_legs


@pytest.fixture(scope="module")
def truth(shaped):
    return film("arms", shaped, 4)


def moved(truth, rotmats):
    return replace(truth, global_orient=rotmats[:, 0], body_pose=rotmats[:, 1:])


def test_a_flipped_limb_looks_the_same_and_is_elsewhere(truth, shaped):
    rng = np.random.default_rng(0)
    rotmats = flip_limbs(LocalPose.from_motion(truth).rotmat, truth.transl, shaped, rng, 4.0)
    joints, true_joints = frame_joints(shaped, moved(truth, rotmats)), frame_joints(shaped, truth)
    distance = (joints - true_joints).norm(dim=-1)
    changed = distance.max(dim=1).values > 0.08
    assert 3 <= int(changed.sum()) < len(truth), "some frames, not all"
    frame, joint = divmod(int(distance.argmax()), 24)
    assert joint in (7, 8, 10, 11, 20, 21, 22, 23)
    # Along the ray it moves far, across it hardly (perspective leaves some).
    ray = torch.nn.functional.normalize(true_joints[frame, joint], dim=0)
    offset = joints[frame, joint] - true_joints[frame, joint]
    assert abs(float(offset @ ray)) > 3 * float((offset - (offset @ ray) * ray).norm())


def test_flipped_limbs_still_bend_the_right_way(truth, shaped):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rotmats = flip_limbs(LocalPose.from_motion(truth).rotmat, truth.transl, shaped, rng, 2.0)
        for knee in (4, 5):
            shank = rotmats[:, knee] @ torch.tensor([0.0, -1.0, 0.0])
            assert float(shank[:, 2].max()) < 0.45
        product = rotmats @ rotmats.mT
        torch.testing.assert_close(product, torch.eye(3).expand_as(product), atol=1e-4, rtol=0)


def test_swapped_legs_change_sides_for_some_frames(truth, shaped):
    walk = film("walk", shaped, 1)
    rotmats = swap_legs(LocalPose.from_motion(walk).rotmat, np.random.default_rng(1), 3.0)
    joints, true_joints = frame_joints(shaped, moved(walk, rotmats)), frame_joints(shaped, walk)
    change = (joints - true_joints).norm(dim=-1)
    assert float(change[:, 12:].max()) < 1e-4, "nothing above the hips moves"
    assert float(change[:, 7].max()) > 0.1
    assert float(change[:, 7].min()) < 1e-4


def test_a_rate_of_zero_changes_nothing(truth, shaped):
    rotmats = LocalPose.from_motion(truth).rotmat
    rng = np.random.default_rng(0)
    assert flip_limbs(rotmats, truth.transl, shaped, rng, 0.0) is rotmats
    assert swap_legs(rotmats, rng, 0.0) is rotmats
