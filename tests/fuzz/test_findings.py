"""What fuzzing found, each by itself: a named mistake and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.video import open_video, write_video
from neuhmr.errors import ClipError, DatasetError, NeuhmrError, PoseFileError
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.ghnerf.captures.keypoint_file import read_keypoints
from tests.cli.motions import make_motion, save_motion
from tests.formats.reading import tool_files
from tests.formats.reading.containers import write_joblib, write_pickle
from tests.formats.reading.known import Known, make_known

HOLES = [1, 2, 3, 6, 7, 11]


def known() -> Known:
    return make_known(rows=6, frames=HOLES)


def read(path: Path) -> MotionArrays:
    return read_poses(path, Choice(image_size=(720, 1280), clip_fps=25.0))


@pytest.mark.parametrize("at", [-22, -10, -6])
@pytest.mark.parametrize("write", [tool_files.write_gvhmr, tool_files.write_gvhmr_npz])
def test_an_archive_whose_index_is_damaged(write: Callable[..., Path], at: int, tmp_path) -> None:
    path = write(tmp_path, known())
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)
    try:
        poses = read(path)
    except PoseFileError as refusal:
        assert path.name in str(refusal)
    else:  # Some of the index can be done without.
        assert len(poses) == 6 and np.isfinite(poses.transl).all()


def test_an_archive_that_says_it_goes_on_elsewhere(tmp_path: Path) -> None:
    path = tool_files.write_gvhmr_npz(tmp_path, known())
    # The 64-bit locator before the end: on the first of two disks.
    locator = b"PK\x06\x07" + bytes(4) + bytes(8) + (2).to_bytes(4, "little")
    data = path.read_bytes()
    path.write_bytes(data[:-22] + locator + data[-22:])
    with pytest.raises(PoseFileError):
        read(path)


def test_an_arrays_description_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 4)))
    for old, new in ((b"(3, 4)", b"(3, 4 "), (b"{'descr", b"{'des\ncr"), (b"False", b"Fa[se")):
        path.write_bytes(path.read_bytes().replace(old, new))
        with pytest.raises(NeuhmrError):
            load_data(path, NeuhmrError)
        np.save(path, np.zeros((3, 4)))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["npy", "npz", "pickle", "scalar", "joblib", "fields"])
def test_text_of_letters_that_are_none(kind: str, order: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    # Python's last letter, and the number after it.
    for number, is_text in ((0x10FFFF, True), (0x110000, False)):
        numbers = np.array([[97, number], [98, 99]], f"{order}u4")
        names = numbers.reshape(-1).view(f"{order}U2")
        if kind == "npy":
            with path.open("wb") as file:
                np.save(file, names)
        elif kind == "npz":
            with path.open("wb") as file:
                np.savez(file, names=names)
        elif kind == "joblib":
            write_joblib(path, {"names": names})
        elif kind == "fields":
            record = np.zeros(2, [("id", "i4"), ("name", f"{order}U2")])
            record.view(np.uint8).reshape(2, -1)[:, 4:] = numbers.view(np.uint8)
            with path.open("wb") as file:
                np.save(file, record)
        else:
            write_pickle(path, {"names": names[0] if kind == "scalar" else names})
        if is_text:
            load_data(path, NeuhmrError)
        else:
            with pytest.raises(NeuhmrError, match="letters that are none"):
                load_data(path, NeuhmrError)


def change(path: Path, changes: Callable[[Any], None]) -> Path:
    """Change the tree of a pickle in place."""
    tree = load_data(path, PoseFileError)
    changes(tree)
    return write_pickle(path, tree)


def test_parts_of_different_length(tmp_path: Path) -> None:
    def shorten(tree: Any) -> None:
        track = next(iter(tree.values()))
        track["frame_ids"] = track["frame_ids"][:-1]

    path = change(tool_files.write_vibe(tmp_path, known()), shorten)
    with pytest.raises(PoseFileError, match=r"looks like a file of VIBE but"):
        read(path)


def test_a_glamr_file_whose_parts_differ(tmp_path: Path) -> None:
    def shorten(tree: Any) -> None:
        for person in (tree.get("person_data") or tree).values():
            if isinstance(person, dict):
                for key, value in person.items():
                    if isinstance(value, np.ndarray) and value.ndim == 2:
                        person[key] = value[:-1]
                        return

    with pytest.raises(PoseFileError):
        read(change(tool_files.write_glamr(tmp_path, known()), shorten))


@pytest.mark.parametrize("fps", [0.0, -30.0, np.nan, np.inf])
def test_a_rate_that_cannot_be(fps: float, tmp_path: Path) -> None:
    path = tool_files.write_amass_smplx(tmp_path, known())
    with np.load(path, allow_pickle=True) as data:
        arrays = dict(data)
    for key in list(arrays):
        if "rate" in key or key == "fps":
            arrays[key] = np.array(fps)
    np.savez(path, **arrays)
    with pytest.raises(PoseFileError):
        read(path)


def test_numbers_that_are_no_whole_ones(tmp_path: Path) -> None:
    path = tool_files.write_romp(tmp_path, known())
    tree = load_data(path, PoseFileError)

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoil(part) for key, part in value.items()}
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return np.full_like(value, np.inf)
        return value

    np.savez(path, results=spoil(tree.get("results", tree)))
    with pytest.raises(PoseFileError):
        read(path)


def test_lists_of_different_lengths(tmp_path: Path) -> None:
    def bend(tree: Any) -> None:
        key = next(key for key, value in tree.items() if isinstance(value, np.ndarray))
        tree[key] = [[0.0] * 72, [0.0] * 71]

    known_one = make_known(rows=1, frames=[0])
    path = change(tool_files.write_pamir(tmp_path, known_one), bend)
    with pytest.raises(PoseFileError):
        read(path)


@pytest.mark.parametrize("value", [np.array("yes"), np.array(None, object), np.array(1.5)])
def test_a_flag_that_is_none(value: np.ndarray, tmp_path: Path) -> None:
    path = save_motion(tmp_path / "m.npz", make_motion())
    with np.load(path) as data:
        arrays = dict(data)
    np.savez(path, **(arrays | {"camera_is_guessed": value}))
    with pytest.raises(PoseFileError):
        read_motion_file(path)


def video(folder: Path) -> Path:
    frames = [np.full((32, 32, 3), 40 * n, np.uint8) for n in range(5)]
    write_video(folder / "a.mp4", frames, 10.0)
    return folder / "a.mp4"


def test_a_video_whose_notes_are_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    path = video(tmp_path)
    data = path.read_bytes()
    assert b"VideoHandler" in data
    path.write_bytes(data.replace(b"VideoHandler", b"Video\xff\xfe\xffdler"))
    assert open_video(path).num_frames == 5


def test_a_video_of_an_unknown_coding_is_named(tmp_path: Path) -> None:
    path = video(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    with pytest.raises(ClipError, match=r"a\.mp4 .*expected"):
        open_video(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("camera_names", np.array("a")),
        ("camera_names", np.arange(3)),
        ("version", np.array(np.inf)),
        ("version", np.array([1, 1])),
        ("frames", np.array(["a", "b"])),
        ("points2d", np.zeros((2, 3, 25))),
        ("points3d", np.zeros((2, 25, 3), complex)),
        ("points3d", np.array([None])),
        ("confidence3d", np.zeros((3, 25))),
        ("confidence3d", None),
    ],
)
def test_keypoints_that_contradict_each_other(key: str, value: Any, tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "format": np.array("neuhmr-keypoints"), "version": np.array(1),
        "camera_names": np.array(["a", "b", "c"]), "frames": np.arange(2),
        "points2d": np.zeros((2, 3, 25, 2)), "confidence2d": np.zeros((2, 3, 25)),
        "points3d": np.zeros((2, 25, 3)), "confidence3d": np.zeros((2, 25)),
        "points3d_field": np.zeros((2, 25, 3)), "confidence3d_field": np.zeros((2, 25)),
    }  # fmt: skip
    path = tmp_path / "k.npz"
    np.savez(path, **arrays)
    assert read_keypoints(path)[1] == ("a", "b", "c")
    arrays[key] = value
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(DatasetError):
        read_keypoints(path)
