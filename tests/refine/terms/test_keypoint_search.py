"""Keypoints found by heatmaps of a network that was never trained."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.anchors.conditioning import reference_views
from neuhmr.progress import Cancelled, Progress
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.terms.keypoint_search import keypoints_in_frame, look_for_keypoints
from refine.untrained_heatmaps import untrained_heatmaps
from tests.ghn.scene import make_ghn
from tests.refine.walker_problem import walk, walker_problem
from workbench.engine.keypoints import find_keypoints, look_at_anchors


@pytest.fixture(scope="module")
def problem() -> RefineProblem:
    blind = walker_problem(walk())
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(0, 256, blind.crops.images.shape, generator=generator).byte()
    masks = torch.ones_like(blind.crops.masks)
    crops = replace(blind.crops, images=images, masks=masks)
    with torch.no_grad():
        views = reference_views(crops, blind.body, blind.initial, (0, 3))
        avatar = make_ghn().requires_grad_(False).condition(views, blind.body)
    return replace(blind, crops=crops, avatar=avatar, heatmaps=untrained_heatmaps())


def with_other_image(problem: RefineProblem, row: int) -> RefineProblem:
    images = problem.crops.images.clone()
    images[row] = 255 - images[row].flip(-1)
    return replace(problem, crops=replace(problem.crops, images=images))


def test_what_is_found_is_what_the_window_shows_and_depends_on_that_frame_alone(problem):
    known = look_for_keypoints(problem, (1,)).keypoints
    assert known is not None and known.looked.tolist() == [False, True, False, False]
    assert known.found_share() > 0.5
    avatar, crops, poses = problem.avatar, problem.crops, problem.initial
    shown = look_at_anchors(problem.heatmaps, avatar, crops, poses, (0, 3))
    assert shown is not None
    report = find_keypoints(shown, crops, poses, 1, "frame")
    assert report is not None
    is_found = np.isfinite(report.found).all(axis=1)
    np.testing.assert_array_equal(known.confidence[1].numpy() > 0.0, is_found)
    np.testing.assert_allclose(known.points[1].numpy()[is_found], report.found[is_found], atol=1e-3)
    np.testing.assert_allclose(known.confidence[1].numpy(), report.confidence, atol=1e-6)
    assert not known.points.requires_grad
    elsewhere = keypoints_in_frame(with_other_image(problem, 2), problem.initial, 1)
    assert torch.equal(elsewhere.confidence, known.confidence[1])
    here = keypoints_in_frame(with_other_image(problem, 1), problem.initial, 1)
    assert (here.confidence - known.confidence[1]).abs().max() > 1e-4


def test_the_search_tells_how_it_gets_on_and_can_be_cancelled(problem):
    told: list[Progress] = []

    def watch(progress: Progress) -> None:
        told.append(progress)
        raise Cancelled

    with pytest.raises(Cancelled):
        look_for_keypoints(problem, (0, 2), watch)
    assert told == [Progress("Finding keypoints", 0, 2)]
    assert look_for_keypoints(problem, ()) is problem
