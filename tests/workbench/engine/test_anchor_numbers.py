"""Numbers behind Visibility and Matches, against what the library registered and matched."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.anchors.registration import normalize_features
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.refine.settings import with_values
from tests.refine.tiny_problem import TINY_CONFIG, tiny_problem
from workbench.engine.avatar import show_anchors
from workbench.engine.avatar_pictures import frame_quality, preview_frame, psnr_db, view_person
from workbench.engine.free_view import Viewpoint
from workbench.engine.refinement import NeuhmrOptimizer

WRIST = 21


@pytest.fixture(scope="module")
def anchors():
    return show_anchors(TINY_CONFIG, tiny_problem(), tiny_problem().initial)


def test_depths_of_the_anchors_see_as_many_joints_as_were_registered(anchors):
    tests = anchors.depth_tests()
    assert tests.frames == anchors.anchors
    seen = tests.visible(TINY_CONFIG.matching.epsilon).sum(axis=0)
    np.testing.assert_array_equal(seen, anchors.anchors_seeing)
    assert tests.visible(0.001).sum() < seen.sum()


def test_another_tolerance_needs_no_rendering_to_tell_what_is_visible():
    optimizer = NeuhmrOptimizer(tiny_problem(), TINY_CONFIG)
    kept = optimizer.inspect(3, TINY_CONFIG).depths
    for epsilon in (0.01, 0.1, 0.2, 0.5):
        config = with_values(TINY_CONFIG, {"matching.epsilon": epsilon})
        np.testing.assert_array_equal(
            kept.visible(epsilon)[0], optimizer.inspect(3, config).visible
        )


def test_a_similarity_map_says_at_its_cells_what_matching_reads_there(anchors):
    problem = tiny_problem()
    cosines = anchors.similarity_map(2, WRIST)
    rows, columns = cosines.shape
    height, width = problem.image_size
    v, u = np.mgrid[:rows, :columns] + 0.5
    centers = torch.tensor(np.stack([u * width / columns, v * height / rows], -1)).float()
    features = problem.features[2].float()
    read = normalize_features(sample_at_pixels(features, centers.reshape(-1, 2), (height, width)))
    expected = (read @ problem.descriptors.descriptors[WRIST].float()).reshape(rows, columns)
    np.testing.assert_allclose(cosines, expected.numpy(), atol=1e-3)
    assert anchors.similarity_map(99, WRIST) is None


def test_signal_to_noise_is_measured_on_the_person_alone():
    wanted = np.zeros((4, 3), np.float32)
    colors = np.float32([[0.1] * 3, [0.1] * 3, [1.0] * 3, [1.0] * 3])
    mask = np.float32([1, 1, 0, 0])
    assert psnr_db(colors, wanted, mask) == pytest.approx(20.0, abs=1e-4)
    assert math.isnan(psnr_db(colors, wanted, np.zeros(4, np.float32)))
    assert psnr_db(wanted, wanted, mask) == 60.0


def test_the_true_pose_renders_better_than_a_wrong_one():
    problem = tiny_problem()
    crops, right = problem.crops, problem.initial
    wrong = replace(right, transl=right.transl + torch.tensor([0.15, 0.0, 0.0]))
    good, bad = (frame_quality(problem.avatar, crops, motion, 2) for motion in (right, wrong))
    assert good.psnr_db > bad.psnr_db and 0.0 < bad.iou < good.iou <= 1.0
    assert frame_quality(problem.avatar, crops, right, 99) is None


def test_previews_carry_depth_where_there_is_a_body():
    problem = tiny_problem()
    seen = preview_frame(problem.avatar, problem.crops, problem.initial, 2, 1)
    is_body = ~np.isnan(seen.depth)
    assert seen.image.shape[:2] == seen.depth.shape == problem.image_size
    assert 0.02 < is_body.mean() < 0.9
    z = float(problem.initial.transl[2, 2])
    assert abs(float(np.median(seen.depth[is_body])) - z) < 0.4


def test_a_free_view_fills_its_picture_with_the_person():
    problem = tiny_problem()
    viewpoint = Viewpoint((1.0, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0))
    image = view_person(problem.avatar, problem.crops, problem.initial, 2, viewpoint, (80, 60))
    rows = np.nonzero(image.max(axis=(1, 2)) > 20)[0]
    assert image.shape == (80, 60, 3) and rows.max() - rows.min() > 40


def test_the_depths_around_a_joint_hold_the_depth_of_its_own_test():
    optimizer = NeuhmrOptimizer(tiny_problem(), TINY_CONFIG)
    tests = optimizer.inspect(3, TINY_CONFIG).depths
    pelvis = 0
    window = optimizer.depth_around(3, pelvis)
    assert window.center.shape == (2,) and window.depths.shape == (72, 72)
    np.testing.assert_allclose(window.center, tests.pixels[0, pelvis], atol=1e-3)
    # The joint lies on the corner of the four pixels in the middle.
    middle = window.depths[35:37, 35:37]
    assert np.abs(np.nanmean(middle) - tests.surface_depths[0, pelvis]) < 0.05
    assert optimizer.depth_around(99, pelvis) is None
