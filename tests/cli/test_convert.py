"""`neuhmr convert`: other programs' bodies land where ours do."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.cli import main
from neuhmr.clip.motion_file import read_motion_file
from tests.cli.motions import make_motion, save_motion
from tests.formats.reading import tool_files
from tests.formats.reading.known import make_known, save_body
from tests.painted_clip import FPS, HEIGHT, WIDTH, make_painted_clip

TOLERANCE_M = 1e-5  # float32 after an axis-angle round trip, 4 m from the camera


def test_smplx_keys_round_trip(tmp_path: Path) -> None:
    motion = make_motion()
    source = save_motion(tmp_path / "a.npz", motion)
    assert main(["convert", str(source), str(tmp_path / "b.npz"), "--to", "smplx"]) == 0
    assert main(["convert", str(tmp_path / "b.npz"), str(tmp_path / "c.npz")]) == 0
    back = read_motion_file(tmp_path / "c.npz")
    assert back.fps == 25.0
    model = load_body_model()
    torch.testing.assert_close(
        back.motion.pose(model).vertices, motion.pose(model).vertices, atol=TOLERANCE_M, rtol=0
    )


def test_amass_stands_the_person_upright(tmp_path: Path) -> None:
    motion = make_motion()
    source = save_motion(tmp_path / "a.npz", motion)
    target = tmp_path / "amass.npz"
    assert main(["convert", str(source), str(target), "--to", "amass"]) == 0
    with np.load(target, allow_pickle=False) as data:
        assert data["poses"].shape == (6, 156)
        assert data["betas"].shape == (16,)
        assert data["mocap_framerate"] == 25.0
        assert not data["poses"][:, 66:].any(), "fingers rest"
        poses = torch.from_numpy(data["poses"])
        body_pose = torch.cat([poses[:, 3:66], motion.body_pose_axisangle()[:, 63:]], dim=1)
        read = Motion.from_axisangle(
            poses[:, :3], body_pose, torch.from_numpy(data["trans"]), motion.betas
        )
    model = load_body_model()
    ours, theirs = motion.pose(model).joints, read.pose(model).joints
    # Camera (right, down, away) -> upright (right, away, up).
    expected = torch.stack([ours[..., 0], ours[..., 2], -ours[..., 1]], dim=-1)
    torch.testing.assert_close(theirs, expected, atol=TOLERANCE_M, rtol=0)
    assert (theirs[:, 15, 2] > theirs[:, 0, 2]).all(), "the head is above the pelvis"


def test_invalid_frames_are_named_or_filled_but_never_move_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    motion = make_motion()
    motion.valid[2] = False
    source = save_motion(tmp_path / "a.npz", motion)
    assert main(["convert", str(source), str(tmp_path / "b.npz"), "--to", "smplx"]) == 0
    with np.load(tmp_path / "b.npz", allow_pickle=False) as data:
        assert data["frame_index"].tolist() == [0, 1, 3, 4, 5]
    assert "1 frame without a pose (2)" in capsys.readouterr().out
    assert main(["convert", str(source), str(tmp_path / "b.amass.npz")]) == 0
    with np.load(tmp_path / "b.amass.npz", allow_pickle=False) as data:
        assert len(data["poses"]) == 6
    assert "Filled by interpolation" in capsys.readouterr().out
    words = ["convert", str(source), str(tmp_path / "c.amass.npz"), "--gaps", "refuse"]
    assert main(words) == 2
    assert "1 frame without a pose (2)" in capsys.readouterr().err
    assert not (tmp_path / "c.amass.npz").exists()


@pytest.mark.parametrize(
    ("name", "begins"), [("a.bvh", b"HIERARCHY"), ("a.glb", b"glTF"), ("a.html", b"<!doctype")]
)
def test_the_ending_says_what_to_write(tmp_path: Path, name: str, begins: bytes) -> None:
    source = save_motion(tmp_path / "m.npz", make_motion())
    assert main(["convert", str(source), str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_an_ending_that_says_nothing_is_asked_about(tmp_path: Path, capsys) -> None:
    source = save_motion(tmp_path / "m.npz", make_motion())
    assert main(["convert", str(source), str(tmp_path / "a.pkl")]) == 2
    assert "add --to with one of motion, smplx" in capsys.readouterr().err


def test_the_result_as_json_holds_the_remarks(tmp_path: Path, capsys) -> None:
    source = save_motion(tmp_path / "m.npz", make_motion())
    words = ["convert", str(source), str(tmp_path / "meshes"), "--to", "ply", "--fps", "50"]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["format"], result["frames"], result["valid_frames"]) == ("ply", 6, 6)
    assert "from 25 to 50 frames per second, so 6 frames became 11." in result["remarks"][0]
    assert len(list((tmp_path / "meshes").iterdir())) == 11


def test_up_is_refused_where_the_camera_is_the_frame(tmp_path: Path, capsys) -> None:
    source = save_motion(tmp_path / "m.npz", make_motion())
    assert main(["convert", str(source), str(tmp_path / "a.csv"), "--up", "z"]) == 2
    assert "csv is written in the camera's frame" in capsys.readouterr().err


def test_another_tools_poses_become_a_motion_file_with_remarks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = make_known(frames=[1, 2, 3, 6, 7, 11])
    source, target = tool_files.write_wham(tmp_path, known), tmp_path / "m.npz"
    assert main(["convert", str(source), str(target), "--source-fps", "25", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert any("give --clip to take its camera along" in remark for remark in result["remarks"])
    content = read_motion_file(target)
    assert content.frame_index.tolist() == known.frames.tolist() and content.fps == 25.0
    assert content.body_model == "SMPL" and "give --clip" in content.source
    np.testing.assert_allclose(content.transl, known.transl, atol=1e-5)


def test_with_the_clip_the_tools_camera_comes_along(tmp_path: Path) -> None:
    clip = make_painted_clip(tmp_path)
    known = make_known()
    source, target = tool_files.write_wham(tmp_path, known), tmp_path / "m.npz"
    assert main(["convert", str(source), str(target), "--clip", str(clip)]) == 0
    content = read_motion_file(target)
    assert content.image_size == (HEIGHT, WIDTH) and content.fps == FPS
    assert content.K is not None
    assert content.K[0, 0] == pytest.approx(float(np.hypot(HEIGHT, WIDTH)), rel=1e-5)


def test_given_the_tools_model_the_pelvis_moves_exactly_onto_the_open_body(tmp_path: Path) -> None:
    known, model = make_known(), save_body(tmp_path / "smpl.npz")
    source, target = tool_files.write_wham(tmp_path, known), tmp_path / "m.npz"
    assert main(["convert", str(source), str(target), "--source-model", str(model)]) == 0
    pelvis = read_motion_file(target).motion.pose(load_body_model()).joints[:, 0].numpy()
    np.testing.assert_allclose(pelvis, known.joints()[:, 0], atol=1e-3)
    # On the model itself, all joints are the tool's.
    words = [str(source), str(target), "--source-model", str(model), "--body-model", str(model)]
    words.append("--overwrite")
    assert main(["convert", *words]) == 0
    joints = read_motion_file(target).motion.pose(load_body_model(model)).joints.numpy()
    np.testing.assert_allclose(joints, known.joints(), atol=1e-3)


def test_a_person_and_the_world_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tool_files.write_slahmr(tmp_path, make_known(), (make_known(2),))
    target = tmp_path / "m.npz"
    assert main(["convert", str(source), str(target)]) == 2
    assert "2 people" in capsys.readouterr().err and not target.exists()
    assert main(["convert", str(source), str(target), "--person", "008", "--world"]) == 0
    content = read_motion_file(target)
    assert content.K is None and "person 008" in content.source
    words = ["convert", str(source), str(tmp_path / "n.npz"), "--world", "--camera-frame"]
    assert main(words) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_the_tools_are_listed_and_files_are_needed_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["convert", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("GVHMR", "4D-Humans (PHALP)", "AMASS", "keypoints"))
    assert main(["convert"]) == 2
    assert "--list" in capsys.readouterr().err
