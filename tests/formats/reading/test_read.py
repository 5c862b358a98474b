"""Whose poses, in which frame, on which body; and what is said where that is not clear."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuhmr.body.model_files import load_body_arrays
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.errors import BodyModelError, PoseFileError
from neuhmr.formats.reading.choice import Choice, ids_by_frames
from neuhmr.formats.reading.read import read_everybody, read_poses
from neuhmr.formats.reading.rest_body import read_rest_body, rest_body_of
from tests.formats.reading import tool_files as files
from tests.formats.reading.containers import write_joblib, write_pickle
from tests.formats.reading.known import (
    BODY,
    MILLIMETER,
    assert_same_joints,
    camera_path,
    joints_of,
    make_body,
    make_known,
    matrices,
    read_on_body,
    save_body,
)


def phalp_of(folder: Path, frames: list[list[dict]]) -> Path:
    lists = [files.phalp_frame(number, tracks) for number, tracks in enumerate(frames)]
    return write_joblib(folder / "demo.pkl", {frame["frame_path"]: frame for frame in lists})


def test_ghosts_of_lost_tracks_are_gaps_and_order_in_lists_means_nothing(tmp_path: Path) -> None:
    first, second = make_known(1, rows=4, frames=[0, 1, 3, 4]), make_known(2, rows=2, frames=[0, 4])
    one = [{"tid": 1, "known": first, "row": row, "tracked_time": 0} for row in range(4)]
    two = [{"tid": 2, "known": second, "row": row, "tracked_time": 0} for row in range(2)]
    ghost = one[1] | {"tracked_time": 1}
    # The second person's first frame was added late, before it in the list later.
    path = phalp_of(tmp_path, [[one[0], two[0]], [one[1]], [ghost], [one[2]], [two[1], one[3]]])
    for person, known in (("1", first), ("2", second)):
        content = read_on_body(path, person=person)
        assert_same_joints(content, known)
        assert any("1 repeated poses of lost tracks" in remark for remark in content.remarks)


def test_several_people_are_listed_until_one_is_chosen(tmp_path: Path) -> None:
    tracks = {3: files.wham_track(make_known(1, rows=4, frames=[0, 1, 2, 3])),
              8: files.wham_track(make_known(2, rows=2, frames=[5, 6]))}  # fmt: skip
    path = write_joblib(tmp_path / "wham_output.pkl", tracks)
    with pytest.raises(PoseFileError) as refused:
        read_poses(path)
    message = str(refused.value)
    found = read_everybody(path)
    assert ids_by_frames(found) == ("3", "8"), "who was seen longest comes first"
    assert ids_by_frames(replace(found, persons=found.persons[::-1])) == ("3", "8")
    assert "2 people" in message and "--person" in message
    assert "3 (4 seen, frames 0 to 3" in message and "8 (2 seen, frames 5 to 6" in message
    assert message.count(". ") == 0, "one sentence"
    with pytest.raises(PoseFileError, match="no person 4"):
        read_poses(path, Choice(person="4"))
    assert read_on_body(path, person="8").frame_index.tolist() == [5, 6]


def test_where_boxes_are_known_people_are_listed_by_them(tmp_path: Path) -> None:
    known = make_known(rows=1, frames=[0])
    tracks = [{"tid": i, "known": known, "row": 0, "tracked_time": 0} for i in (1, 2)]
    with pytest.raises(PoseFileError, match=r"80 x 200 px around \(140, 150\)"):
        read_poses(phalp_of(tmp_path, [tracks]))


def test_the_only_person_of_a_truth_needs_no_name(tmp_path: Path) -> None:
    path = files.write_emdb(tmp_path, make_known())
    assert len(read_on_body(path, person="7", takes_only_one=True)) == 6
    with pytest.raises(PoseFileError, match="no person 7"):
        read_on_body(path, person="7")


@pytest.mark.parametrize(("name", "up"), [("glamr", "+z"), ("slahmr", "-y"), ("emdb", "+y")])
def test_the_world_is_turned_so_that_its_up_is_minus_y(name: str, up: str, tmp_path: Path) -> None:
    known = make_known()
    path = getattr(files, f"write_{name}")(tmp_path, known)
    content = read_on_body(path, frame="world")
    towards_camera = camera_path(up=up)
    in_camera = known.joints() - towards_camera[:, None, :3, 3]
    in_world = in_camera @ towards_camera[:, :3, :3]
    # Up becomes -y; the others follow as for a camera that looks level.
    x, y, z = np.moveaxis(in_world, -1, 0)
    turned = {"+y": (x, -y, -z), "+z": (x, -z, y), "-y": (x, y, z)}[up]
    difference = np.abs(joints_of(content) - np.stack(turned, axis=-1))[content.valid]
    assert difference.max() < MILLIMETER
    assert content.K is None and content.T_camera_world is None
    assert any("do not lie over the picture" in remark for remark in content.remarks)


def test_a_frame_that_a_file_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PoseFileError, match=r"in the camera's frame.*--world"):
        read_poses(files.write_amass(tmp_path, make_known()), Choice(frame="camera"))
    with pytest.raises(PoseFileError, match=r"in the world's frame.*--camera-frame"):
        read_poses(files.write_romp(tmp_path, make_known()), Choice(frame="world"))


def test_with_the_tools_model_poses_move_onto_another_body_exactly(tmp_path: Path) -> None:
    known = make_known()
    source = read_rest_body(save_body(tmp_path / "source.npz"))
    target = make_body("open-body", lift=-0.05)
    path = files.write_wham(tmp_path, known)
    choice = Choice(source_model=source, body=rest_body_of(target))
    content = read_poses(path, choice)
    assert not content.betas.any(), "betas of SMPL mean nothing on the open body"
    pelvis = joints_of(content, target)[:, 0]
    np.testing.assert_allclose(pelvis, known.joints()[:, 0], atol=1e-5)
    assert not any("typical" in remark for remark in content.remarks)
    # By hand: transl' = transl + j - j', with j' = (0.01, -0.05, 0.03) of the mean shape.
    expected = known.transl + known.pelvis_at_rest - target.with_shape(0 * target.shapedirs[0, 0])\
        .joints_rest[0].numpy()  # fmt: skip
    np.testing.assert_allclose(content.transl, expected, atol=1e-5)


def test_without_it_a_typical_body_stands_in_and_that_is_said(tmp_path: Path) -> None:
    target = rest_body_of(load_body_arrays())
    content = read_poses(files.write_gvhmr(tmp_path, make_known()), Choice(body=target))
    remarks = "; ".join(content.remarks)
    assert "betas of SMPL-X mean nothing on open-body" in remarks
    assert "--source-model" in remarks and "--source-model" in content.source
    # The pelvis of SMPL-X rests at (0, -0.35, 0.01).
    pelvis = content.transl + target.pelvis(content.betas)
    expected = make_known().transl + np.array([0.0, -0.35, 0.01])
    np.testing.assert_allclose(pelvis, expected, atol=1e-5)


def test_poses_keep_the_tools_body_until_they_are_opened_with_another(tmp_path: Path) -> None:
    known = make_known()
    kept = read_poses(files.write_gvhmr(tmp_path, known))
    assert kept.body_model == "SMPL-X"
    np.testing.assert_allclose(kept.transl, known.transl, atol=1e-6)
    np.testing.assert_allclose(kept.betas[0], known.betas, atol=1e-6)
    write_motion_file(tmp_path / "kept.npz", kept)
    target = rest_body_of(load_body_arrays())
    direct = read_poses(tmp_path / "hmr4d_results.pt", Choice(body=target))
    opened = read_poses(tmp_path / "kept.npz", Choice(body=target))
    np.testing.assert_allclose(opened.transl, direct.transl, atol=1e-5)
    assert not opened.betas.any()


def test_a_source_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    source = read_rest_body(save_body(tmp_path / "smpl.npz"))
    path = files.write_gvhmr(tmp_path, make_known())
    with pytest.raises(BodyModelError, match=r"GVHMR belong to a body of SMPL-X.*SMPL;"):
        read_poses(path, Choice(source_model=source))


def test_our_own_files_are_read_as_they_are(tmp_path: Path) -> None:
    content = replace(make_known().arrays(), source="by hand", body_model="open-body 0123")
    write_motion_file(tmp_path / "own.npz", content)
    plain = read_motion_file(tmp_path / "own.npz")
    read = read_poses(tmp_path / "own.npz", Choice(body=rest_body_of(load_body_arrays())))
    assert read.source == "by hand" and read.remarks == ()
    for key in ("global_orient", "body_pose", "transl", "betas"):
        np.testing.assert_array_equal(getattr(read, key), getattr(plain, key))


def test_rows_that_are_times_follow_the_clips_rate(tmp_path: Path) -> None:
    known = make_known(rows=9)
    path = files.write_amass(tmp_path, known, fps=120.0)
    content = read_on_body(path, clip_fps=30.0)
    # Rows 0, 4 and 8 of 120 a second are frames 0, 1 and 2 of 30 a second.
    assert content.frame_index.tolist() == [0, 1, 2] and content.fps == 30.0
    np.testing.assert_allclose(joints_of(content), known.joints()[[0, 4, 8]], atol=MILLIMETER)
    assert any("120 poses a second" in remark for remark in content.remarks)
    slower = read_on_body(files.write_glamr(tmp_path, make_known()), clip_fps=60.0)
    assert slower.frame_index.tolist() == [0, 2, 4, 6, 8, 10], "rows at 30 a second; gaps stay gaps"
    assert read_on_body(path).fps == 120.0


def test_a_frame_rate_that_nobody_knows_is_assumed_and_said(tmp_path: Path) -> None:
    path = files.write_wham(tmp_path, make_known())
    content = read_poses(path)
    assert content.fps == 30.0 and "frame rate assumed 30" in content.source
    assert "a focal length of the image's diagonal; give --clip" in content.source
    assert content.K is None
    for choice in (Choice(fps=25.0), Choice(clip_fps=25.0)):
        known = read_poses(path, choice)
        assert known.fps == 25.0 and "assumed 30" not in known.source


def test_wound_up_angles_are_the_same_rotations_within_a_turn(tmp_path: Path) -> None:
    known = make_known(rows=2)
    axis = known.body_pose.reshape(2, 23, 3)
    angle = np.linalg.norm(axis, axis=-1, keepdims=True)
    wound = axis * np.where(angle > 0, (angle + 2 * np.pi) / np.where(angle > 0, angle, 1.0), 1.0)
    np.savez(
        tmp_path / "wound.npz", global_orient=known.orient, body_pose=wound.reshape(2, 69),
        transl=known.transl, betas=known.betas,
    )  # fmt: skip
    content = read_on_body(tmp_path / "wound.npz")
    assert_same_joints(content, known)
    assert np.linalg.norm(content.body_pose.reshape(-1, 3), axis=-1).max() < 2 * np.pi
    np.savez(
        tmp_path / "degrees.npz", poses=np.rad2deg(known.poses), trans=known.transl,
        betas=known.betas,
    )  # fmt: skip
    with pytest.raises(PoseFileError, match="not degrees"):
        read_poses(tmp_path / "degrees.npz")


@pytest.mark.parametrize("form", ["matrices", "columns", "interleaved columns", "63 numbers"])
def test_rotations_may_have_any_form(form: str, tmp_path: Path) -> None:
    known = make_known()
    R = known.rotmats
    columns = np.swapaxes(R[..., :2], -1, -2).reshape(-1, 24, 6)
    values = {
        "matrices": R,
        "columns": columns,
        "interleaved columns": R[..., :2].reshape(-1, 24, 6),
        "63 numbers": known.poses.reshape(-1, 24, 3),
    }[form]
    body = values[:, 1:22] if form == "63 numbers" else values[:, 1:]
    np.savez(
        tmp_path / "a.npz", global_orient=values[:, :1], body_pose=body,
        pred_cam_t=known.transl[:, None], betas=np.append(known.betas, 0.5),
    )  # fmt: skip
    kind = "SMPL-X" if form == "63 numbers" else "SMPL"
    body_in_use = replace(rest_body_of(BODY), kind=kind)
    content = read_poses(tmp_path / "a.npz", Choice(body=body_in_use))
    assert_same_joints(content, known)
    assert "of 11 betas the first 10 are kept" in content.remarks


def test_rows_out_of_order_are_sorted_and_the_valid_one_of_two_is_kept(tmp_path: Path) -> None:
    known = make_known(rows=4, frames=[5, 2, 2, 9])
    np.savez(
        tmp_path / "a.npz", poses=known.poses, trans=known.transl, betas=known.betas,
        frame_ids=known.frames, valid=np.array([1, 0, 1, 1]),
    )  # fmt: skip
    content = read_on_body(tmp_path / "a.npz")
    assert content.frame_index.tolist() == [2, 5, 9] and content.valid.all()
    np.testing.assert_allclose(content.transl, known.transl[[2, 0, 3]], atol=1e-6)
    assert "1 rows for frames that have another one are dropped" in content.remarks


def test_one_shape_is_made_of_many_and_the_pelvis_stays(tmp_path: Path) -> None:
    known = make_known()
    track = files.wham_track(known)
    track["betas"] = track["betas"].copy()
    # The second coefficient lifts the pelvis by 2 cm; the tool's own body stands where it did.
    track["betas"][::2, 1] += 1.0
    track["trans"] = track["trans"] - 0.02 * np.eye(3)[1] * (np.arange(6) % 2 == 0)[:, None]
    content = read_on_body(write_joblib(tmp_path / "w.pkl", {0: track}))
    assert any("one shape for all frames" in remark for remark in content.remarks)
    pelvis = joints_of(content)[:, 0]
    np.testing.assert_allclose(pelvis, known.joints()[:, 0], atol=1e-4)


def test_what_is_no_pose_file_is_described_with_the_tools_that_are_known(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "a.pkl", {"weights": np.zeros(3), "epoch": 4})
    with pytest.raises(PoseFileError) as refused:
        read_poses(path)
    message = str(refused.value)
    assert "a dictionary of weights, epoch" in message and "WHAM" in message
    assert "convert --list" in message
    with pytest.raises(PoseFileError, match="is a folder, but not one of TRAM"):
        read_poses(tmp_path)


def test_a_tools_file_that_lacks_something_says_what(tmp_path: Path) -> None:
    track = files.wham_track(make_known()) | {"trans": np.zeros((2, 4))}
    with pytest.raises(PoseFileError, match='a file of WHAM but it has "trans" of shape'):
        read_poses(write_joblib(tmp_path / "w.pkl", {0: track}))
    files.write_smplifyx(tmp_path, make_known(rows=1), numbers=32)
    with pytest.raises(PoseFileError, match=r"32 numbers of VPoser.*use_vposer=False"):
        read_poses(tmp_path)


def test_results_without_parameters_say_what_to_run_instead(tmp_path: Path) -> None:
    (tmp_path / "a_0.obj").write_text("v 0 0 0\n")
    with pytest.raises(PoseFileError, match=r"meshes but no poses.*track\.py"):
        read_poses(tmp_path)
    sam = write_pickle(tmp_path / "sam.pkl", [{"mhr_model_params": np.zeros(4)}])
    with pytest.raises(PoseFileError, match="mhr_smpl_conversion"):
        read_poses(sam)
    heads = write_pickle(tmp_path / "heads.pkl", [np.zeros((10475, 3))])
    with pytest.raises(PoseFileError, match="Multi-HMR"):
        read_poses(heads)


def test_easymocaps_wrapped_lists_and_wider_poses_are_read(tmp_path: Path) -> None:
    known = make_known(rows=1)
    pelvis = known.pelvis_at_rest
    Th = known.transl + pelvis - matrices(known.orient) @ pelvis
    poses = [0.0] * 3 + known.body_pose[0, :63].tolist() + [0.3] * 21
    person = {"id": 2, "Rh": known.orient.tolist(), "Th": Th.tolist(), "poses": [poses],
              "shapes": [known.betas.tolist()]}  # fmt: skip
    path = tmp_path / "000000.json"
    path.write_text(json.dumps({"annots": [person]}))
    body = replace(rest_body_of(BODY), kind="SMPL-X")
    assert_same_joints(read_poses(path, Choice(body=body)), known)


def test_keypoints_and_boxes_are_found_where_files_hold_them(tmp_path: Path) -> None:
    emdb = read_everybody(files.write_emdb(tmp_path, make_known())).persons[0]
    assert emdb.keypoints is not None and emdb.keypoints.shape == (6, 24, 3)
    assert emdb.boxes is not None and emdb.boxes[0].tolist() == [0, 0, 9, 9]
    dpw = read_everybody(files.write_3dpw(tmp_path, make_known(), (make_known(3),)))
    assert [person.gender for person in dpw.persons] == ["male", "male"]
    points = dpw.persons[1].keypoints
    assert points is not None and points.shape == (6, 18, 3)


def test_motion_files_can_be_had_in_their_world(tmp_path: Path) -> None:
    known, transforms = make_known(), camera_path()
    content: MotionArrays = replace(known.arrays(), T_camera_world=transforms, source="ours")
    write_motion_file(tmp_path / "own.npz", content)
    found = read_on_body(tmp_path / "own.npz", frame="world")
    in_world = (known.joints() - transforms[:, None, :3, 3]) @ transforms[:, :3, :3]
    np.testing.assert_allclose(joints_of(found), in_world * [1, -1, -1], atol=MILLIMETER)
    assert found.source.startswith("ours; poses are in the world")


def test_tracks_of_one_person_are_joined_when_asked(tmp_path: Path) -> None:
    known = make_known(rows=8, frames=[0, 1, 2, 3, 6, 7, 8, 9])

    def part(rows: slice) -> files.Known:
        arrays = {k: v[rows] if len(v) == 8 else v for k, v in vars(known).items()}
        return files.Known(**arrays)

    first, second = part(slice(0, 4)), part(slice(4, 8))
    tree = {3: files.wham_track(second), 7: files.wham_track(first)}
    path = write_joblib(tmp_path / "wham_output.pkl", tree)
    with pytest.raises(PoseFileError, match=r"--person ID\+ID joins"):
        read_on_body(path)
    content = read_on_body(path, person="3+7")
    assert_same_joints(content, known)
    assert content.T_camera_world is None
    assert any("7 to 3 between frames 3 and 6" in remark for remark in content.remarks)
    with pytest.raises(PoseFileError, match="worlds of their own"):
        read_on_body(path, person="3+7", frame="world")
    with pytest.raises(PoseFileError, match=r"no person 3\+4"):
        read_on_body(path, person="3+4")
