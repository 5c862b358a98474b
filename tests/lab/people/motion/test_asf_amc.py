import numpy as np
import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.lab.people.motion.asf_amc import read_amc, read_asf, read_recording
from neuhmr.lab.people.motion.recording import retarget, shortest_turn
from neuhmr.lab.people.motion.recordings import find_recordings, load_mocap_motion

TRUNK = ("lowerback", "upperback", "thorax", "lowerneck", "head", "lclavicle", "rclavicle")
LIMBS = {
    "lfemur": "0 -1 0", "ltibia": "0 -1 0", "lfoot": "0 0 1",
    "rfemur": "0 -1 0", "rtibia": "0 -1 0", "rfoot": "0 0 1",
    "lhumerus": "1 0 0", "lradius": "1 0 0", "lhand": "1 0 0",
    "rhumerus": "-1 0 0", "rradius": "-1 0 0", "rhand": "-1 0 0",
}  # fmt: skip
HIERARCHY = """
    root lowerback lfemur rfemur
    lowerback upperback
    upperback thorax
    thorax lowerneck lclavicle rclavicle
    lowerneck head
    lclavicle lhumerus
    rclavicle rhumerus
    lhumerus lradius
    lradius lhand
    rhumerus rradius
    rradius rhand
    lfemur ltibia
    ltibia lfoot
    rfemur rtibia
    rtibia rfoot
"""


def asf_text(axis: str = "0 0 0") -> str:
    """A skeleton as CMU writes it, in the T-pose, whose thighs and shanks are 8 units long."""
    bones = {**dict.fromkeys(TRUNK, "0 1 0"), **LIMBS}
    blocks = [
        f"  begin\n     id {i} \n     name {name}\n     direction {direction} \n     length 8 \n"
        f"     axis {axis}  XYZ\n    dof rx ry rz\n    limits (-160.0 20.0)\n"
        "           (-70.0 70.0)\n           (-60.0 70.0)\n  end\n"
        for i, (name, direction) in enumerate(bones.items(), start=1)
    ]
    return (
        "# AST/ASF file\n:version 1.10\n:name VICON\n:units\n  mass 1.0\n  length 0.45\n"
        "  angle deg\n:documentation\n   .ast/.asf by hand\n:root\n   order TX TY TZ RX RY RZ\n"
        "   axis XYZ\n   position 0 0 0  \n   orientation 0 0 0 \n:bonedata\n"
        + "".join(blocks) + ":hierarchy\n  begin" + HIERARCHY + "  end\n"
    )  # fmt: skip


def amc_text(frames: list[dict[str, str]]) -> str:
    lines = ["#!OML:ASF x.ASF", ":FULLY-SPECIFIED", ":DEGREES"]
    for number, bones in enumerate(frames, start=1):
        lines += [str(number), *(f"{name} {values}" for name, values in bones.items())]
    return "\n".join(lines) + "\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "01.asf").write_text(asf_text())
    frames = [
        {"root": "0 10 0 0 0 0", "lfemur": "0 0 0", "lradius": "0 0 0"},
        {"root": "0 10 5 0 90 0", "lfemur": "-30 0 0", "lradius": "0 -90 0"},
    ]
    (tmp_path / "01_01.amc").write_text(amc_text(frames))
    return tmp_path / "01.asf", tmp_path / "01_01.amc"


def test_the_t_pose_of_the_skeleton_is_the_t_pose_of_the_body(files, shaped):
    motion = retarget(read_recording(*files), shaped)
    posed = motion[0:1].pose(shaped).joints[0]
    arm = posed[20] - posed[16]
    assert abs(float(arm[1])) < 0.02 * float(arm.norm())
    leg = posed[7] - posed[1]
    assert -float(leg[1]) > 0.99 * float(leg.norm())


def test_the_root_goes_where_the_recording_went_scaled_by_the_legs(files, shaped):
    motion = retarget(read_recording(*files), shaped)
    # 10 units up are 10 * 0.0254 / 0.45 = 0.5644 m of a person with legs of 16 units = 0.9031 m.
    rest = shaped.joints_rest
    legs = float((rest[4] - rest[1]).norm() + (rest[7] - rest[4]).norm())
    pelvis = motion.transl + rest[0]
    expected = torch.tensor([[0.0, 10.0, 0.0], [0.0, 10.0, 5.0]]) * 0.0254 / 0.45 * legs / 0.90311
    torch.testing.assert_close(pelvis, expected, atol=1e-4, rtol=0)


def test_known_angles_turn_known_joints(files, shaped):
    motion = retarget(read_recording(*files), shaped)
    joints = motion[1:2].pose(shaped).joints[0]
    # The root turned by 90 degrees about +y: the left (+x) goes to -z, the front (+z) to +x.
    across = joints[1] - joints[2]
    assert float(across[2] / across.norm()) == pytest.approx(-1.0, abs=0.02)
    # Minus 30 degrees about x lifts the thigh forward by sin 30 = 0.5; forward is now +x.
    thigh = joints[4] - joints[1]
    assert float(thigh[0] / thigh.norm()) == pytest.approx(0.5, abs=0.01)
    # Minus 90 degrees about y bends the left forearm forward.
    forearm = joints[20] - joints[18]
    assert float(forearm[0] / forearm.norm()) == pytest.approx(1.0, abs=0.02)


def test_joint_angles_turn_about_the_bones_own_axis(tmp_path, shaped):
    # With a bone axis turned by 90 degrees about z, the file's x is the stage's y.
    (tmp_path / "a.asf").write_text(asf_text(axis="0 0 90"))
    (tmp_path / "a.amc").write_text(amc_text([{"root": "0 0 0 0 0 0", "lradius": "-90 0 0"}]))
    motion = retarget(read_recording(tmp_path / "a.asf", tmp_path / "a.amc"), shaped)
    joints = motion.pose(shaped).joints[0]
    forearm = joints[20] - joints[18]
    assert float(forearm[2] / forearm.norm()) == pytest.approx(1.0, abs=0.02)


def test_euler_angles_apply_x_before_z(tmp_path, shaped):
    (tmp_path / "a.asf").write_text(asf_text())
    (tmp_path / "a.amc").write_text(amc_text([{"root": "0 0 0 90 0 90"}]))
    motion = retarget(read_recording(tmp_path / "a.asf", tmp_path / "a.amc"), shaped)
    # x by 90 takes +y to +z, which z by 90 leaves; z alone would have taken it to -x.
    up = motion.global_orient[0] @ torch.tensor([0.0, 1.0, 0.0])
    torch.testing.assert_close(up, torch.tensor([0.0, 0.0, 1.0]), atol=1e-6, rtol=0)


def test_shortest_turn_has_no_twist():
    start, end = torch.tensor([2.0, 0.0, 0.0]), torch.tensor([0.0, 3.0, 0.0])
    turn = shortest_turn(start, end)
    torch.testing.assert_close(turn @ start, torch.tensor([0.0, 2.0, 0.0]))
    torch.testing.assert_close(turn @ torch.tensor([0.0, 0, 1.0]), torch.tensor([0.0, 0, 1.0]))


def test_a_recording_is_cut_and_set_on_the_floor(tmp_path, shaped):
    (tmp_path / "a.asf").write_text(asf_text())
    rows = [{"root": f"0 30 {0.1 * i} 0 0 0"} for i in range(40)]
    (tmp_path / "a.amc").write_text(amc_text(rows))
    (path,) = find_recordings(tmp_path, seconds=0.3)
    motion = load_mocap_motion(path, shaped, 8, 30.0, np.random.default_rng(0))
    assert len(motion) == 8
    assert abs(float(motion.pose(shaped).vertices[..., 1].min())) < 0.01
    # Four recorded frames of 0.1 units lie between frames at 30 per second.
    step = motion.transl[1:, 2] - motion.transl[:-1, 2]
    torch.testing.assert_close(step, step[:1].expand(7))


def test_what_is_missing_or_too_short_is_named(tmp_path, files, shaped):
    with pytest.raises(DatasetError, match="holds no recordings"):
        find_recordings(files[0].parent, seconds=5.0)
    with pytest.raises(DatasetError, match=r"lasts 0\.0 s"):
        load_mocap_motion(files[1], shaped, 30, 30.0, np.random.default_rng(0))
    with pytest.raises(DatasetError, match="no ASF skeleton"):
        read_asf(files[1])
    (tmp_path / "bad.amc").write_text("1\nroot 0 0 zero\n")
    with pytest.raises(DatasetError, match="no AMC recording"):
        read_amc(tmp_path / "bad.amc")
    (tmp_path / "cut.amc").write_text(amc_text([{"root": "0 0 0 0 0 0", "head": "0 0 0"}]) + "2\n")
    with pytest.raises(DatasetError, match="not in every frame"):
        read_amc(tmp_path / "cut.amc")
