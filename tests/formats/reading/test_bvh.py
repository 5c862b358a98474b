"""BVH files of several programs become the motion that they were made of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import SMPL_JOINT_NAMES, joint_index
from neuhmr.errors import PoseFileError
from neuhmr.formats.reading.bvh_text import parse_bvh
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.formats.reading.rest_body import rest_body_of
from neuhmr.formats.reading.tree import UnusableTree
from neuhmr.formats.writing.write import write_motion
from tests.formats.reading import bvh_files as files
from tests.formats.reading.known import BODY, MILLIMETER, joints_of, make_known

ROWS = 8
TREES = {
    "CMU": files.cmu,
    "Mixamo": files.mixamo,
    "Unreal": files.unreal,
    "Character Creator": files.character_creator,
}
SHORT_WAY = 1.5
"""Degrees: bones do not quite lie in the plane in which limbs are spread."""
TURNED = np.diag([1.0, -1.0, -1.0])
"""From y up to y down."""


def about(axis: str, degrees: float) -> np.ndarray:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def motion(rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Somebody who moves everything but the hands, upright (y up): world rotations and pelvis."""
    rng = np.random.default_rng(3)
    local = Rotation.from_rotvec(0.3 * rng.normal(size=(rows * 24, 3))).as_matrix()
    local = local.reshape(rows, 24, 3, 3)
    local[:, 22:] = np.eye(3)
    pelvis = np.array([0.2, 0.95, -0.4]) + 0.1 * rng.normal(size=(rows, 3))
    return files.chained(local), pelvis


def a_pose() -> np.ndarray:
    """Arms 40 degrees down and legs 15 degrees apart."""
    local = np.tile(np.eye(3), (24, 1, 1))
    local[joint_index("left_shoulder")] = about("z", -40)
    local[joint_index("right_shoulder")] = about("z", 40)
    local[joint_index("left_hip")] = about("z", 15)
    local[joint_index("right_hip")] = about("z", -15)
    return files.chained(local)


def t_pose() -> np.ndarray:
    return np.tile(np.eye(3), (24, 1, 1))


def bones_along_x() -> np.ndarray:
    """Every bone along +x, twisted at random, as joints of game engines are."""
    rng = np.random.default_rng(8)
    rest = files.open_rest()
    after = {"hip": "knee", "knee": "ankle", "ankle": "foot", "shoulder": "elbow",
             "elbow": "wrist", "collar": "shoulder"}  # fmt: skip
    zero = np.tile(Rotation.from_euler("z", -90, degrees=True).as_matrix(), (24, 1, 1))
    for index, name in enumerate(SMPL_JOINT_NAMES):
        side, _, part = name.partition("_")
        twist = about("x", float(rng.uniform(-180, 180)))
        if part in after:
            bone = rest[joint_index(f"{side}_{after[part]}")] - rest[index]
            along, _ = Rotation.align_vectors([[1.0, 0, 0]], [bone / np.linalg.norm(bone)])
            zero[index] = twist @ along.as_matrix()
        elif part:
            zero[index] = twist @ zero[index]
    return zero


def body_joints(world: np.ndarray, pelvis: np.ndarray) -> np.ndarray:
    return files.places_of(world, files.open_rest(), pelvis)


def read_world(path: Path):
    return read_poses(path, Choice(frame="world"))


def found_rotmats(content) -> np.ndarray:
    """Rotations in the world of the file, whose y points up."""
    angles = np.concatenate([content.global_orient, content.body_pose], axis=1)
    local = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(-1, 24, 3, 3)
    return TURNED @ files.chained(local)


def worst_angle(first: np.ndarray, second: np.ndarray) -> float:
    """In degrees."""
    turns = np.swapaxes(first, -1, -2) @ second
    vectors = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_rotvec()
    return float(np.rad2deg(np.linalg.norm(vectors, axis=-1)).max())


def test_our_own_files_come_back_on_the_body_they_were_made_on(tmp_path: Path) -> None:
    known = make_known(rows=5)
    path = tmp_path / "a.bvh"
    write_motion(path, known.arrays(), BODY, "bvh")
    back = read_poses(path, Choice(body=rest_body_of(BODY), frame="world"))
    # The writer's world is the camera's frame turned upright, the reader's turned back.
    assert np.abs(joints_of(back) - known.joints()).max() < MILLIMETER
    assert back.fps == pytest.approx(30.0)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize(("zero", "degrees"), [(t_pose, 0.01), (a_pose, SHORT_WAY)])
def test_skeletons_of_programs_turn_as_they_turned(
    name: str, zero, degrees: float, tmp_path: Path
) -> None:
    world, pelvis = motion()
    skeleton = files.Skeleton(tree=TREES[name](), zero=zero())
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    assert worst_angle(found_rotmats(content), world) < degrees
    text = " ".join(content.remarks)
    assert f"{name}'s" in text and "centimeters" in text and "zero pose is taken" in text


@pytest.mark.parametrize("order", ["XYZ", "ZXY", "YZX", "YXZ"])
def test_turns_about_axes_in_any_order_are_the_same(order: str, tmp_path: Path) -> None:
    world, pelvis = motion()
    skeleton = files.Skeleton(tree=files.mixamo(), zero=t_pose(), order=order)
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    assert worst_angle(found_rotmats(content), world) < 0.01


@pytest.mark.parametrize(
    ("per_meter", "unit"),
    [(1.0, "meters"), (100.0, "centimeters"), (1000.0, "millimeters"),
     (0.45 / 0.0254, "CMU's units"), (1 / 0.0254, "inches")],
)  # fmt: skip
def test_units_are_told_by_the_legs_and_said(per_meter: float, unit: str, tmp_path: Path) -> None:
    world, pelvis = motion()
    skeleton = files.Skeleton(tree=files.cmu(), zero=t_pose(), per_meter=per_meter)
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    joints = content.motion.pose(load_body_model()).joints.numpy()
    hips = joints[:, 1:3].mean(axis=1) @ TURNED
    expected = body_joints(world, pelvis)[:, 1:3].mean(axis=1)
    assert np.abs(hips - expected).max() < MILLIMETER
    assert unit in " ".join(content.remarks)


def test_position_channels_of_every_joint_stand_for_the_offset(tmp_path: Path) -> None:
    world, pelvis = motion()
    skeleton = files.Skeleton(tree=files.mixamo(), zero=t_pose(), all_positions=True)
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    joints = content.motion.pose(load_body_model()).joints.numpy() @ TURNED
    # As long as its own bones up to what shapes of the body cannot follow.
    assert np.abs(joints - body_joints(world, pelvis))[:, :22].max() < 5 * MILLIMETER


def test_bones_along_one_axis_are_counted_from_a_standing_first_frame(tmp_path: Path) -> None:
    world, pelvis = motion()
    world[0] = np.eye(3)
    skeleton = files.Skeleton(tree=files.unreal(), zero=bones_along_x())
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    assert worst_angle(found_rotmats(content), world) < 0.01
    assert "its first frame is taken" in " ".join(content.remarks)


def test_without_any_standing_pose_bones_still_point_where_they_did(tmp_path: Path) -> None:
    world, pelvis = motion(40)
    bent = files.chained(np.stack([about("x", -100 if n.endswith("knee") else 0)
                                   for n in SMPL_JOINT_NAMES]))  # fmt: skip
    world = np.concatenate([bent[None], world])
    pelvis = np.concatenate([pelvis[:1], pelvis])
    skeleton = files.Skeleton(tree=files.unreal(), zero=bones_along_x())
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    assert "estimate from the whole motion" in " ".join(content.remarks)
    rest = files.open_rest()
    for side in ("left", "right"):
        for first, second in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow")):
            a, b = joint_index(f"{side}_{first}"), joint_index(f"{side}_{second}")
            bone = (rest[b] - rest[a]) / np.linalg.norm(rest[b] - rest[a])
            cosine = ((found_rotmats(content)[:, a] @ bone) * (world[:, a] @ bone)).sum(axis=-1)
            assert np.rad2deg(np.arccos(cosine.min())) < 15.0, (side, first)


def test_a_world_whose_z_points_up_is_turned(tmp_path: Path) -> None:
    world, pelvis = motion()
    z_up = about("x", 90)
    skeleton = files.Skeleton(tree=files.cmu(), zero=t_pose())
    path = skeleton.write(tmp_path / "a.bvh", z_up @ world, pelvis @ z_up.T)
    content = read_world(path)
    assert worst_angle(found_rotmats(content), world) < 0.01
    assert "up is taken for +z" in " ".join(content.remarks)


def test_frames_follow_the_clip_by_time(tmp_path: Path) -> None:
    world, pelvis = motion(12)
    skeleton = replace(files.Skeleton(tree=files.cmu(), zero=t_pose()), fps=120.0)
    path = skeleton.write(tmp_path / "a.bvh", world, pelvis)
    assert read_world(path).fps == pytest.approx(120.0, rel=1e-4)
    content = read_poses(path, Choice(frame="world", clip_fps=30.0))
    assert content.frame_index.tolist() == [0, 1, 2, 3]
    rotmats = found_rotmats(content)
    assert worst_angle(rotmats[:3], world[[0, 4, 8]]) < 0.01


def test_the_shape_takes_the_length_of_the_bones(tmp_path: Path) -> None:
    world, pelvis = motion()
    skeleton = files.Skeleton(tree=files.cmu(), zero=t_pose(), per_meter=115.0)
    content = read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))
    rest = load_body_model().with_shape(torch.from_numpy(content.betas[0]).float()).joints_rest
    leg = np.linalg.norm(rest[4] - rest[1]) + np.linalg.norm(rest[7] - rest[4])
    mean = files.open_rest()
    mean_leg = np.linalg.norm(mean[4] - mean[1]) + np.linalg.norm(mean[7] - mean[4])
    assert leg / mean_leg == pytest.approx(1.15, abs=0.04)
    assert any("fitted to its bones" in remark for remark in content.remarks)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("Frames: 8", "Frames: 9"), "announces 9 frames"),
        (lambda text: text[: text.index("MOTION")], "no MOTION"),
        (lambda text: text.replace("LeftUpLeg", "Thing"), "left_hip"),
        (lambda text: text.rstrip().rsplit(" ", 1)[0] + "\n", "numbers in row 7"),
        (lambda text: text.replace("Frame Time: 0.0", "Frame Time: -0.0"), "frame time"),
        (lambda text: text.replace("OFFSET", "OFFSET nan", 1), "hierarchy"),
        (lambda text: text.replace("}", "", 1), "hierarchy"),
        (lambda text: text.replace("Yrotation", "Wrotation", 1), "channels"),
    ],
)
def test_damaged_files_are_refused_with_the_reason(change, words: str, tmp_path: Path) -> None:
    world, pelvis = motion()
    path = files.Skeleton(tree=files.cmu(), zero=t_pose()).write(tmp_path / "a.bvh", world, pelvis)
    path.write_text(change(path.read_text()))
    with pytest.raises(PoseFileError, match=words):
        read_world(path)


def test_legs_of_no_persons_length_are_refused(tmp_path: Path) -> None:
    world, pelvis = motion()
    skeleton = files.Skeleton(tree=files.cmu(), zero=t_pose(), per_meter=7.0)
    with pytest.raises(PoseFileError, match="no unit of length"):
        read_world(skeleton.write(tmp_path / "a.bvh", world, pelvis))


def test_thousands_of_joints_are_refused_early() -> None:
    text = "HIERARCHY\nROOT a\n{\n" + "JOINT b\n{\n" * 5000
    with pytest.raises(UnusableTree, match="more than 1000 joints"):
        parse_bvh(text + "MOTION\nFrames: 1\nFrame Time: 0.03\n0\n")
