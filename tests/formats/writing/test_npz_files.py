"""Npz files of other programs, posed by smplx."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from body.official_bodies import SMPLH_PARENTS
from neuhmr.body.smpl_model import SmplModel
from neuhmr.body.smplx_adapter import SmplxBody, load_smplx_body
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.formats.writing.formats import WriteOptions
from neuhmr.formats.writing.write import write_motion
from neuhmr.geometry.rotations import axisangle_to_rotmat
from official_pickle import official_arrays, write_official_pickle
from tests.formats.writing.people import FRAMES, ONE_MM, without

SHARED = 22
"""Joints that SMPL and SMPL-H have in common."""


def smpl_of_smplx(folder: Path, model: SmplModel) -> SmplxBody:
    return load_smplx_body(write_official_pickle(folder / "SMPL.pkl", official_arrays(model)))


def smplh_of_smplx(folder: Path, model: SmplModel) -> SmplxBody:
    """Give the same body SMPL-H's joints: its hands become the first joints of two fingers."""
    vertices, joints = len(model.v_template), len(SMPLH_PARENTS)
    weights, regressor = np.zeros((vertices, joints)), np.zeros((joints, vertices))
    weights[:, :SHARED] = model.lbs_weights[:, :SHARED]
    regressor[:SHARED] = model.J_regressor[:SHARED]
    for side, finger in ((22, 22), (23, 37)):
        weights[:, finger] = model.lbs_weights[:, side]
        regressor[finger : finger + 15] = model.J_regressor[side]
    np.savez(
        folder / "SMPLH.npz",
        v_template=model.v_template,
        shapedirs=np.pad(model.shapedirs.numpy(), ((0, 0), (0, 0), (0, 6))),
        J_regressor=regressor,
        weights=weights,
        f=model.faces,
        kintree_table=np.stack([np.array(SMPLH_PARENTS), np.arange(joints)]),
    )
    return load_smplx_body(folder / "SMPLH.npz")


def load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as data:
        return {key: data[key] for key in data.files}


def posed(body: SmplxBody, root, rest, transl, betas) -> np.ndarray:
    rotmats = axisangle_to_rotmat(torch.from_numpy(rest).float().reshape(len(rest), -1, 3))
    orient = axisangle_to_rotmat(torch.from_numpy(root).float())
    transl, betas = torch.from_numpy(transl).float(), torch.from_numpy(betas).float()
    return body.pose(betas, orient, rotmats, transl).joints.numpy()


@pytest.mark.parametrize("up", ["y", "z"])
def test_amass_files_put_the_body_of_smplx_where_it_was(person, tmp_path, up):
    path = tmp_path / "a.npz"
    write_motion(path, person.content, person.model, "amass", WriteOptions(up=up))
    data = load(path)
    assert set(data) == {
        "poses", "trans", "betas", "gender", "mocap_framerate", "mocap_frame_rate"
    }  # fmt: skip
    assert data["poses"].shape == (FRAMES, 156) and data["betas"].shape == (16,)
    assert not data["poses"][:, 66:].any(), "fingers rest"
    body = smplh_of_smplx(tmp_path, person.model)
    poses = data["poses"]
    joints = posed(body, poses[:, :3], poses[:, 3:66], data["trans"], data["betas"])[:, :SHARED]
    np.testing.assert_allclose(joints, person.joints_up(up)[:, :SHARED], atol=ONE_MM)
    assert str(data["gender"]) == "female"
    assert data["mocap_framerate"].dtype.kind == "i" and data["mocap_framerate"] == 25


def test_a_broken_rate_is_written_as_it_is_and_said(person, tmp_path):
    content = replace(person.content, fps=29.97)
    remarks = write_motion(tmp_path / "a.npz", content, person.model, "amass")
    assert load(tmp_path / "a.npz")["mocap_frame_rate"] == 29.97
    assert any("29.97" in remark and "--fps 30" in remark for remark in remarks)


def test_amass_files_have_a_row_for_every_frame_and_later_ones_stay_late(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6, 7])
    remarks = write_motion(tmp_path / "a.npz", content, person.model, "amass", WriteOptions(up="z"))
    data = load(tmp_path / "a.npz")
    assert len(data["poses"]) == len(data["trans"]) == FRAMES
    pelvis = person.joints[:, 0] - person.joints[0, 0]
    walked = data["trans"] - data["trans"][0]
    np.testing.assert_allclose(walked[[1, 2, 5, 8, 11]], pelvis[[1, 2, 5, 8, 11]], atol=ONE_MM)
    np.testing.assert_allclose(walked[3], (pelvis[2] + pelvis[4]) / 2, atol=ONE_MM)
    assert "3 frames without a pose (3, 6-7)" in remarks[0]


def test_axis_angles_have_no_step_of_a_whole_turn(person, tmp_path):
    write_motion(tmp_path / "a.npz", person.content, person.model, "amass")
    write_motion(tmp_path / "s.npz", person.content, person.model, "smplx")
    for poses in (load(tmp_path / "a.npz")["poses"], load(tmp_path / "s.npz")["body_pose"]):
        steps = np.linalg.norm(np.diff(poses.reshape(FRAMES, -1, 3), axis=0), axis=-1)
        assert steps.max() < 1.0
    shortest = person.content.body_pose.reshape(FRAMES, -1, 3)
    assert np.linalg.norm(np.diff(shortest, axis=0), axis=-1).max() > 5.0


def test_smplx_files_are_arguments_of_smplx(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6])
    remarks = write_motion(tmp_path / "a.npz", content, person.model, "smplx")
    data = load(tmp_path / "a.npz")
    assert set(data) == {"global_orient", "body_pose", "transl", "betas", "frame_index", "fps"}
    assert data["frame_index"].tolist() == [0, 1, 2, 4, 5, 7, 8, 9, 10, 11]
    body = smpl_of_smplx(tmp_path, person.model)
    joints = posed(body, data["global_orient"], data["body_pose"], data["transl"], data["betas"])
    expected = person.joints_in_camera()[data["frame_index"]]
    np.testing.assert_allclose(joints, expected, atol=ONE_MM)
    assert data["fps"] == 25.0 and data["betas"].shape == (10, 10)
    assert "2 frames without a pose (3, 6)" in remarks[0]


def test_aitviewer_files_fit_its_smplh_layer(person, tmp_path):
    remarks = write_motion(tmp_path / "a.npz", person.content, person.model, "aitviewer")
    data = load(tmp_path / "a.npz")
    assert set(data) == {"poses_root", "poses_body", "betas", "trans"}
    assert data["poses_body"].shape == (FRAMES, 63)
    body = smplh_of_smplx(tmp_path, person.model)
    joints = posed(body, data["poses_root"], data["poses_body"], data["trans"], data["betas"])
    np.testing.assert_allclose(joints[:, :SHARED], person.joints_up("y")[:, :SHARED], atol=ONE_MM)
    assert any("25 frames per second" in remark for remark in remarks)


def test_motion_files_lose_nothing(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6])
    write_motion(tmp_path / "a.npz", content, person.model, "motion")
    read = read_motion_file(tmp_path / "a.npz")
    assert read.frame_index.tolist() == content.frame_index.tolist()
    assert read.valid.tolist() == content.valid.tolist()
    expected = np.where(content.valid[:, None], content.body_pose, 0.0).astype(np.float32)
    np.testing.assert_array_equal(read.body_pose.astype(np.float32), expected)
    np.testing.assert_allclose(read.T_camera_world, content.T_camera_world, atol=1e-6)
