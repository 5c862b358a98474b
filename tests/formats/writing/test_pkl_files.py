"""Pickles in the layouts of WHAM and 4D-Humans."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.errors import PoseFileError
from neuhmr.formats.writing.write import write_motion
from tests.formats.writing.people import (
    FOCAL,
    FRAMES,
    HEIGHT,
    ONE_MM,
    WIDTH,
    pose_smpl,
    without,
)


def test_wham_tracks_hold_camera_and_world(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6])
    write_motion(tmp_path / "a.pkl", content, person.model, "wham")
    (track,) = pickle.loads((tmp_path / "a.pkl").read_bytes()).values()
    frames = track["frame_ids"]
    assert frames.tolist() == [0, 1, 2, 4, 5, 7, 8, 9, 10, 11]
    assert track["betas"].shape == (10, 10) and track["pose"].shape == (10, 72)
    joints = pose_smpl(person.model, track["pose"], track["trans"], track["betas"][0])
    np.testing.assert_allclose(joints, person.joints_in_camera()[frames], atol=ONE_MM)
    # In the world the translation is where the hips' middle is; smplx's follows from it.
    origin = np.zeros_like(track["trans_world"])
    at_origin = pose_smpl(person.model, track["pose_world"], origin, track["betas"][0])
    hips = at_origin[:, 1:3].mean(axis=1)
    joints = at_origin + (track["trans_world"] - hips)[:, None]
    expected = person.joints_up("y")[frames]
    # The lowest soles are those of fewer frames here, so the floor may be another.
    expected = expected + np.array([0.0, (joints - expected)[0, 0, 1], 0.0])
    np.testing.assert_allclose(joints, expected, atol=ONE_MM)
    assert abs((joints - person.joints_up("y")[frames])[0, 0, 1]) < 0.05


def test_4dhumans_frames_hold_the_person_or_nobody(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6])
    write_motion(tmp_path / "a.pkl", content, person.model, "4dhumans")
    frames = pickle.loads((tmp_path / "a.pkl").read_bytes())
    assert [frame["time"] for frame in frames.values()] == list(range(FRAMES))
    assert next(iter(frames)) == "img/000001.jpg"
    for frame in frames.values():
        expected = [] if frame["time"] in (3, 6) else [1]
        assert frame["tid"] == frame["tracked_ids"] == expected
        assert all(len(frame[key]) == len(expected) for key in ("smpl", "camera", "bbox", "size"))


def test_4dhumans_camera_sees_the_body_where_ours_does(person, tmp_path):
    write_motion(tmp_path / "a.pkl", person.content, person.model, "4dhumans")
    frames = list(pickle.loads((tmp_path / "a.pkl").read_bytes()).values())
    K, theirs = person.content.K, 5000.0 / 256.0 * max(HEIGHT, WIDTH)
    for row in (0, 5, 11):
        frame = frames[row]
        smpl, camera = frame["smpl"][0], frame["camera"][0]
        assert smpl["body_pose"].shape == (23, 3, 3) and smpl["global_orient"].shape == (1, 3, 3)
        motion = Motion(
            global_orient=torch.from_numpy(smpl["global_orient"]),
            body_pose=torch.from_numpy(smpl["body_pose"])[None],
            transl=torch.from_numpy(camera)[None],
            betas=torch.from_numpy(smpl["betas"]),
            frame_index=torch.zeros(1, dtype=torch.long),
            valid=torch.ones(1, dtype=torch.bool),
        )
        posed = motion.pose(person.model)
        joints, ours = posed.joints[0].numpy(), person.joints_in_camera()[row]
        # Rotations are the same, so only the place of the whole differs.
        np.testing.assert_allclose(joints - joints[0], ours - ours[0], atol=ONE_MM)
        pixel = theirs * joints[0, :2] / joints[0, 2] + np.array([WIDTH / 2, HEIGHT / 2])
        np.testing.assert_allclose(pixel, (K @ ours[0])[:2] / ours[0, 2], atol=0.01)
        assert joints[0, 2] / theirs == pytest.approx(ours[0, 2] / FOCAL, rel=1e-4)
        vertices = person.content.motion.pose(person.model).vertices[row].numpy() @ K.T
        pixels = vertices[:, :2] / vertices[:, 2:]
        box = frame["bbox"][0]
        np.testing.assert_allclose(box[:2], pixels.min(axis=0), atol=0.01)
        np.testing.assert_allclose(box[:2] + box[2:], pixels.max(axis=0), atol=0.01)
        # The crop's weak camera and the whole picture's are the same by 4D-Humans' own rule.
        scale, x, y = frame["camera_bbox"][0]
        side = frame["scale"][0] * max(HEIGHT, WIDTH)
        center = frame["center"][0]
        assert frame["size"][0] == [HEIGHT, WIDTH]
        assert 2 * theirs / (side * scale) == pytest.approx(camera[2], rel=1e-4)
        middle = np.array([WIDTH, HEIGHT]) / 2
        full = np.array([x, y]) + 2 * (center - middle) / (side * scale)
        np.testing.assert_allclose(full, camera[:2], atol=ONE_MM)


def test_4dhumans_layout_needs_the_camera(person, tmp_path):
    content = replace(person.content, K=None, image_size=None)
    with pytest.raises(PoseFileError, match="does not hold its camera"):
        write_motion(tmp_path / "a.pkl", content, person.model, "4dhumans")
