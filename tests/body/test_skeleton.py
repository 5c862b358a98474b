import pytest

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import (
    BODY_25_NAMES,
    LANDMARK_VERTICES,
    LEFT_RIGHT_JOINTS,
    MATCHING_JOINTS,
    NUM_BODY_JOINTS,
    NUM_JOINTS,
    REGULARIZED_JOINTS,
    SMPL_JOINT_NAMES,
    SMPL_PARENTS,
    joint_index,
)


def test_every_joint_has_a_name_and_a_parent_before_it():
    assert len(SMPL_JOINT_NAMES) == len(set(SMPL_JOINT_NAMES)) == len(SMPL_PARENTS) == NUM_JOINTS
    assert NUM_BODY_JOINTS == NUM_JOINTS - 1
    assert SMPL_PARENTS[0] == -1
    assert all(0 <= parent < joint for joint, parent in enumerate(SMPL_PARENTS) if joint)


def test_the_tree_agrees_with_smplx():
    joint_names = pytest.importorskip("smplx.joint_names")
    assert SMPL_JOINT_NAMES[:22] == tuple(joint_names.JOINT_NAMES[:22])


def test_left_and_right_are_counterparts_in_name_tree_and_place():
    joints = load_body_model().with_shape(load_body_model().v_template.new_zeros(10)).joints_rest
    mirror = dict(LEFT_RIGHT_JOINTS) | {right: left for left, right in LEFT_RIGHT_JOINTS}
    for left, right in LEFT_RIGHT_JOINTS:
        assert SMPL_JOINT_NAMES[left] == SMPL_JOINT_NAMES[right].replace("right", "left")
        parent = SMPL_PARENTS[left]
        assert SMPL_PARENTS[right] == mirror.get(parent, parent)
        # The subject's left is +x.
        assert joints[left, 0] > 0.03 > -0.03 > joints[right, 0]
    paired = {joint for pair in LEFT_RIGHT_JOINTS for joint in pair}
    middle = [name for joint, name in enumerate(SMPL_JOINT_NAMES) if joint not in paired]
    assert middle == ["pelvis", "spine1", "spine2", "spine3", "neck", "head"]


def test_matching_joints_are_symmetric_and_apart_from_each_other():
    assert len(MATCHING_JOINTS) == 16
    mirror = dict(LEFT_RIGHT_JOINTS) | {right: left for left, right in LEFT_RIGHT_JOINTS}
    assert {mirror.get(joint, joint) for joint in MATCHING_JOINTS} == set(MATCHING_JOINTS)
    model = load_body_model()
    joints = model.with_shape(model.v_template.new_zeros(10)).joints_rest[list(MATCHING_JOINTS)]
    distances = (joints[:, None] - joints).norm(dim=-1)
    distances.fill_diagonal_(1.0)
    # The dropped joints (spine, collars, tips) come as close as 5 cm to their neighbors.
    assert distances.min() > 0.07


def test_regularized_joints_are_the_ends_of_the_limbs():
    names = {SMPL_JOINT_NAMES[joint] for joint in REGULARIZED_JOINTS}
    limbs = {f"{side}_{part}" for side in ("left", "right") for part in
             ("ankle", "foot", "wrist", "hand")}  # fmt: skip
    assert names == limbs | {"neck", "head"}


def test_landmark_vertices_agree_with_smplx():
    ids = pytest.importorskip("smplx.vertex_ids").vertex_ids["smplh"]
    short = {"right_eye": "reye", "left_eye": "leye", "right_ear": "rear", "left_ear": "lear"}
    for name, vertex in LANDMARK_VERTICES.items():
        side, _, part = name.partition("_")
        if name == "nose" or name in short:
            assert ids[short.get(name, name)] == vertex
        elif "toe" in name or "heel" in name:
            camel = "".join(word.capitalize() for word in part.split("_"))
            assert ids[side[0].upper() + camel] == vertex
        else:
            assert ids[side[0] + part] == vertex


def test_body_25_has_openpose_order():
    assert len(BODY_25_NAMES) == len(set(BODY_25_NAMES)) == 25
    assert [BODY_25_NAMES.index(name) for name in ("nose", "mid_hip", "right_heel")] == [0, 8, 24]


def test_joints_are_found_by_name():
    assert joint_index("left_wrist") == 20
    with pytest.raises(ValueError, match="no SMPL joint is called 'tail'"):
        joint_index("tail")
