"""Poses of a body whose proportions and rest pose are others, on the open body."""

from dataclasses import replace

import pytest
import torch

from initial.acted_landmarks import perform
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import BODY_25_NAMES, POINT_NAMES
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.initial.other_body import (
    Evidence,
    MaskEvidence,
    PixelEvidence,
    PointEvidence,
    _Correction,
    _PointBody,
    fit_other_body,
)
from neuhmr.initial.silhouettes import collect_silhouettes
from neuhmr.rendering.mesh_raster import rasterize_mesh

MODEL = load_body_model()
FRAMES = 24
CAMERA = camera_from_focal(900.0, 720, 1280)


def random(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def given() -> Motion:
    """What a file's poses say of the mean open body."""
    return replace(perform(MODEL, frames=FRAMES).motion, betas=torch.zeros(10))


def true() -> Motion:
    """The person: other proportions, joints turned at rest by some 10 degrees, pelvis shifted."""
    correction = _Correction(
        random(10, seed=1), 0.1 * random(24, 3, seed=2), torch.tensor([0.01, 0.02, -0.02])
    )
    return correction.apply(given(), MODEL)


def joint_error(motion: Motion) -> float:
    """Of all 24 joints, hips aligned (mm)."""
    joints, expected = (m.pose(MODEL).joints for m in (motion, true()))
    joints, expected = (j - j[:, 1:3].mean(dim=1, keepdim=True) for j in (joints, expected))
    return 1e3 * float((joints - expected).norm(dim=-1).mean())


def cameras():
    return replace(CAMERA, K=CAMERA.K.expand(FRAMES, 3, 3))


def points() -> torch.Tensor:
    return _PointBody(MODEL).points(true(), MODEL)


def in_space() -> Evidence:
    noisy = points() + 0.005 * random(FRAMES, len(POINT_NAMES), 3, seed=3)
    noisy[:, [7, 20]] = torch.nan
    return PointEvidence(points=noisy)


def about_a_middle() -> Evidence:
    return PointEvidence(points=points() - true().transl[:, None])


def in_the_picture() -> Evidence:
    pixels = cameras().project(points()) + random(FRAMES, len(POINT_NAMES), 2, seed=4)
    names = {*BODY_25_NAMES, "pelvis"}
    pixels[:, [name not in names for name in POINT_NAMES]] = torch.nan
    return PixelEvidence(points=pixels, confidence=torch.ones(pixels.shape[:2]), cameras=cameras())


def masks() -> Evidence:
    drawn = [
        rasterize_mesh(v, MODEL.faces, CAMERA).mask.numpy() for v in true().pose(MODEL).vertices
    ]
    return MaskEvidence(silhouettes=collect_silhouettes(drawn), cameras=cameras())


@pytest.mark.parametrize(
    ("evidence", "unit", "share"),
    [(in_space, "mm", 0.2), (about_a_middle, "mm", 0.2), (in_the_picture, "px", 0.4),
     (masks, "px", 0.6)],
)  # fmt: skip
def test_another_bodys_form_is_found(evidence, unit: str, share: float) -> None:
    before = joint_error(given())
    assert before > 35.0
    found = fit_other_body(given(), MODEL, evidence())
    assert joint_error(found.motion) < share * before
    assert found.unit == unit and found.after < 0.5 * found.before


def test_a_correction_of_nothing_changes_nothing() -> None:
    motion = given()
    moved = _Correction(torch.zeros(10), torch.zeros(24, 3), torch.zeros(3)).apply(motion, MODEL)
    for name in ("global_orient", "body_pose", "transl"):
        torch.testing.assert_close(getattr(moved, name), getattr(motion, name), atol=1e-6, rtol=0)


def test_a_correction_is_that_of_the_rest_pose() -> None:
    # The left elbow's rest pose is turned by A: R_j becomes A_shoulder^T R_j A_elbow, and the
    # wrist's R_j A_elbow's inverse first; everything below turns as before.
    turns = torch.zeros(24, 3)
    turns[18, 2] = 0.3
    motion = given()
    moved = _Correction(torch.zeros(10), turns, torch.zeros(3)).apply(motion, MODEL)

    def world(m: Motion, joint: int) -> torch.Tensor:
        chain = [joint]
        while chain[-1]:
            chain.append(MODEL.parents[chain[-1]])
        rotmat = torch.eye(3).expand(FRAMES, 3, 3)
        for each in reversed(chain):
            local = m.global_orient if each == 0 else m.body_pose[:, each - 1]
            rotmat = rotmat @ local
        return rotmat

    torch.testing.assert_close(world(moved, 20), world(motion, 20), atol=1e-5, rtol=0)
    c, s = torch.cos(torch.tensor(0.3)), torch.sin(torch.tensor(0.3))
    A = torch.tensor([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(world(moved, 18), world(motion, 18) @ A, atol=1e-5, rtol=0)


def test_the_pelvis_stays_where_it_is_when_the_shape_changes() -> None:
    motion, betas = given(), 2.0 * random(10, seed=5)
    moved = _Correction(betas, torch.zeros(24, 3), torch.zeros(3)).apply(motion, MODEL)
    torch.testing.assert_close(
        moved.pose(MODEL).joints[:, 0], motion.pose(MODEL).joints[:, 0], atol=1e-5, rtol=0
    )


def test_rows_without_a_person_have_no_say() -> None:
    motion, evidence = given(), in_space()
    assert isinstance(evidence, PointEvidence)
    valid = torch.ones(FRAMES, dtype=torch.bool)
    valid[3] = False
    wrong = evidence.points.clone()
    wrong[3] += 5.0
    found = fit_other_body(replace(motion, valid=valid), MODEL, PointEvidence(points=wrong))
    assert found.after < 12.0
