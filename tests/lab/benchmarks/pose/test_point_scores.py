"""Poses against triangulated points, and what the points say about themselves."""

from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.errors import PoseFileError
from neuhmr.lab.benchmarks.pose.point_scores import (
    judge_reference,
    posed_points,
    score_against_points,
    share_made_worse,
)
from neuhmr.lab.benchmarks.pose.view_points import POINT_NAMES, ReferencePoints

MODEL = load_body_model()
WRIST = POINT_NAMES.index("right_wrist")


@pytest.fixture
def motion() -> Motion:
    """Four frames of a body that stands 3 m away and turns."""
    turned = torch.eye(3).repeat(4, 1, 1)
    angle = torch.linspace(0.0, 1.0, 4)
    turned[:, 0, 0] = turned[:, 2, 2] = angle.cos()
    turned[:, 0, 2], turned[:, 2, 0] = angle.sin(), -angle.sin()
    return Motion(
        global_orient=turned,
        body_pose=torch.eye(3).expand(4, 23, 3, 3).clone(),
        transl=torch.tensor([0.1, 0.0, 3.0]).repeat(4, 1),
        betas=torch.zeros(10),
        frame_index=torch.arange(4),
        valid=torch.ones(4, dtype=torch.bool),
    )


def points_of(motion: Motion, skeleton: str = "body25") -> ReferencePoints:
    points = posed_points(motion, MODEL, skeleton)  # pyright: ignore[reportArgumentType]
    whole = torch.ones(points.shape[:2])
    return ReferencePoints(points, whole.bool(), 3 * whole.long(), 0.5 * whole)


@pytest.mark.parametrize("skeleton", ["body25", "blazepose"])
def test_poses_fit_their_own_points(motion: Motion, skeleton) -> None:
    fit = score_against_points(motion, MODEL, points_of(motion, skeleton), skeleton)
    assert fit.frames == 4 and set(fit.per_joint_mm) == set(POINT_NAMES)
    for error in (fit.mpjpe_mm, fit.pa_mpjpe_mm, fit.abs_mpjpe_mm):
        assert error == pytest.approx(0.0, abs=0.01)


def test_a_body_at_the_wrong_place_is_wrong_absolutely_alone(motion: Motion) -> None:
    moved = replace(motion, transl=motion.transl + torch.tensor([0.0, 0.0, 0.2]))
    fit = score_against_points(moved, MODEL, points_of(motion), "body25")
    assert fit.abs_mpjpe_mm == pytest.approx(200.0, abs=0.1)
    assert fit.mpjpe_mm == pytest.approx(0.0, abs=0.01)


def test_one_wrong_joint_counts_as_itself_and_along_the_ray(motion: Motion) -> None:
    reference = points_of(motion)
    points = reference.points.clone()
    ray = points[:, WRIST] / points[:, WRIST].norm(dim=-1, keepdim=True)
    points[:, WRIST] += 0.12 * ray
    fit = score_against_points(motion, MODEL, replace(reference, points=points), "body25")
    assert fit.per_joint_mm["right_wrist"] == pytest.approx(120.0, abs=0.1)
    assert fit.per_joint_mm["left_wrist"] == pytest.approx(0.0, abs=0.01)
    assert fit.mpjpe_mm == pytest.approx(10.0, abs=0.1)
    assert fit.along_ray_mm == pytest.approx(10.0, abs=0.1)
    assert fit.across_ray_mm == pytest.approx(0.0, abs=0.1)
    assert fit.pa_mpjpe_mm is not None and 0.0 < fit.pa_mpjpe_mm < 30.0


def test_a_larger_body_turned_elsewhere_is_right_after_the_best_similarity(motion: Motion) -> None:
    reference = points_of(motion)
    quarter = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    other = replace(reference, points=1.1 * reference.points @ quarter)
    fit = score_against_points(motion, MODEL, other, "body25")
    assert fit.pa_mpjpe_mm == pytest.approx(0.0, abs=0.01)
    assert fit.mpjpe_mm is not None and fit.mpjpe_mm > 50.0


def test_points_not_found_do_not_count(motion: Motion) -> None:
    reference = points_of(motion)
    points, found = reference.points.clone(), reference.found.clone()
    points[:, WRIST], found[:, WRIST] = 0.0, False
    found[0, POINT_NAMES.index("left_hip")] = False
    fit = score_against_points(motion, MODEL, replace(reference, points=points, found=found),
                               "body25")  # fmt: skip
    assert "right_wrist" not in fit.per_joint_mm
    assert fit.mpjpe_mm == pytest.approx(0.0, abs=0.01)
    assert fit.frames == 4 and set(fit.frame_errors_mm) == {1, 2, 3}, "one lacks a hip"


def test_frames_of_the_capture_are_found_by_their_number(motion: Motion) -> None:
    late = replace(motion[1:], valid=torch.tensor([True, False, True]))
    fit = score_against_points(late, MODEL, points_of(motion), "body25")
    assert set(fit.frame_errors_mm) == {1, 3} and fit.mpjpe_mm == pytest.approx(0.0, abs=0.01)
    elsewhere = replace(motion, frame_index=motion.frame_index + 9)
    with pytest.raises(PoseFileError, match="None of the 4 poses"):
        score_against_points(elsewhere, MODEL, points_of(motion), "body25")


def test_frames_worse_are_those_that_both_motions_have(motion: Motion) -> None:
    reference = points_of(motion)
    before = score_against_points(motion, MODEL, reference, "body25")
    bent = motion.body_pose.clone()
    bent[2, 15] = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    bent[2, 16] = bent[2, 15]
    after = score_against_points(replace(motion, body_pose=bent)[1:], MODEL, reference, "body25")
    assert share_made_worse(before, after) == pytest.approx(1 / 3)
    assert share_made_worse(after, before) == 0.0
    assert share_made_worse(replace(before, frame_errors_mm={}), after) is None


def test_the_reference_tells_how_steady_its_bones_are(motion: Motion) -> None:
    reference = points_of(motion)
    steady = judge_reference(reference)
    assert (steady.points_found, steady.frames_whole, steady.views) == (1.0, 1.0, 3.0)
    assert steady.reprojection_px == pytest.approx(0.5)
    assert steady.bone_deviation_mm == pytest.approx(0.0, abs=0.01)
    assert 200.0 < steady.bone_lengths_mm["left forearm"] < 300.0
    points, found = reference.points.clone(), reference.found.clone()
    elbow = POINT_NAMES.index("right_elbow")
    along = points[:, WRIST] - points[:, elbow]
    along = along / along.norm(dim=-1, keepdim=True)
    points[:, WRIST] += along * torch.tensor([0.01, -0.01, 0.01, -0.01])[:, None]
    found[3, 0] = False
    shaken = judge_reference(replace(reference, points=points, found=found))
    # One of eight bones; the deviation of four numbers of 10 mm is 11.5.
    assert shaken.bone_deviation_mm == pytest.approx(11.55 / 8, abs=0.05)
    assert shaken.frames_whole == 0.75 and shaken.points_found == pytest.approx(47 / 48)
