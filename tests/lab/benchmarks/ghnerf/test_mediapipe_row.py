import numpy as np

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.mediapipe_detector import Detection
from neuhmr.lab.benchmarks.ghnerf.mediapipe_row import SOURCES, body25_of


def test_all_but_the_small_toes_have_landmarks() -> None:
    missing = {name for index, name in enumerate(BODY_25_NAMES) if index not in SOURCES}
    assert missing == {"left_small_toe", "right_small_toe"}


def test_sides_and_midpoints_are_right() -> None:
    rows = np.arange(33, dtype=np.float32)
    detection = Detection(
        points2d=np.stack([rows, 100 + rows], axis=1),
        visibility=np.ones(33, np.float32),
        points3d=np.zeros((33, 3), np.float32),
        mask=np.zeros((4, 4), bool),
    )
    keypoints = body25_of(detection)
    left_wrist = LANDMARK_NAMES.index("left_wrist")
    assert keypoints.points[BODY_25_NAMES.index("left_wrist")].tolist() == [
        left_wrist,
        100 + left_wrist,
    ]
    # The neck lies between landmarks 11 and 12, the middle of the hips between 23 and 24.
    assert keypoints.points[BODY_25_NAMES.index("neck")].tolist() == [11.5, 111.5]
    assert keypoints.points[BODY_25_NAMES.index("mid_hip")].tolist() == [23.5, 123.5]
    assert int(keypoints.found.sum()) == 23


def test_nobody_seen_is_nothing_found() -> None:
    assert not body25_of(None).found.any()
