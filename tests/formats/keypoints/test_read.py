"""2D keypoints of every known detector, sorted into BODY_25."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.errors import PoseFileError
from neuhmr.formats.keypoints.read import keypoint_table, read_keypoints_2d
from tests.formats.keypoints import keypoint_files as files

FRAMES = 5
SIZE = (720, 1280)
POINTS = files.body25(FRAMES)
CENTER = 0.5
"""Detectors put a pixel's center at whole numbers."""
FEET = ("big_toe", "small_toe", "heel")


def write_normalized(folder: Path) -> Path:
    landmarks = files.blazepose(POINTS) / [1280, 720, 1, 1]
    frames = [[{"x": x, "y": y, "z": 0.0, "visibility": v} for x, y, _, v in row]
              for row in landmarks]  # fmt: skip
    path = folder / "landmarks.json"
    path.write_text(json.dumps([{"pose_landmarks": row} for row in frames]))
    return path


def write_arrays(folder: Path) -> Path:
    np.savez(folder / "a.npz", landmarks=files.blazepose(POINTS), frame_index=np.arange(FRAMES))
    return folder / "a.npz"


CASES: dict[str, tuple[Callable[[Path], Path], bool]] = {
    "openpose": (lambda f: files.write_openpose(f, {i: [p] for i, p in enumerate(POINTS)}), True),
    "gvhmr vitpose": (lambda f: files.write_gvhmr_vitpose(f, POINTS), False),
    "wham tracking": (
        lambda f: files.write_wham_tracking(f, {0: (np.arange(FRAMES), POINTS)}), False),
    "4d-humans": (lambda f: files.write_4dhumans_vitpose(f, POINTS), False),
    "mmpose": (lambda f: files.write_mmpose(f, files.coco(POINTS)), False),
    "mmpose whole body": (lambda f: files.write_mmpose(f, files.whole_body(POINTS)), True),
    "mmpose demo": (lambda f: files.write_mmpose_demo(f, files.coco(POINTS)), False),
    "alphapose": (lambda f: files.write_alphapose(f, files.coco(POINTS)), False),
    "alphapose halpe": (lambda f: files.write_alphapose(f, files.halpe(POINTS)), True),
    "mediapipe": (write_normalized, True),
    "mediapipe npz": (write_arrays, True),
}  # fmt: skip


def read(path: Path, **options) -> ClipKeypoints:
    return read_keypoints_2d(path, FRAMES, SIZE, **options).keypoints


@pytest.mark.parametrize("name", CASES)
def test_every_detectors_points_are_where_they_were(name: str, tmp_path: Path) -> None:
    write, has_feet = CASES[name]
    found = read(write(tmp_path))
    middles = {"neck": ("left_shoulder", "right_shoulder"), "mid_hip": ("left_hip", "right_hip")}
    for k, point in enumerate(BODY_25_NAMES):
        expected = POINTS[:, k]
        if point.endswith(FEET) and (
            not has_feet or (point.endswith("small_toe") and "pipe" in name)
        ):
            assert found.points[:, k].isnan().all() and not found.confidence[:, k].any(), point
            continue
        has_own = name in ("openpose", "alphapose halpe")
        if point in middles and not has_own:  # BODY_25's own definition: halfway.
            first, second = (POINTS[:, BODY_25_NAMES.index(side)] for side in middles[point])
            expected = (first + second) / 2
            expected[:, 2] = np.minimum(first[:, 2], second[:, 2])
        place = expected[:, :2] + (0.0 if "mediapipe" in name else CENTER)
        np.testing.assert_allclose(found.points[:, k], place, atol=1e-2, err_msg=point)
        np.testing.assert_allclose(found.confidence[:, k], expected[:, 2], atol=1e-5)


def test_frames_without_a_file_are_named_and_stay_gaps(tmp_path: Path) -> None:
    path = files.write_openpose(tmp_path, {0: [POINTS[0]], 1: [], 4: [POINTS[4]]})
    keypoints, remarks = read_keypoints_2d(path, FRAMES, SIZE)
    assert keypoints.confidence.any(dim=1).tolist() == [True, False, False, False, True]
    assert keypoints.points[1:4].isnan().all()
    assert keypoints.points[4, 0].tolist() == [104.5, 204.5]
    assert any("2 frames have no file: 2-3" in remark for remark in remarks)
    assert any("in 3 of 5 frames it saw nobody" in remark for remark in remarks)


def test_points_that_openpose_did_not_see_are_missing(tmp_path: Path) -> None:
    points = POINTS.copy()
    points[2, 4] = 0.0
    found = read(files.write_openpose(tmp_path, {i: [p] for i, p in enumerate(points)}))
    assert found.points[2, 4].isnan().all() and float(found.confidence[2, 4]) == 0.0


def test_of_several_people_the_one_over_the_person_is_taken(tmp_path: Path) -> None:
    others = files.body25(FRAMES, shift=500.0)
    people = {i: [others[i], POINTS[i]][:: (-1) ** i] for i in range(FRAMES)}
    path = files.write_openpose(tmp_path, people)
    with pytest.raises(PoseFileError, match=r"several people \(up to 2 in a frame\)"):
        read(path)
    boxes = np.stack([POINTS[:, :, :2].min(axis=1), POINTS[:, :, :2].max(axis=1)], axis=1)
    boxes = boxes.reshape(FRAMES, 4)
    boxes[3] = np.nan
    found, remarks = read_keypoints_2d(path, FRAMES, SIZE, find_boxes=lambda: boxes)
    expected = POINTS[[0, 1, 2, 4], :, :2] + CENTER
    np.testing.assert_allclose(found.points[[0, 1, 2, 4]], expected, atol=1e-3)
    assert not found.confidence[3].any(), "nobody knows who is meant there"
    assert any("in 4 of 5 frames" in remark for remark in remarks)


def test_tracks_are_listed_and_chosen_by_their_ids(tmp_path: Path) -> None:
    others = files.body25(2, shift=500.0)
    path = files.write_wham_tracking(
        tmp_path, {0: (np.arange(FRAMES), POINTS), 7: (np.array([1, 3]), others)}
    )
    with pytest.raises(PoseFileError, match=r"0 in 5 frames, 7 in 2 frames.*--person"):
        read(path)
    found = read(path, person="7")
    assert found.confidence.any(dim=1).tolist() == [False, True, False, True, False]
    assert found.points[3, 0].tolist() == [601.5, 201.5]


def test_pose_flows_ids_are_read(tmp_path: Path) -> None:
    path = files.write_alphapose(tmp_path, files.coco(POINTS), idx=[1.0])
    assert read(path, person="1").confidence.any(dim=1).all()


def test_pixels_of_another_picture_are_named(tmp_path: Path) -> None:
    points = files.body25(FRAMES)
    points[..., :2] = points[..., :2] * [9.0, 6.0]
    path = files.write_openpose(tmp_path, {i: [p] for i, p in enumerate(points)})
    with pytest.raises(PoseFileError, match=r"written for a picture of 3840x2160.*1280x720"):
        read(path)


def test_pixels_of_no_usual_picture_are_outside(tmp_path: Path) -> None:
    points = files.body25(FRAMES) * [90.0, 90.0, 1.0]
    path = files.write_openpose(tmp_path, {i: [p] for i, p in enumerate(points)})
    with pytest.raises(PoseFileError, match="outside the picture of 1280x720"):
        read(path)


def test_frames_beyond_the_clip_are_another_clips(tmp_path: Path) -> None:
    path = files.write_openpose(tmp_path, {9: [POINTS[0]]})
    with pytest.raises(PoseFileError, match="up to number 9, but the clip has 5"):
        read(path)


def test_arrays_without_frame_numbers_must_have_the_clips_length(tmp_path: Path) -> None:
    path = files.write_gvhmr_vitpose(tmp_path, POINTS[:4])
    with pytest.raises(PoseFileError, match="lists 4 frames without numbers, but the clip has 5"):
        read(path)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '[{"image_id": "a", "keypoints": [1, 2, 3]}]', '[[[1, 2], [3]]]',
     '[{"frame_id": 0, "instances": [{"keypoints": [[1, "b"]]}]}]',
     '[{"frame_id": 0, "instances": [{"keypoints": [[1, 2]], "keypoint_scores": [1]}]}]',
     '{"version": 1, "people": [{"pose_keypoints_2d": [1, 2]}]}',
     '[{"frame_id": 1e400, "instances": [{"keypoints": [[1, 2]]}]}]',
     '[{"image_id": 1, "keypoints": [1e300, 1, 1]}]'],
)  # fmt: skip
def test_files_that_hold_something_else_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(PoseFileError):
        read(path)


def test_the_documents_hold_the_table_of_detectors() -> None:
    page = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert keypoint_table() in page
