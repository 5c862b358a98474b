"""Every kind of wrong poses is what its figures say, and differs in what it claims."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.geometry.rotations import rotmat_to_axisangle
from neuhmr.lab.people.errors.error_models import ERROR_KINDS, ERROR_MODELS, error_config
from neuhmr.lab.people.errors.wrong_poses import make_wrong_poses
from tests.lab.people.errors.filmed_truth import CAMERA, KINDS, film

FIGURES = {
    "mpjpe_mm": "mpjpe_mm",
    "pa_mpjpe_mm": "pa_mpjpe_mm",
    "along_ray_mm": "along_ray_mm",
    "across_ray_mm": "in_plane_mm",
    "acceleration_mm": "acceleration_mm",
}
"""What the table calls a figure, and what `PoseErrors` does."""
NEW_KINDS = ("image", "video", "world", "mirrored")
WRISTS_AND_ANKLES = [7, 8, 20, 21]


@pytest.fixture(scope="module")
def made(shaped):
    """Wrong poses of five clips with their truth, by kind, each made when first asked for."""
    kept, truths = {}, [film(motion, shaped, seed) for seed, motion in enumerate(KINDS)]

    def of(kind):
        if kind not in kept:
            kept[kind] = [
                (truth, make_wrong_poses(truth, shaped, CAMERA, error_config(kind, seed)))
                for seed, truth in enumerate(truths)
            ]
        return kept[kind]

    return of


def test_there_is_a_model_of_every_kind():
    assert tuple(ERROR_MODELS) == ERROR_KINDS
    assert all(model.config.kind == kind for kind, model in ERROR_MODELS.items())
    named = {field.name for field in fields(type(ERROR_MODELS["ray"]))}
    assert named == {"stands_for", "config", *FIGURES}


@pytest.mark.parametrize("kind", ERROR_KINDS)
@pytest.mark.parametrize("figure", FIGURES)
def test_a_kinds_figures_are_within_what_its_model_states(made, kind, figure):
    mean = np.mean([getattr(wrong.errors, FIGURES[figure]) for _, wrong in made(kind)])
    low, high = getattr(ERROR_MODELS[kind], figure)
    assert low <= mean <= high


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_the_same_seed_gives_the_same_poses(shaped, kind):
    truth = film("throw", shaped, 1)[:12]
    first, again, other = (
        make_wrong_poses(truth, shaped, CAMERA, error_config(kind, seed)).motion
        for seed in (1, 1, 2)
    )
    assert torch.equal(first.body_pose, again.body_pose)
    assert torch.equal(first.transl, again.transl)
    assert not torch.allclose(first.body_pose, other.body_pose, atol=1e-2)


def velocities(shaped, motion):
    joints = frame_joints(shaped, motion)
    ends = joints[:, WRISTS_AND_ANKLES] - joints[:, :1]
    return ends[1:] - ends[:-1]


def delay(shaped, truth, wrong):
    """Find by how many frames the wrong poses' hands and feet move late."""
    true, found = velocities(shaped, truth), velocities(shaped, wrong)
    inner = slice(6, -6)
    shifts = range(-5, 6)
    likeness = [float((found[inner] * true.roll(s, dims=0)[inner]).sum()) for s in shifts]
    return shifts[int(np.argmax(likeness))]


def test_video_errors_are_late_and_ray_errors_are_not(made, shaped):
    late = [delay(shaped, truth, wrong.motion) for truth, wrong in made("video")]
    assert min(late) >= 1 and max(late) <= 3
    assert abs(np.mean([delay(shaped, truth, w.motion) for truth, w in made("ray")])) < 0.5


def test_video_errors_damp_fast_limbs(made, shaped):
    truth, wrong = made("video")[2]
    assert KINDS[2] == "kick"
    fastest = [float(velocities(shaped, m).norm(dim=-1).max()) for m in (truth, wrong.motion)]
    assert fastest[1] < 0.8 * fastest[0]


def test_image_errors_shake_more_than_ray_errors_and_those_more_than_video_errors(made):
    image, ray, video = (
        np.mean([wrong.errors.acceleration_mm for _, wrong in made(kind)])
        for kind in ("image", "ray", "video")
    )
    assert image > 1.4 * ray > 2.8 * video


def test_world_errors_of_the_root_stay_the_same_over_the_clip(made):
    def changes(kind):
        shares = []
        for truth, wrong in made(kind):
            depth = (wrong.motion.transl - truth.transl)[:, 2]
            turn = rotmat_to_axisangle(wrong.motion.global_orient @ truth.global_orient.mT)
            shares.append(
                (float(depth.std() / depth.square().mean().sqrt()),
                 float(turn.std(dim=0).norm() / turn.square().mean(dim=0).sum().sqrt()))
            )  # fmt: skip
        return np.mean(shares, axis=0)

    world, ray = changes("world"), changes("ray")
    assert world[0] < 0.6 * ray[0]
    assert world[1] < ray[1]


def test_mirrored_errors_hold_a_limb_wrong_for_half_a_second(made, shaped):
    for truth, wrong in made("mirrored"):
        pose = wrong.motion.body_pose.mT @ truth.body_pose
        turned = rotmat_to_axisangle(pose).norm(dim=-1).amax(dim=1) > 0.5
        runs = "".join("x" if t else " " for t in turned.tolist()).split()
        assert max(map(len, runs)) >= 10
