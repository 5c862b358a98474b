import numpy as np
import torch

from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS
from neuhmr.lab.training.motion_prior.changes import HINGES, change, mirrored
from neuhmr.lab.training.motion_prior.windows import Windows
from neuhmr.motion_prior.view import posed_joints
from tests.lab.training.motion_prior.scenes import bodies, tracks


def standing(batch: int, frames: int = 20) -> Windows:
    """People who do nothing, a meter over the floor."""
    rotmat = torch.eye(3).expand(batch, frames, 24, 3, 3).clone()
    return Windows(rotmat, torch.tensor([0.0, 1.0, 0.0]).expand(batch, frames, 3).clone())


def test_a_mirrored_person_has_left_and_right_exchanged():
    track = tracks()[0]
    windows = Windows(track.rotmat[None, :4], track.pelvis[None, :4])
    rest = bodies().mean
    # The body itself is mirrored, too: make it symmetric first.
    order = list(range(24))
    for left, right in LEFT_RIGHT_JOINTS:
        order[left], order[right] = right, left
    flip = torch.tensor([-1.0, 1.0, 1.0])
    symmetric = 0.5 * (rest + flip * rest[order])
    here = posed_joints(symmetric, windows.rotmat) + windows.pelvis[..., None, :]
    found = mirrored(windows)
    there = posed_joints(symmetric, found.rotmat) + found.pelvis[..., None, :]
    torch.testing.assert_close(there, flip * here[..., order, :], atol=1e-5, rtol=0)


def test_changed_motions_are_rotations_and_the_same_for_the_same_draws():
    changed = change(standing(12), np.random.default_rng(1))
    square = changed.rotmat @ changed.rotmat.mT
    torch.testing.assert_close(square, torch.eye(3).expand_as(square), atol=1e-5, rtol=0)
    again = change(standing(12), np.random.default_rng(1))
    assert torch.equal(again.rotmat, changed.rotmat)
    other = change(standing(12), np.random.default_rng(2))
    assert not torch.equal(other.rotmat, changed.rotmat)


def test_some_lie_near_the_floor_and_most_stand():
    changed = change(standing(400), np.random.default_rng(0))
    upright, height = changed.rotmat[:, 0, 0, 1, 1], changed.pelvis[:, 0, 1]
    lies = height < 0.65
    assert 0.08 < float(lies.float().mean()) < 0.25
    assert float(upright[lies].max()) < 0.77
    assert float((upright > 0.95).float().mean()) > 0.5
    torch.testing.assert_close(height[~lies], torch.ones_like(height[~lies]))


def test_some_turn_on_their_heel():
    changed = change(standing(400, 30), np.random.default_rng(0))
    facing = changed.rotmat[:, :, 0, :, 2]
    cosine = (facing[:, 1:] * facing[:, :-1]).sum(dim=-1).mean(dim=-1)
    turns = float((cosine < 0.995).float().mean())
    assert 0.07 < turns < 0.2


def test_hinges_are_bent_one_way_before_limbs_are_swung():
    changed = change(standing(400, 2), np.random.default_rng(0))
    for joint, axis, most in HINGES:
        first, second = (axis + 1) % 3, (axis + 2) % 3
        rotmat = changed.rotmat[:, 0, joint]
        angle = torch.atan2(rotmat[:, second, first], rotmat[:, first, first])
        bent = (angle * (1.0 if most > 0 else -1.0)) > 0.2
        straightened = (angle * (1.0 if most > 0 else -1.0)) < -0.2
        assert float(bent.float().mean()) > 1.5 * float(straightened.float().mean())


def test_limbs_come_from_other_windows():
    windows = standing(1000, 2)
    quarter = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    windows.rotmat[:500, :, 18] = quarter
    changed = change(windows, np.random.default_rng(0))
    held = (changed.rotmat[:, 0, 18:20] - quarter).flatten(-2).norm(dim=-1).amin(dim=-1) < 0.5
    assert 20 < int(held[500:].sum()) < 80
