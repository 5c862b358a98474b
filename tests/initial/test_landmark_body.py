import dataclasses

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import joint_index
from neuhmr.initial.landmark_body import LandmarkBody, make_landmark_body
from neuhmr.initial.landmarks import MIRRORED_LANDMARKS, landmark_index
from synthetic_body import make_synthetic_body


@pytest.fixture(scope="module", params=["open", "synthetic"])
def body(request) -> LandmarkBody:
    return make_landmark_body(
        load_body_model() if request.param == "open" else make_synthetic_body()
    )


def place(body: LandmarkBody, name: str) -> torch.Tensor:
    return body.landmarks_template[landmark_index(name)]


def test_landmarks_of_both_sides_mirror_each_other(body):
    mirrored = body.landmarks_template[list(MIRRORED_LANDMARKS)] * torch.tensor([-1.0, 1.0, 1.0])
    # The open body's own sides differ by some millimetres.
    assert (mirrored - body.landmarks_template).abs().max() < 0.015


def test_landmarks_lie_where_their_names_say(body):
    # Rest frame: +y up, +x the subject's left, +z front.
    assert place(body, "left_wrist")[0] > place(body, "left_elbow")[0] > 0.2
    assert place(body, "nose")[2] > place(body, "left_ear")[2]
    assert place(body, "left_foot_index")[2] > place(body, "left_heel")[2] + 0.1
    assert place(body, "left_heel")[1] < place(body, "left_knee")[1] - 0.3
    assert place(body, "left_hip")[0] > place(body, "right_hip")[0] + 0.1


def test_posed_joints_agree_with_the_whole_body(generator):
    model = load_body_model()
    betas = torch.randn(10, generator=generator)
    local = torch.linalg.qr(torch.randn(2, 24, 3, 3, generator=generator)).Q
    local = local * torch.linalg.det(local)[..., None, None]
    transl = torch.randn(2, 3, generator=generator)
    body = make_landmark_body(model)
    _, joints = body.carry(betas, body.bones(betas, local, transl))
    posed = model.with_shape(betas).with_pose(local[:, 1:], local[:, 0], transl)
    assert torch.allclose(joints, posed.joints, atol=1e-5)


def test_a_landmark_moves_with_its_bone_only(body):
    local = torch.eye(3).repeat(1, 24, 1, 1)
    shape, place = torch.zeros(10), torch.zeros(1, 3)
    rest, _ = body.carry(shape, body.bones(shape, local, place))
    local[0, joint_index("left_elbow")] = torch.tensor(
        [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]
    )
    bent, _ = body.carry(shape, body.bones(shape, local, place))
    moved = (bent - rest)[0].norm(dim=-1) > 1e-4
    forearm = {"left_wrist", "left_pinky", "left_index", "left_thumb"}
    assert {landmark_index(name) for name in forearm} == set(moved.nonzero()[:, 0].tolist())


def test_a_body_with_narrow_hip_joints_gets_the_same_hip_landmarks():
    # SMPL's hip joints lie 7 cm from the middle; the detector's hips do not follow them.
    model = load_body_model()
    regressor = model.J_regressor.clone()
    for name in ("left_hip", "right_hip"):
        pelvis, hip = regressor[0], regressor[joint_index(name)]
        regressor[joint_index(name)] = 0.4 * pelvis + 0.6 * hip
    narrow = make_landmark_body(dataclasses.replace(model, J_regressor=regressor))
    wide = make_landmark_body(model)
    assert (place(narrow, "left_hip") - place(wide, "left_hip"))[0].abs() < 0.005
