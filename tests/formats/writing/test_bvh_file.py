"""BVH files, read by the package bvh and walked down by the test."""

import numpy as np
import pytest

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.formats.writing.formats import WriteOptions
from neuhmr.formats.writing.write import write_motion
from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles
from tests.formats.writing.people import FRAMES, ONE_MM, chain, without

bvh = pytest.importorskip("bvh")


def read(path):
    return bvh.Bvh(path.read_text())


def about(axis: str, degrees: np.ndarray) -> np.ndarray:
    vectors = np.zeros((len(degrees), 3))
    vectors[:, "xyz".index(axis)] = np.deg2rad(degrees)
    return rotmats_from_axisangles(vectors)


def joints_of(file) -> np.ndarray:
    """Walk down the tree as the file tells it (m)."""
    names = file.get_joints_names()
    parents = [file.joint_parent_index(name) for name in names]
    offsets, rotmats = [], []
    for name in names:
        channels = file.joint_channels(name)
        turn = np.eye(3)
        offset = np.array(file.joint_offset(name))
        for channel in channels:
            values = np.array(file.frames_joint_channels(name, [channel]))[:, 0]
            if channel.endswith("rotation"):
                turn = turn @ about(channel[0].lower(), values)
            else:
                shift = np.zeros((len(values), 3))
                shift[:, "XYZ".index(channel[0])] = values
                offset = offset + shift
        offsets.append(np.broadcast_to(offset, (file.nframes, 3)))
        rotmats.append(turn)
    places = chain(np.stack(offsets, axis=1), np.stack(rotmats, axis=1), parents)
    return places[:, [names.index(name) for name in SMPL_JOINT_NAMES]] / 100.0


@pytest.mark.parametrize("up", ["y", "z"])
def test_joints_are_where_they_were_in_centimeters(person, tmp_path, up):
    path = tmp_path / "a.bvh"
    remarks = write_motion(path, person.content, person.model, "bvh", WriteOptions(up=up))
    file = read(path)
    np.testing.assert_allclose(joints_of(file), person.joints_up(up), atol=ONE_MM)
    assert file.frame_time == pytest.approx(0.04)
    assert any("centimeters" in remark and "Z, X, Y" in remark for remark in remarks)


def test_the_hierarchy_is_smpls_at_rest(person, tmp_path):
    write_motion(tmp_path / "a.bvh", person.content, person.model, "bvh")
    file = read(tmp_path / "a.bvh")
    assert set(file.get_joints_names()) == set(SMPL_JOINT_NAMES)
    rest = person.model.with_shape(person.content.motion.betas).joints_rest.numpy()
    parents = person.model.parents
    for joint, name in enumerate(SMPL_JOINT_NAMES):
        if joint == 0:
            assert len(file.joint_channels(name)) == 6
            continue
        assert file.joint_parent(name).name == SMPL_JOINT_NAMES[parents[joint]]
        offset = np.array(file.joint_offset(name)) / 100.0
        np.testing.assert_allclose(offset, rest[joint] - rest[parents[joint]], atol=1e-6)


def test_no_channel_jumps_by_a_whole_turn(person, tmp_path):
    write_motion(tmp_path / "a.bvh", person.content, person.model, "bvh")
    file = read(tmp_path / "a.bvh")
    for name in SMPL_JOINT_NAMES:
        values = np.array(file.frames_joint_channels(name, ["Zrotation", "Xrotation", "Yrotation"]))
        assert np.abs(np.diff(values, axis=0)).max() < 90.0, name


def test_gaps_are_filled_so_that_later_frames_stay_late(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6, 7])
    write_motion(tmp_path / "a.bvh", content, person.model, "bvh")
    file = read(tmp_path / "a.bvh")
    assert file.nframes == FRAMES
    joints, expected = joints_of(file), person.joints_up("y")
    moved = joints - joints[:1, :1]
    expected = expected - expected[:1, :1]
    np.testing.assert_allclose(moved[[2, 4, 8, 11]], expected[[2, 4, 8, 11]], atol=ONE_MM)


def test_a_clip_that_begins_later_says_so(person, tmp_path):
    content = person.content.select(np.arange(FRAMES) >= 4)
    remarks = write_motion(tmp_path / "a.bvh", content, person.model, "bvh")
    assert read(tmp_path / "a.bvh").nframes == FRAMES - 4
    assert "The first row is frame 4 of the clip." in remarks
