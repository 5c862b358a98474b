"""Files with joints, vertices or a model beside them make the open body stand as theirs does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import BODY_25_NAMES, LANDMARK_VERTICES, POINT_NAMES
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import PoseFileError
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.formats.reading.rest_body import rest_body_of
from neuhmr.initial.fit_shape import fit_to_points
from neuhmr.initial.other_body import _Correction, _PointBody
from neuhmr.opening import open_clip_files
from tests.formats.reading.containers import write_joblib
from tests.formats.reading.known import BODY, Known, make_known
from tests.formats.reading.tool_files import wham_track
from tests.painted_clip import make_painted_clip

MODEL = load_body_model()
OPEN = rest_body_of(MODEL)


def read(path: Path, **choice):
    return read_poses(path, Choice(body=OPEN, **choice))


def vertices_of(known: Known) -> np.ndarray:
    """A mesh of SMPL's 6,890 vertices on which the named ones lie as on a slim open body."""
    motion = replace(known.arrays().motion, betas=torch.tensor([2.0, -1.5] + [0.0] * 8))
    return motion.pose(MODEL).vertices.numpy()


def test_whams_vertices_give_the_open_body_their_form(tmp_path: Path) -> None:
    known = make_known(rows=8)
    track = wham_track(known) | {"verts": vertices_of(known).astype(np.float32)}
    content = read(write_joblib(tmp_path / "wham_output.pkl", {0: track}))
    assert content.points3d is not None and not content.betas.any()
    fitted = fit_to_points(content, MODEL)
    assert fitted.points3d is None
    (remark,) = [text for text in fitted.remarks if "fitted to the joints" in text]
    assert "--source-model" in remark and remark in fitted.source
    chosen = [LANDMARK_VERTICES[name] for name in POINT_NAMES[24:]]
    expected = track["verts"][:, chosen]

    def error(each) -> float:
        found = each.motion.pose(MODEL).vertices[:, chosen].numpy()
        return float(np.linalg.norm(found - expected, axis=-1).mean())

    assert error(fitted) < 0.5 * error(content)


def test_joints_in_plain_arrays_are_used_and_dropped_where_bodies_agree(tmp_path: Path) -> None:
    known = make_known(rows=6)
    correction = _Correction(
        torch.tensor([1.0, -1.0] + [0.0] * 8), torch.full((24, 3), 0.05), torch.zeros(3)
    )
    person = correction.apply(replace(known.arrays().motion, betas=torch.zeros(10)), MODEL)
    joints = person.pose(MODEL).joints.numpy()
    arrays = {"poses": known.poses, "trans": known.transl, "betas": known.betas, "joints": joints}
    # 66 numbers a row are SMPL-H's.
    np.savez(tmp_path / "a.npz", **{**arrays, "poses": known.poses[:, :66]})
    content = read(tmp_path / "a.npz")
    fitted = fit_to_points(content, MODEL)
    before, after = (
        np.linalg.norm(each.motion.pose(MODEL).joints.numpy() - joints, axis=-1)[:, :22].mean()
        for each in (content, fitted)
    )
    assert after < 0.5 * before
    # On a body of their own kind betas go along, and nothing is fitted.
    np.savez(tmp_path / "b.npz", **arrays)
    assert read_poses(tmp_path / "b.npz", Choice(body=rest_body_of(BODY))).points3d is None
    assert read_poses(tmp_path / "b.npz").points3d is None


def test_joints_that_do_not_fit_the_poses_are_not_used(tmp_path: Path) -> None:
    known = make_known(rows=4)
    noise = np.random.default_rng(0).normal(size=(4, 24, 3))
    np.savez(tmp_path / "a.npz", poses=known.poses[:, :66], trans=known.transl, joints=noise)
    content = read(tmp_path / "a.npz")
    fitted = fit_to_points(content, MODEL)
    np.testing.assert_array_equal(fitted.body_pose, content.body_pose)
    assert any("are not used" in remark for remark in fitted.remarks)


def test_a_model_file_says_where_all_joints_are(tmp_path: Path) -> None:
    known = make_known(rows=6)
    source = rest_body_of(BODY)
    np.savez(tmp_path / "a.npz", poses=known.poses[:, :66], trans=known.transl, betas=known.betas)
    content = read(tmp_path / "a.npz", source_model=source)
    assert content.points3d is not None
    joints = known.joints()
    np.testing.assert_allclose(content.points3d[:, :22], joints[:, :22], atol=1e-4)
    before, after = (
        np.linalg.norm(each.motion.pose(MODEL).joints.numpy() - joints, axis=-1)[:, :22].mean()
        for each in (content, fit_to_points(content, MODEL))
    )
    assert after < 0.6 * before, "its proportions are beyond the open body's"


def test_a_clips_keypoints_or_masks_shape_the_body_when_asked(tmp_path: Path) -> None:
    path = make_painted_clip(tmp_path)
    content = read_motion_file(path.with_name("clip.truth.npz"))
    small = replace(content, betas=np.array([[0.0, -4.0] + [0.0] * 8]))
    poses = tmp_path / "small.npz"
    write_motion_file(poses, small)
    given = open_clip_files(OpenRequest(clip=path, poses=poses))
    truth = given.clip.truth
    assert truth is not None and given.clip.motion is not None

    def error(opened) -> float:
        joints, expected = (m.pose(MODEL).joints for m in (opened.clip.motion, truth))
        joints, expected = (j - j[:, 1:3].mean(dim=1, keepdim=True) for j in (joints, expected))
        return float((joints - expected).norm(dim=-1).mean())

    points = given.clip.camera.project(_PointBody(MODEL).points(truth, MODEL)).numpy()
    body25 = np.full((len(points), 25, 2), np.nan)
    for place, name in enumerate(BODY_25_NAMES):
        name = "pelvis" if name == "mid_hip" else name
        body25[:, place] = points[:, POINT_NAMES.index(name)]
    np.save(tmp_path / "k.npy", body25 - 0.5)
    by_points = open_clip_files(
        OpenRequest(clip=path, poses=poses, keypoints_2d=tmp_path / "k.npy", fit_shape="on")
    )
    assert error(by_points) < 0.7 * error(given), "of pictures of 96 x 128 px"
    assert any("fitted to 2D keypoints" in remark for remark in by_points.remarks)
    by_masks = open_clip_files(OpenRequest(clip=path, poses=poses, fit_shape="on"))
    assert any("fitted to masks" in remark for remark in by_masks.remarks)
    assert error(by_masks) < error(given)
    path.with_name("clip.masks.npz").unlink()
    with pytest.raises(PoseFileError, match="nothing that the body's shape could be fitted to"):
        open_clip_files(OpenRequest(clip=path, poses=poses, fit_shape="on"))
