"""Files that would have crashed, hung or passed: each is refused with one sentence."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from neuhmr.clip.atomic import atomic_path, check_writable
from neuhmr.clip.camera_file import read_camera
from neuhmr.clip.masks import read_masks
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.video import open_video
from neuhmr.errors import ClipError, NeuhmrError, OutputError, PoseFileError

FRAMES = 40


def poses(**changes):
    arrays = {
        "global_orient": np.zeros((FRAMES, 3)),
        "body_pose": np.zeros((FRAMES, 69)),
        "transl": np.tile([0.0, 0.0, 3.0], (FRAMES, 1)),
        "betas": np.zeros(10),
    }
    return arrays | changes


def claiming(shape, descr):
    stream = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def test_headers_that_claim_more_than_memory_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.npz"
    for key, shape, descr, read in (
        ("transl", (4_000_000_000, 72), "<f4", read_motion_file),
        ("height", (), "<i8", read_masks),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{key}.npy", claiming(shape, descr))
        with pytest.raises(NeuhmrError, match=r"huge\.npz .*expected"):
            read(path)


@pytest.mark.timeout(30)
def test_pipes_and_devices_are_refused_where_files_belong(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device")):
        for read in (
            read_masks,
            read_motion_file,
            open_video,
            lambda path: read_camera(path, 1, 1, 1),
        ):
            with pytest.raises(NeuhmrError, match=f"is {kind}"):
                read(path)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"transl": np.full((FRAMES, 3), 1e38)}, r"transl of 1e\+38, at most 1e\+06"),
        ({"betas": np.full(10, 1e30)}, "betas up to 1e\\+30"),
        ({"fps": np.array(1e300)}, "no usable fps"),
    ],
)
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, changes, found: str) -> None:
    np.savez(tmp_path / "a.npz", **poses(**changes))
    with pytest.raises(PoseFileError, match=found):
        read_motion_file(tmp_path / "a.npz")


def test_all_bad_frames_are_named(tmp_path: Path) -> None:
    transl = np.tile([0.0, 0.0, 3.0], (FRAMES, 1))
    transl[[10, 11, 12, 30]] = np.nan
    np.savez(tmp_path / "a.npz", **poses(transl=transl))
    with pytest.raises(PoseFileError, match="in frames 10 to 12 and 30, finite"):
        read_motion_file(tmp_path / "a.npz")


def test_bad_frames_are_named_in_every_key(tmp_path: Path) -> None:
    transl = np.tile([0.0, 0.0, 3.0], (FRAMES, 1))
    transl[10:13] = np.nan
    body_pose = np.zeros((FRAMES, 69))
    body_pose[30, 4] = np.inf
    np.savez(tmp_path / "a.npz", **poses(transl=transl, body_pose=body_pose))
    with pytest.raises(
        PoseFileError, match="in transl in frames 10 to 12 and in body_pose in frame 30, finite"
    ):
        read_motion_file(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "change",
    [
        {"K": [[1e30, 0, 5], [0, 1e30, 5], [0, 0, 1]]},
        {"K": [[1e-30, 0, 5], [0, 1e-30, 5], [0, 0, 1]]},
        {"K": [[10**400, 0, 5], [0, 9, 5], [0, 0, 1]]},
        {"K": [[9, 0, 1e30], [0, 9, 5], [0, 0, 1]]},
        {"height": True},
        {"height": 10**9},
    ],
)
def test_cameras_that_cannot_be_are_refused(tmp_path: Path, change) -> None:
    content = {"K": [[9, 0, 5], [0, 9, 5], [0, 0, 1]], "height": 10, "width": 10} | change
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(ClipError, match=r"a\.json .*expected"):
        read_camera(tmp_path / "a.json", 1, 10, 10)


def test_json_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 200_000)
    with pytest.raises(ClipError, match="nested more than"):
        read_camera(tmp_path / "a.json", 1, 10, 10)


def test_the_longest_names_can_be_written_and_longer_ones_are_refused_at_once(
    tmp_path: Path,
) -> None:
    with atomic_path(tmp_path / ("a" * 251 + ".npz")) as partial:
        partial.write_text("whole")
    with pytest.raises(OutputError, match="choose a shorter"):
        check_writable(tmp_path / ("a" * 252 + ".npz"))
