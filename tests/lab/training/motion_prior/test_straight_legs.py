import torch

from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.training.motion_prior.straight_legs import MOST, STRAIGHT, stretch_legs
from neuhmr.motion_prior.view import posed_joints
from tests.lab.training.motion_prior.scenes import bodies

KNEES = [4, 5]


def crouching(bends: torch.Tensor) -> torch.Tensor:
    """One window a knee bend (rad), thighs lifted by half of it and turned out a little."""
    turns = torch.zeros(len(bends), 3, 24, 3)
    turns[:, :, [1, 2], 0] = -0.5 * bends[:, None, None]
    turns[:, :, 1, 1], turns[:, :, 2, 1] = 0.2, -0.2
    turns[:, :, KNEES, 0] = bends[:, None, None]
    turns[:, :, 16, 2] = -1.1
    return axisangle_to_rotmat(turns)


def bends_of(rotmat: torch.Tensor) -> torch.Tensor:
    """By the angle between thigh and shank."""
    joints = posed_joints(bodies().mean, rotmat)
    rest = bodies().mean
    found = []
    for hip, knee, ankle in ((1, 4, 7), (2, 5, 8)):
        thigh, shank = joints[..., knee, :] - joints[..., hip, :], joints[..., ankle, :]
        shank = shank - joints[..., knee, :]
        cosine = torch.cosine_similarity(thigh, shank, dim=-1)
        still = torch.cosine_similarity(rest[knee] - rest[hip], rest[ankle] - rest[knee], dim=-1)
        found.append(torch.arccos(cosine.clamp(-1, 1)) - torch.arccos(still))
    return torch.stack(found, dim=-1)


def test_knees_are_stretched_by_no_more_than_most_and_not_beyond_straight():
    bends = torch.linspace(0.0, 2.0, 200)
    before = crouching(bends)
    after = stretch_legs(before, 1.0, torch.Generator().manual_seed(3))
    turned = before[:, :, KNEES].mT @ after[:, :, KNEES]
    less = -_turn_about_x(turned)
    assert float(less.max()) <= MOST[1] + 1e-4
    assert float(less.min()) >= -1e-5
    assert float((bends[:, None, None] - less).min()) >= STRAIGHT[0] - 0.04
    deep = bends > 1.0
    assert float(less[deep].min()) > MOST[0] - 0.01
    assert float(bends_of(after).mean()) < float(bends_of(before).mean()) - 0.15


def _turn_about_x(rotmat: torch.Tensor) -> torch.Tensor:
    return torch.atan2(rotmat[..., 2, 1] - rotmat[..., 1, 2], rotmat[..., 1, 1] + rotmat[..., 2, 2])


def test_legs_point_where_they_did_and_feet_lie_as_they_did():
    before = crouching(torch.linspace(0.3, 1.2, 40))
    after = stretch_legs(before, 1.0, torch.Generator().manual_seed(0))
    for hip, knee, ankle in ((1, 4, 7), (2, 5, 8)):
        feet = [r[:, :, hip] @ r[:, :, knee] @ r[:, :, ankle] for r in (before, after)]
        torch.testing.assert_close(feet[1], feet[0], atol=1e-5, rtol=0)
        legs = []
        for rotmat in (before, after):
            joints = posed_joints(bodies().mean, rotmat)
            legs.append(joints[..., ankle, :] - joints[..., hip, :])
        cosine = torch.cosine_similarity(legs[0], legs[1], dim=-1)
        assert float(torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))).max()) < 3.0
        assert bool((legs[1].norm(dim=-1) > legs[0].norm(dim=-1)).all())
    others = [joint for joint in range(24) if joint not in (1, 2, 4, 5, 7, 8)]
    assert torch.equal(after[:, :, others], before[:, :, others])


def test_so_many_windows_are_changed():
    before = crouching(torch.full((400,), 0.6))
    for share in (0.0, 0.35, 1.0):
        after = stretch_legs(before, share, torch.Generator().manual_seed(1))
        changed = (after - before).abs().amax(dim=(1, 2, 3, 4)) > 1e-3
        assert abs(float(changed.float().mean()) - share) < 0.07
