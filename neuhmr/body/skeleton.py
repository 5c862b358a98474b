"""Joint names, trees and landmarks of the SMPL skeleton and its relatives."""

SMPL_JOINT_NAMES: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar",
    "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
SMPL_PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21,
)  # fmt: skip
NUM_JOINTS = 24
NUM_BODY_JOINTS = 23

LEFT_RIGHT_JOINTS: tuple[tuple[int, int], ...] = (
    (1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21), (22, 23),
)  # fmt: skip

BODY_PARTS: dict[str, tuple[int, ...]] = {
    "root": (0,),
    "trunk": (3, 6, 9),
    "head": (12, 15),
    "left_arm": (13, 16, 18, 20, 22),
    "right_arm": (14, 17, 19, 21, 23),
    "left_leg": (1, 4, 7, 10),
    "right_leg": (2, 5, 8, 11),
}
"""Every joint in one part; an arm begins at the collar bone."""

FOOT_JOINTS = (7, 8, 10, 11)
"""Left and right ankle, left and right foot."""

MATCHING_JOINTS: tuple[int, ...] = (0, 1, 2, 4, 5, 6, 7, 8, 12, 15, 16, 17, 18, 19, 20, 21)
"""The 16 joints of NeuHMR's joint matching: crowded trunk joints, hand tips and toes left out."""

REGULARIZED_JOINTS: tuple[int, ...] = (7, 8, 10, 11, 12, 15, 20, 21, 22, 23)
"""Ankles, feet, neck, head, wrists and hands, whose large rotations NeuHMR penalizes."""

LANDMARK_VERTICES: dict[str, int] = {
    "nose": 332, "right_eye": 6260, "left_eye": 2800, "right_ear": 4071, "left_ear": 583,
    "left_thumb": 2746, "left_index": 2319, "left_middle": 2445, "left_ring": 2556,
    "left_pinky": 2673, "right_thumb": 6191, "right_index": 5782, "right_middle": 5905,
    "right_ring": 6016, "right_pinky": 6133, "left_big_toe": 3216, "left_small_toe": 3226,
    "left_heel": 3387, "right_big_toe": 6617, "right_small_toe": 6624, "right_heel": 6787,
}  # fmt: skip
"""Vertices of SMPL's topology that smplx appends as extra joints."""

BODY_25_NAMES: tuple[str, ...] = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
    "left_elbow", "left_wrist", "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip",
    "left_knee", "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear", "left_big_toe",
    "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip

POINT_NAMES: tuple[str, ...] = SMPL_JOINT_NAMES + tuple(
    name for name in BODY_25_NAMES if name in LANDMARK_VERTICES
)
"""Points by which bodies are compared: SMPL's 24 joints, then 11 points of the skin."""


def joint_index(name: str) -> int:
    """Look up an SMPL joint by name.

    Raises:
        ValueError: no joint has that name.
    """
    if name not in SMPL_JOINT_NAMES:
        raise ValueError(f"joint_index: no SMPL joint is called {name!r}")
    return SMPL_JOINT_NAMES.index(name)
