import math
from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.anchors.selection import (
    FrameScore,
    choose_anchors,
    combine_scores,
    farthest_points,
    num_anchors,
    orientation_vectors,
    share_inside_image,
    usable_rows,
)
from neuhmr.anchors.settings import AnchorConfig
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from refine.splat_clip import walking_motion
from synthetic_body import make_synthetic_body

# SMPL's rest frame has y up, OpenCV's camera y down: somebody upright is turned half round x.
UPRIGHT = rotation_about("x", torch.tensor(math.pi))


def ahead(*root: float) -> torch.Tensor:
    return torch.tensor(root).expand(24, 3)


def test_orientations_name_the_side_that_is_seen():
    # Turned half round x, the subject's front (+z) looks along -z: at the camera.
    front = orientation_vectors(ahead(0.0, 0.0, 3.0), UPRIGHT)
    assert torch.allclose(front, torch.tensor([0.0, 0.0, 1.0]), atol=1e-6)
    back = UPRIGHT @ rotation_about("y", torch.tensor(math.pi))
    found = orientation_vectors(ahead(0.0, 0.0, 3.0), back)
    assert torch.allclose(found, torch.tensor([0.0, 0.0, -1.0]), atol=1e-6)
    # Turned a quarter so that the left side (+x) comes to the camera.
    left = UPRIGHT @ rotation_about("y", torch.tensor(-math.pi / 2))
    found = orientation_vectors(ahead(0.0, 0.0, 3.0), left)
    assert torch.allclose(found, torch.tensor([1.0, 0.0, 0.0]), atol=1e-6)


def test_rolling_the_camera_does_not_change_the_side_that_is_seen(generator: torch.Generator):
    turn = axisangle_to_rotmat(torch.randn(3, generator=generator))
    roll = rotation_about("z", torch.tensor(0.7))
    joints = torch.randn(24, 3, generator=generator) + torch.tensor([0.3, 0.2, 4.0])
    plain = orientation_vectors(joints, turn)
    rolled = orientation_vectors(joints @ roll.T, roll @ turn)
    assert torch.allclose(plain, rolled, atol=1e-5)
    assert float(plain.norm()) == pytest.approx(1.0, abs=1e-6)


def circle(*degrees: float) -> torch.Tensor:
    angles = torch.tensor([math.radians(d) for d in degrees])
    return torch.stack([angles.cos(), angles.sin(), torch.zeros_like(angles)], dim=1)


def test_farthest_points_spread_out():
    # From 0: 180 is farthest; then 80 (80 away from both) beats 10 and 350; then 350 (10) ties
    # with 10 (10): the earlier row wins.
    directions = circle(0.0, 10.0, 80.0, 180.0, 350.0)
    everybody = torch.ones(5, dtype=torch.bool)
    assert farthest_points(directions, everybody, 3, 0) == (0, 3, 2)
    assert farthest_points(directions, everybody, 4, 0) == (0, 3, 2, 1)
    assert farthest_points(directions, everybody, 9, 0) == (0, 3, 2, 1, 4)


def test_unusable_rows_are_never_picked():
    directions = circle(0.0, 90.0, 180.0)
    usable = torch.tensor([True, True, False])
    assert farthest_points(directions, usable, 3, 0) == (0, 1)
    with pytest.raises(ValueError, match="start row 2"):
        farthest_points(directions, usable, 1, 2)


def test_identical_directions_are_picked_in_order():
    directions = circle(*[30.0] * 6)
    assert farthest_points(directions, torch.ones(6) > 0, 4, 2) == (2, 0, 1, 3)


def test_farthest_points_are_the_same_every_time(generator: torch.Generator):
    directions = torch.nn.functional.normalize(torch.randn(200, 3, generator=generator), dim=1)
    usable = torch.rand(200, generator=generator) > 0.2
    start = int(usable.nonzero()[0, 0])
    first = farthest_points(directions, usable, 20, start)
    assert first == farthest_points(directions.clone(), usable, 20, start)
    # A turn of everything changes no distance.
    turn = axisangle_to_rotmat(torch.tensor([0.3, -0.2, 0.9]))
    assert first == farthest_points(directions @ turn.T, usable, 20, start)


def test_the_share_of_the_box_inside_the_image():
    camera = camera_from_focal(100.0, 100, 200)
    # A box of 100 x 40 px, of which 60 x 40 are right of the left edge.
    corners = torch.tensor([[-40.0, 10.0], [60.0, 50.0]])
    assert share_inside_image(corners, camera) == pytest.approx(0.6)
    assert share_inside_image(corners + torch.tensor([500.0, 0.0]), camera) == 0.0
    assert share_inside_image(corners + torch.tensor([60.0, 0.0]), camera) == pytest.approx(1.0)


def test_rows_that_are_invalid_cut_off_or_behind_the_camera_are_unusable():
    motion = walking_motion(4)
    transl = motion.transl.clone()
    transl[1, 0] += 5.0  # Far out to the right.
    transl[2, 2] = -3.0  # Behind.
    valid = torch.tensor([True, True, True, False])
    motion = replace(motion, transl=transl, valid=valid)
    joints = frame_joints(make_synthetic_body().with_shape(motion.betas), motion)
    cameras = camera_from_focal(160.0, 120, 90)
    cameras = Camera(cameras.K.expand(4, 3, 3), 120, 90)
    assert usable_rows(joints, motion, cameras, 0.5).tolist() == [True, False, False, False]


def test_scores_weigh_both_losses_alike():
    # z-scores of rgb (1, 2, 3)e-3: (-1.2247, 0, 1.2247); geo (.3, .1, .2): (1.2247, -1.2247, 0).
    scores = [FrameScore(0.001, 0.3), FrameScore(0.002, 0.1), FrameScore(0.003, 0.2)]
    assert combine_scores(scores) == pytest.approx((0.0, -1.2247, 1.2247), abs=1e-4)
    assert combine_scores([FrameScore(0.1, 0.2)]) == (0.0,)


def test_the_number_of_anchors_is_a_tenth_of_the_frames():
    config = AnchorConfig()
    assert [num_anchors(n, config) for n in (1, 25, 300)] == [2, 2, 30]
    assert num_anchors(18_000, config) == config.most_anchors


def test_anchors_are_the_best_candidates_and_the_user_has_the_last_word():
    candidates, scores = (4, 7, 1, 9), (0.5, -1.0, 2.0, 0.1)
    assert choose_anchors(candidates, scores, 2) == (7, 9)
    assert choose_anchors(candidates, scores, 2, includes={1}) == (7, 1)
    assert choose_anchors(candidates, scores, 2, excludes={7}) == (9, 4)
    assert choose_anchors(candidates, scores, 1, includes={1, 4}) == (4, 1)
