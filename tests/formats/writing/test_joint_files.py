"""Tables and marker files: CSV and TRC parsed here, C3D by ezc3d."""

import csv
import sys

import numpy as np
import pytest

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.errors import MissingDependencyError, PoseFileError
from neuhmr.formats.writing.formats import WriteOptions
from neuhmr.formats.writing.write import write_motion
from tests.formats.writing.people import FRAMES, ONE_MM, without


def test_csv_has_joints_in_space_and_in_the_picture(person, tmp_path):
    content = without(person.content, invalid=[3], absent=[6])
    write_motion(tmp_path / "a.csv", content, person.model, "csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    joints = person.joints_in_camera()
    for frame, row in enumerate(rows):
        assert float(row["time_s"]) == pytest.approx(frame / 25.0)
        if frame in (3, 6):
            assert set(list(row.values())[2:]) == {""}
            continue
        place = [float(row[f"left_wrist_{axis}_m"]) for axis in "xyz"]
        np.testing.assert_allclose(place, joints[frame, 20], atol=ONE_MM)
        pixel = [float(row[f"left_wrist_{axis}_px"]) for axis in "uv"]
        expected = person.content.K @ joints[frame, 20]
        np.testing.assert_allclose(pixel, expected[:2] / expected[2], atol=0.01)


def test_csv_without_a_camera_says_what_is_left_out(person, tmp_path):
    from dataclasses import replace

    content = replace(person.content, K=None, image_size=None)
    remarks = write_motion(tmp_path / "a.csv", content, person.model, "csv")
    header = (tmp_path / "a.csv").read_text().splitlines()[0]
    assert header.count("_m") == 72 and "_px" not in header
    assert any("left out" in remark for remark in remarks)


@pytest.mark.parametrize("up", ["y", "z"])
def test_trc_markers_are_the_joints_in_meters(person, tmp_path, up):
    content = without(person.content, invalid=[], absent=[6])
    path = tmp_path / "a.trc"
    write_motion(path, content, person.model, "trc", WriteOptions(up=up))
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    header = dict(zip(lines[1], lines[2], strict=True))
    assert header["Units"] == "m" and float(header["DataRate"]) == 25.0
    assert int(header["NumFrames"]) == FRAMES and int(header["NumMarkers"]) == 24
    assert [name for name in lines[3][2:] if name] == list(SMPL_JOINT_NAMES)
    assert lines[4][2:5] == ["X1", "Y1", "Z1"] and lines[5] == [""]
    table = np.array([[float(cell) for cell in line] for line in lines[6:]])
    assert table[:, 0].tolist() == list(range(1, FRAMES + 1))
    np.testing.assert_allclose(table[:, 1], np.arange(FRAMES) / 25.0, atol=1e-6)
    joints, expected = table[:, 2:].reshape(FRAMES, 24, 3), person.joints_up(up)
    moved, wanted = joints - joints[:1, :1], expected - expected[:1, :1]
    seen = [frame for frame in range(FRAMES) if frame != 6]
    np.testing.assert_allclose(moved[seen], wanted[seen], atol=ONE_MM)


@pytest.mark.parametrize("up", ["y", "z"])
def test_c3d_points_are_the_joints_in_millimeters(person, tmp_path, up):
    ezc3d = pytest.importorskip("ezc3d")
    path = tmp_path / "a.c3d"
    write_motion(path, person.content, person.model, "c3d", WriteOptions(up=up))
    file = ezc3d.c3d(str(path))
    point = file["parameters"]["POINT"]
    assert tuple(point["LABELS"]["value"]) == SMPL_JOINT_NAMES
    assert point["UNITS"]["value"] == ["mm"] and point["RATE"]["value"] == [25.0]
    joints = file["data"]["points"][:3].transpose(2, 1, 0) / 1000.0
    np.testing.assert_allclose(joints, person.joints_up(up), atol=ONE_MM)


def test_c3d_has_no_points_in_frames_without_a_pose(person, tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    content = without(person.content, invalid=[3], absent=[0, 1, 6])
    write_motion(tmp_path / "a.c3d", content, person.model, "c3d")
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    missing = np.isnan(file["data"]["points"][:3]).all(axis=(0, 1))
    assert np.flatnonzero(missing).tolist() == [1, 4]  # Frames 3 and 6, counted from frame 2.
    assert file["header"]["points"]["first_frame"] == 2
    assert (file["data"]["meta_points"]["residuals"][0][:, [1, 4]] < 0).all()


def test_c3d_without_the_package_says_its_name(person, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ezc3d", None)
    with pytest.raises(MissingDependencyError, match=r"ezc3d .*neuhmr-workbench\[c3d\]"):
        write_motion(tmp_path / "a.c3d", person.content, person.model, "c3d")


@pytest.mark.parametrize("name", ["csv", "trc", "motion", "4dhumans"])
def test_gaps_are_refused_on_request_whatever_the_format(person, tmp_path, name):
    content = without(person.content, invalid=[3], absent=[])
    with pytest.raises(PoseFileError, match=r"1 frame without a pose \(3\)"):
        write_motion(tmp_path / "a", content, person.model, name, WriteOptions(gaps="refuse"))
    assert not list(tmp_path.iterdir())
