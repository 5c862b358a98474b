"""A clip is opened, and its person cut out, which every way through the pipeline begins with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.body25 import body25_points
from neuhmr.body.model_files import load_body_model
from neuhmr.body.stature import stature
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.video import write_video
from neuhmr.errors import ClipError, NeuhmrError, PoseFileError
from neuhmr.initial.initialise import SOURCE, InitialReport, InitialResult
from neuhmr.opening import CROP_SIZE, Opened, open_clip_files
from neuhmr.pipeline import Subject
from neuhmr.progress import Cancelled, OnProgress, ignore_progress
from refine.quick_way import (
    ROWS,
    assert_same,
    stop_at,
    subject,
)
from tests.formats.reading.containers import write_joblib
from tests.formats.reading.known import make_known
from tests.formats.reading.tool_files import wham_track, write_tram
from tests.painted_clip import make_painted_clip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    path = make_painted_clip(tmp_path_factory.mktemp("painted"))
    return open_clip_files(OpenRequest(clip=path))


def cut(opened: Opened, **options: object) -> Subject:
    return opened.subject(subject().network, size=(64, 48), **options)  # pyright: ignore


def test_a_clip_is_opened_with_all_that_lies_beside_it(opened: Opened):
    clip = opened.clip
    assert clip.motion is not None and clip.masks is not None and clip.truth is not None
    assert not clip.camera_is_guessed and opened.remarks == ()
    assert opened.model.digest == load_body_model().digest
    assert opened.motion() is clip.motion
    assert opened.with_poses() is opened, "poses that are there are not estimated anew"


def test_files_that_are_named_go_before_those_beside_the_clip(opened: Opened, tmp_path: Path):
    path = opened.clip.video.path
    other = make_painted_clip(tmp_path)
    named = OpenRequest(
        clip=path,
        poses=path.with_name("clip.truth.npz"),
        truth=path.with_name("clip.poses.npz"),
        masks=other.with_name("clip.masks.npz"),
        camera=other.with_name("clip.camera.json"),
    )
    found = open_clip_files(named)
    assert opened.clip.truth is not None and opened.clip.motion is not None
    assert_same(found.motion(), opened.clip.truth)
    assert found.clip.truth is not None
    assert_same(found.clip.truth, opened.clip.motion)


def test_poses_are_for_a_body_of_the_height_that_is_known(opened: Opened):
    named = OpenRequest(clip=opened.clip.video.path, height=1.85)
    found = open_clip_files(named)
    assert stature(found.model, found.motion().betas) == pytest.approx(1.85, abs=1e-3)
    assert cut(found).initial.betas.equal(found.motion().betas)
    with pytest.raises(NeuhmrError, match="in meters"):
        open_clip_files(replace(named, height=185.0))


def test_opening_a_long_video_says_how_it_gets_on(tmp_path: Path):
    write_video(tmp_path / "long.mp4", [np.zeros((16, 16, 3), np.uint8)] * 60, 30.0)
    with pytest.raises(Cancelled):
        open_clip_files(OpenRequest(clip=tmp_path / "long.mp4"), stop_at("Reading long.mp4"))


def test_a_person_is_cut_out_of_every_frame(opened: Opened):
    labels: list[str] = []
    found = cut(opened, on_progress=lambda progress: labels.append(progress.label))
    assert labels == ["Cutting out the person"] * ROWS
    assert found.crops.images.shape == (ROWS, 3, 64, 48) and found.fps == 10.0
    assert found.initial.transl.equal(opened.motion().transl)
    assert found.network is subject().network and found.model.digest == opened.model.digest
    elsewhere = cut(opened, device="meta")
    assert elsewhere.crops.images.is_meta and elsewhere.initial.transl.is_meta
    usual = opened.subject(subject().network)
    assert usual.crops.images.shape[-2:] == CROP_SIZE == (240, 180)
    with pytest.raises(Cancelled):
        cut(opened, on_progress=stop_at("Cutting out the person"))


def test_without_masks_the_posed_body_of_each_frame_stands_in(opened: Opened):
    truth = opened.clip.truth
    masked = replace(opened, clip=replace(opened.clip, motion=truth))
    bare = replace(masked, clip=replace(masked.clip, masks=None))
    expected, found = cut(masked).crops.masks, cut(bare).crops.masks
    # Bodies are widened by a pixel all around, since clothes reach beyond them.
    widened = torch.nn.functional.max_pool2d(expected, 3, 1, 1)
    for row in range(ROWS):
        both = torch.minimum(widened[row], found[row]).sum()
        assert both / torch.maximum(widened[row], found[row]).sum() > 0.8


def test_a_clip_without_poses_asks_for_some(opened: Opened):
    bare = replace(opened, clip=replace(opened.clip, motion=None))
    with pytest.raises(ClipError, match="neuhmr init"):
        bare.motion()
    with pytest.raises(ClipError, match="neuhmr init"):
        cut(bare)


@pytest.mark.parametrize("has_masks", [True, False])
def test_poses_are_estimated_where_there_are_none(
    has_masks: bool, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, other = opened.clip.truth, opened.clip[0:3].masks
    assert truth is not None and other is not None
    report = InitialReport(1.0, 0.0, 1.0, ("dim",))
    found = InitialResult(motion=truth, masks=other, report=report)
    asked: list[object] = []

    def estimate(*given: object, on_progress: OnProgress, person: str | None) -> InitialResult:
        asked.extend([*given, on_progress, person])
        return found

    monkeypatch.setattr("neuhmr.opening.initialise_sidecars", estimate)
    clip = replace(opened.clip, motion=None)
    clip = clip if has_masks else replace(clip, masks=None)
    posed = replace(opened, clip=clip, person="2").with_poses(ignore_progress)
    assert asked == [clip, opened.model, ignore_progress, "2"]
    assert posed.clip.motion is truth and posed.remarks == ("dim",)
    assert posed.clip.masks is (opened.clip.masks if has_masks else other)
    assert cut(replace(posed, clip=replace(posed.clip, masks=None))).is_believed


@pytest.mark.parametrize("source", [SOURCE, f"{SOURCE}, focal length guessed", "a tool", ""])
def test_first_poses_are_known_by_what_their_file_says(
    source: str, opened: Opened, tmp_path: Path
) -> None:
    content = read_motion_file(opened.clip.video.path.with_name("clip.poses.npz"))
    path = tmp_path / "poses.npz"
    write_motion_file(path, replace(content, source=source))
    found = open_clip_files(OpenRequest(clip=opened.clip.video.path, poses=path))
    assert cut(found).is_believed == source.startswith("neuhmr init")


def test_poses_of_another_tool_beside_the_clip_are_taken_with_remarks(tmp_path: Path):
    path = make_painted_clip(tmp_path)
    path.with_name("clip.poses.npz").unlink()
    tracks = {i: wham_track(make_known(i, rows=3, frames=[0, 2, 5])) for i in (1, 2)}
    write_joblib(path.with_name("clip.poses.pkl"), tracks)
    with pytest.raises(PoseFileError, match="2 people"):
        open_clip_files(OpenRequest(clip=path))
    found = open_clip_files(OpenRequest(clip=path, person="2", poses_as="given"))
    assert found.motion().frame_index.tolist() == [0, 2, 5]
    assert found.clip.truth is not None, "it has only one person, who needs no name"
    assert any("betas of SMPL mean nothing on open-body" in remark for remark in found.remarks)
    # The open body's pelvis is where SMPL's typical one was: (0, -0.22, 0.03) and transl.
    pelvis = found.motion().pose(found.model).joints[:, 0].numpy()
    known = make_known(2, rows=3, frames=[0, 2, 5])
    np.testing.assert_allclose(pelvis, known.transl + np.array([0, -0.22, 0.03]), atol=1e-4)


def test_a_tools_folder_can_be_named_as_poses(tmp_path: Path):
    path = make_painted_clip(tmp_path)
    folder = tmp_path / "tram"
    folder.mkdir()
    write_tram(folder, make_known(rows=3, frames=[0, 2, 5]))
    found = open_clip_files(OpenRequest(clip=path, poses=folder, poses_as="given"))
    assert found.motion().frame_index.tolist() == [0, 2, 5]


def test_poses_that_lie_elsewhere_are_refused_until_the_user_says_how_to_read_them(
    opened: Opened, tmp_path: Path
):
    with np.load(opened.clip.video.path.with_suffix(".poses.npz")) as file:
        arrays = dict(file)
    wrong = tmp_path / "millimeters.npz"
    np.savez(wrong, **(arrays | {"transl": 1000.0 * arrays["transl"]}))
    request = OpenRequest(clip=opened.clip.video.path, poses=wrong)
    with pytest.raises(PoseFileError, match="--poses-as millimeters"):
        open_clip_files(request)
    read = open_clip_files(replace(request, poses_as="millimeters"))
    assert read.clip.motion is not None and opened.clip.motion is not None
    torch.testing.assert_close(read.clip.motion.transl, opened.clip.motion.transl)
    kept = open_clip_files(replace(request, poses_as="given"))
    assert kept.clip.motion is not None
    torch.testing.assert_close(kept.clip.motion.transl, 1000.0 * opened.clip.motion.transl)


def write_true_keypoints(opened: Opened, path: Path) -> np.ndarray:
    """Keypoints of the truth as a detector keeps them; the last frame shows nobody."""
    clip = opened.clip
    assert clip.truth is not None
    points = clip.camera.project(body25_points(clip.truth.pose(opened.model))).numpy()
    points[-1] = np.nan
    np.save(path, points - 0.5)  # Detectors put a pixel's center at whole numbers.
    return points


def test_other_detectors_keypoints_reach_the_keypoint_term(opened: Opened, tmp_path: Path):
    points = write_true_keypoints(opened, tmp_path / "k.npy")
    path = opened.clip.video.path
    found = open_clip_files(OpenRequest(clip=path, keypoints_2d=tmp_path / "k.npy"))
    assert found.keypoints is not None
    np.testing.assert_allclose(found.keypoints.points, points, atol=1e-4)
    assert any("in 1 of 6 frames it saw nobody" in remark for remark in found.remarks)
    person = cut(found)
    crops, given = person.crops, person.keypoints
    assert given is not None and given.looked.all()
    # In the crops' pixels they lie where the true body's points do.
    assert opened.clip.truth is not None
    expected = crops.cameras.project(body25_points(opened.clip.truth.pose(opened.model)))
    torch.testing.assert_close(given.points[:-1], expected[:-1], atol=1e-2, rtol=1e-4)
    assert given.confidence[:-1].eq(1.0).all() and not given.confidence[-1].any()
    assert not given.points[-1].any(), "what is missing counts nothing and is finite"
    assert cut(opened).keypoints is None


def test_frames_without_a_pose_are_named_and_filled_when_asked(tmp_path: Path):
    path = make_painted_clip(tmp_path)
    poses = path.with_name("clip.poses.npz")
    content = dict(np.load(poses))
    whole = content["transl"].copy()
    content["valid"][1:3], content["transl"][1:3] = False, 0.0
    np.savez(poses, **content)
    left = open_clip_files(OpenRequest(clip=path))
    assert left.remarks == (
        "Frames 1-2 have no pose and get none; --fill-gaps N fills gaps of up to N frames.",
    )
    assert left.motion().valid.tolist()[:4] == [True, False, False, True]
    filled = open_clip_files(OpenRequest(clip=path, fill_gaps=2))
    assert filled.remarks == (
        "Frames 1-2 had no pose; theirs begin between their neighbors' poses.",
    )
    assert bool(filled.motion().valid.all())
    between = whole[0] + (whole[3] - whole[0]) * np.array([[1 / 3], [2 / 3]])
    assert np.allclose(filled.motion().transl[1:3].numpy(), between, atol=1e-5)
