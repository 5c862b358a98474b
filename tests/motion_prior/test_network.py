import torch

from neuhmr.motion_prior.network import LEAST_SIGMA, MOST_SIGMA, MotionPrior
from tests.motion_prior.scene import SMALL, random_network, random_sightings, random_view


def times(frames: int) -> torch.Tensor:
    return torch.arange(frames, dtype=torch.float32)[None]


def batched(frames: int, seed: int = 0):
    view = random_view(frames, seed, random_sightings(frames))
    return view.map(lambda t: t[None])


def test_a_network_that_has_learnt_nothing_leaves_poses_alone():
    view = batched(5)
    belief = MotionPrior(SMALL)(view, times(5))
    torch.testing.assert_close(belief.rotmat, view.rotmat, atol=1e-5, rtol=0)
    assert float(belief.shift.abs().max()) == 0.0
    torch.testing.assert_close(belief.along, torch.full((1, 5, 24), 0.05))


def test_beliefs_are_rotations_and_bounded_errors():
    belief = random_network()(batched(6), times(6))
    square = belief.rotmat @ belief.rotmat.transpose(-1, -2)
    torch.testing.assert_close(square, torch.eye(3).expand_as(square), atol=1e-5, rtol=0)
    for sigma in (belief.along, belief.across, belief.root_along, belief.root_across):
        assert LEAST_SIGMA <= float(sigma.min()) and float(sigma.max()) <= MOST_SIGMA


def test_only_distances_in_time_count():
    network, view = random_network(), batched(6)
    here, later = network(view, times(6)), network(view, times(6) + 100.0)
    torch.testing.assert_close(here.rotmat, later.rotmat, atol=1e-5, rtol=0)
    stretched = network(view, 3.0 * times(6))
    assert float((here.rotmat - stretched.rotmat).abs().max()) > 1e-4


def test_rows_that_fill_a_window_up_have_no_say():
    network, view = random_network(), batched(8)
    is_there = torch.ones(1, 8, dtype=torch.bool)
    is_there[:, 5:] = False
    # What the network reads of a row depends on the mean place; keep that and change the rest.
    other = view.map(torch.clone)
    other.rotmat[:, 5:] = view.rotmat[:, :3]
    other.sureness[:, 5:] = 0.0
    first = network(view, times(8), is_there).rotmat[:, :5]
    torch.testing.assert_close(network(other, times(8), is_there).rotmat[:, :5], first)
    assert float((network(other, times(8)).rotmat[:, :5] - first).abs().max()) > 1e-4


def test_frames_learn_from_their_neighbors():
    network, view = random_network(), batched(6)
    other = view.map(torch.clone)
    other.sureness[:, 0] = 0.9
    change = (network(view, times(6)).rotmat - network(other, times(6)).rotmat).abs()
    assert float(change[:, 5].max()) > 1e-6
