import itertools

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import rotation_angle
from neuhmr.motion_prior import beliefs
from neuhmr.motion_prior.beliefs import FEWEST, WINDOW, PoseBeliefs, believe, hip_aligned
from neuhmr.motion_prior.network import MotionPrior
from tests.motion_prior.scene import (
    SMALL,
    body,
    random_network,
    random_poses,
    random_sightings,
)


def initial(frames: int) -> LocalPose:
    rotmat, pelvis = random_poses(frames)
    return LocalPose(rotmat, pelvis - body().joints_rest[0])


def ask(network: MotionPrior, frames: int, fps: float = 30.0, seen: bool = True) -> PoseBeliefs:
    sightings = random_sightings(frames) if seen else None
    index = torch.arange(frames)
    return believe(
        network, body().joints_rest, torch.zeros(10), initial(frames), index, fps, sightings
    )


def test_a_prior_that_knows_nothing_believes_the_initial_poses():
    found = ask(MotionPrior(SMALL), 100)
    pose = initial(100)
    torch.testing.assert_close(found.pose.rotmat, pose.rotmat, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.pose.transl, pose.transl, atol=1e-5, rtol=0)
    joints = pose.bones(body()).apply(body().joints_rest)
    torch.testing.assert_close(found.joints, hip_aligned(joints), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.sigmas, torch.full((100, 24, 3), 0.05))


def test_believed_joints_are_those_of_the_believed_poses():
    found = ask(random_network(), 30)
    joints = found.pose.bones(body()).apply(body().joints_rest)
    torch.testing.assert_close(found.joints, hip_aligned(joints), atol=1e-5, rtol=0)
    assert float(rotation_angle(found.pose.rotmat @ initial(30).rotmat.mT).max()) > 0.01


def test_windows_overlap_and_cover_every_row():
    for count in (1, WINDOW, WINDOW + 1, 100, 3000):
        windows = beliefs._windows(torch.arange(count) * 2, torch.arange(2 * count) / 2)
        assert torch.equal(torch.cat(windows).unique(), torch.arange(count) * 2)
        assert all(len(window) <= WINDOW for window in windows)
        pairs = itertools.pairwise(windows)
        assert all(int(b[0]) <= int(a[-1]) - 2 * (WINDOW // 3 - 2) for a, b in pairs)
    assert beliefs._windows(torch.arange(0), torch.zeros(0)) == []


@pytest.mark.parametrize(("fps", "longest"), [(30, 48), (25, 40), (15, 24), (5, 8), (1, FEWEST)])
def test_windows_of_slow_clips_last_as_long_with_fewer_frames(fps, longest):
    windows = beliefs._windows(torch.arange(500), torch.arange(500) * 30.0 / fps)
    lengths = {len(window) for window in windows}
    assert longest - 2 <= min(lengths) and max(lengths) <= longest
    # A third of each window is the next one's, too.
    assert len(windows) == -(-(500 - longest // 3) // (longest - longest // 3))


def test_a_clip_of_one_window_is_what_the_network_says():
    network = random_network()
    found = ask(network, 20)
    again = ask(network, 20)
    assert torch.equal(found.pose.rotmat, again.pose.rotmat)
    assert not torch.equal(found.pose.rotmat, ask(network, 20, seen=False).pose.rotmat)


def test_of_a_clip_of_60_frames_a_second_every_other_frame_is_one_sequence():
    network = random_network()
    pose, index, sightings = initial(40), torch.arange(40), random_sightings(40)
    found = believe(network, body().joints_rest, torch.zeros(10), pose, index, 60.0, sightings)
    even = slice(0, 40, 2)
    half = believe(
        network,
        body().joints_rest,
        torch.zeros(10),
        pose[even],
        index[even] // 2,
        30.0,
        sightings[even],
    )
    # The network sees a person's place against the window's mean.
    torch.testing.assert_close(found.pose.rotmat[even], half.pose.rotmat, atol=1e-4, rtol=0)


def test_frames_that_are_further_apart_in_time_are_further_apart_for_the_network():
    network = random_network()
    slow = ask(network, 60, fps=10.0)
    index = torch.arange(60) * 3
    spread = believe(
        network, body().joints_rest, torch.zeros(10), initial(60), index, 30.0,
        random_sightings(60),
    )  # fmt: skip
    torch.testing.assert_close(slow.joints, spread.joints)
    short, quick = ask(network, 12, fps=10.0), ask(network, 12)
    assert float((short.joints - quick.joints).abs().max()) > 1e-4


def test_deviations_are_counted_along_and_across_the_ray():
    axes = torch.tensor([[[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]])
    sigmas = torch.tensor([0.01, 0.02, 0.1]).expand(1, 24, 3)
    joints = torch.zeros(1, 24, 3)
    found = PoseBeliefs(initial(1), axes, joints, sigmas)
    moved = joints.clone()
    # The ray is the camera's x here: 0.2 m along it are two expected errors.
    moved[0, 15] = torch.tensor([0.2, 0.06, 0.05])
    expected = torch.zeros(1, 24, 3)
    expected[0, 15] = torch.tensor([-5.0, 3.0, 2.0])
    torch.testing.assert_close(found.deviations(moved), expected)
    torch.testing.assert_close(found.deviations(moved + 7.0), expected, atol=1e-4, rtol=0)
