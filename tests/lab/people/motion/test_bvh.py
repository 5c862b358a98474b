import numpy as np
import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.lab.people.motion.bvh import read_bvh, read_recording
from neuhmr.lab.people.motion.recording import retarget
from neuhmr.lab.people.motion.recordings import find_recordings, load_mocap_motion

ARM = {"LeftShoulder": ["LeftArm"], "LeftArm": ["LeftForeArm"], "LeftForeArm": ["LeftHand"],
       "LeftHand": ["LeftFingerBase"]}  # fmt: skip
LEG = {"LeftUpLeg": ["LeftLeg"], "LeftLeg": ["LeftFoot"], "LeftFoot": ["LeftToeBase"]}


def right(tree):
    return {
        name.replace("Left", "Right"): [child.replace("Left", "Right") for child in children]
        for name, children in tree.items()
    }


CHILDREN = {
    "Hips": ["LeftUpLeg", "RightUpLeg", "LowerBack"], "LowerBack": ["Spine"], "Spine": ["Spine1"],
    "Spine1": ["Neck", "LeftShoulder", "RightShoulder"], "Neck": ["Head"],
    **ARM, **LEG, **right(ARM), **right(LEG),
}  # fmt: skip
OFFSETS = {
    "LeftLeg": (0, -8, 0), "LeftFoot": (0, -8, 0), "LeftToeBase": (0, 0, 3),
    "LeftForeArm": (5, 0, 0), "LeftHand": (5, 0, 0),
    "RightLeg": (0, -8, 0), "RightFoot": (0, -8, 0), "RightToeBase": (0, 0, 3),
    "RightForeArm": (-5, 0, 0), "RightHand": (-5, 0, 0),
}  # fmt: skip


def joint_text(name: str, order: list[str]) -> str:
    order.append(name)
    children = CHILDREN.get(name, [])
    inner = "".join(joint_text(child, order) for child in children)
    inner = inner or "End Site\n{\nOFFSET 0 1 0\n}\n"
    x, y, z = OFFSETS.get(name, (0, 1, 0))
    kind, position = (
        ("ROOT", "6 Xposition Yposition Zposition ") if name == "Hips" else ("JOINT", "3 ")
    )
    return (
        f"{kind} {name}\n{{\nOFFSET {x if name != 'Hips' else 0} {y if name != 'Hips' else 0} {z}\n"
        f"CHANNELS {position}Zrotation Yrotation Xrotation\n{inner}}}\n"
    )


def bvh_text(frames: list[dict[str, tuple[float, ...]]]) -> str:
    """A skeleton in the T-pose as Hahne's files have it, its T-pose frame, then frames by hand."""
    order: list[str] = []
    hierarchy = "HIERARCHY\n" + joint_text("Hips", order)
    rows = []
    for frame in [{}, *frames]:
        numbers = [*frame.get("position", (0.0, 0.0, 0.0))]
        for name in order:
            numbers += frame.get(name, (0.0, 0.0, 0.0))
        rows.append(" ".join(f"{number:g}" for number in numbers))
    return (
        hierarchy + f"MOTION\nFrames: {len(rows)}\nFrame Time: .0083333\n" + "\n".join(rows) + "\n"
    )


@pytest.fixture
def write(tmp_path):
    def write_frames(*frames):
        path = tmp_path / "01_01.bvh"
        path.write_text(bvh_text(list(frames)))
        return path

    return write_frames


def test_known_angles_turn_known_joints(write, shaped):
    # Root by 90 degrees about +y, the left thigh by -30 about x, the left forearm by -90 about y.
    path = write({"Hips": (0, 90, 0), "LeftUpLeg": (0, 0, -30), "LeftForeArm": (0, -90, 0)})
    motion = retarget(read_recording(path), shaped)
    joints = motion.pose(shaped).joints[0]
    across = joints[1] - joints[2]
    assert float(across[2] / across.norm()) == pytest.approx(-1.0, abs=0.02)
    thigh = joints[4] - joints[1]
    assert float(thigh[0] / thigh.norm()) == pytest.approx(0.5, abs=0.01)
    forearm = joints[20] - joints[18]
    assert float(forearm[0] / forearm.norm()) == pytest.approx(1.0, abs=0.02)


def test_angles_are_applied_right_to_left(write, shaped):
    # Z and X by 90: x first takes +y to +z, which z leaves; z first would have taken it to -x.
    motion = retarget(read_recording(write({"Hips": (90, 0, 90)})), shaped)
    up = motion.global_orient[0] @ torch.tensor([0.0, 1.0, 0.0])
    torch.testing.assert_close(up, torch.tensor([0.0, 0.0, 1.0]), atol=1e-6, rtol=0)


def test_the_hips_go_where_they_went_scaled_by_the_legs(write, shaped):
    recording = read_recording(write({"position": (0, 10, 5)}))
    unit = 0.0254 / 0.45
    assert recording.leg_length == pytest.approx(16 * unit)
    rest = shaped.joints_rest
    legs = float((rest[4] - rest[1]).norm() + (rest[7] - rest[4]).norm())
    pelvis = retarget(recording, shaped).transl[0] + rest[0]
    expected = torch.tensor([0.0, 10.0, 5.0]) * unit * legs / (16 * unit)
    torch.testing.assert_close(pelvis, expected, atol=1e-5, rtol=0)


def test_the_t_pose_that_comes_first_and_empty_frames_after_it_are_left_out(write):
    path = write({}, {"position": (0, 1, 0)}, {"position": (0, 2, 0)})
    assert len(read_recording(path)) == 2
    assert len(read_bvh(path).numbers) == 4
    assert read_recording(path).fps == pytest.approx(120.0, rel=1e-4)


def test_a_bvh_recording_is_found_and_cut_to_a_frame_rate(write, shaped):
    path = write(*({"position": (0, 30, 0.1 * i)} for i in range(40)))
    assert find_recordings(path.parent, seconds=0.3) == [path]
    motion = load_mocap_motion(path, shaped, 8, 30.0, np.random.default_rng(0))
    step = motion.transl[1:, 2] - motion.transl[:-1, 2]
    assert len(motion) == 8
    torch.testing.assert_close(step, step[:1].expand(7), atol=1e-5, rtol=0)
    assert abs(float(motion.pose(shaped).vertices[..., 1].min())) < 0.01


def test_files_that_are_no_such_recordings_are_named(tmp_path, write):
    text = write({"position": (0, 1, 0)}).read_text()
    for name, broken, words in [
        ("0.bvh", "RIFF", "no BVH recording"),
        ("a.bvh", "HIERARCHY", "has no MOTION"),
        ("b.bvh", text.replace("Frames: 2", "Frames: 3"), "announces 3 frames"),
        ("c.bvh", text.replace("LeftFingerBase", "Finger"), "lacks the joint LeftFingerBase"),
        ("e.bvh", write({}).read_text(), "a T-pose alone"),
        ("d.bvh", text.replace("Frame Time: .0083333", "Frame Time: 0"), "a frame time of 0 s"),
    ]:
        (tmp_path / name).write_text(broken)
        with pytest.raises(DatasetError, match=words):
            read_recording(tmp_path / name)
