"""MediaPipe's 2D keypoints as a row beside GHNeRF's.

It looks at the true picture of a target, which GHNeRF never sees: a detector's figure, not another
way to the same end. Keypoints that it does not have count neither for nor against it.
"""

import torch
from jaxtyping import UInt8
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.mediapipe_detector import Detection, MediapipeDetector, whole_picture
from neuhmr.lab.benchmarks.ghnerf.scores import MeasureConfig, MomentScores, targets_of
from neuhmr.lab.metrics.pck import count_correct
from neuhmr.lab.moments.moments import Moment

_SAME = {
    "left_big_toe": "left_foot_index", "right_big_toe": "right_foot_index",
}  # fmt: skip
_BETWEEN = {
    "neck": ("left_shoulder", "right_shoulder"), "mid_hip": ("left_hip", "right_hip"),
}  # fmt: skip


def _landmarks_of(keypoint: str) -> tuple[int, ...]:
    names = _BETWEEN.get(keypoint, (_SAME.get(keypoint, keypoint),))
    return tuple(LANDMARK_NAMES.index(name) for name in names if name in LANDMARK_NAMES)


SOURCES: dict[int, tuple[int, ...]] = {
    index: _landmarks_of(name) for index, name in enumerate(BODY_25_NAMES) if _landmarks_of(name)
}
"""BODY_25 keypoint to the landmarks whose mean it is; the small toes have none."""


def body25_of(detection: Detection | None) -> Keypoints2d:
    """Turn landmarks into BODY_25 keypoints (px); nothing is found where nobody was seen."""
    points, confidence = torch.zeros(25, 2), torch.zeros(25)
    found = torch.zeros(25, dtype=torch.bool)
    if detection is not None:
        for keypoint, landmarks in SOURCES.items():
            rows = list(landmarks)
            points[keypoint] = torch.from_numpy(detection.points2d[rows].mean(axis=0))
            confidence[keypoint] = float(detection.visibility[rows].min())
            found[keypoint] = True
    return Keypoints2d(points, confidence, found)


def measure_mediapipe(
    detector: MediapipeDetector, moment: Moment, config: MeasureConfig
) -> MomentScores:
    """Detect keypoints in the true pictures of a moment's targets, as filmed, and compare.

    Raises:
        DatasetError: a picture cannot be read.
    """
    scores = MomentScores()
    for view in targets_of(moment, config):
        picture = moment.pictures.read(view)
        found = _detect(detector, picture.image)
        valid = picture.keypoints[:, 2] > 0
        valid[[keypoint for keypoint in range(25) if keypoint not in SOURCES]] = False
        scores.keypoints = scores.keypoints + count_correct(
            found.points, found.found, picture.keypoints[:, :2], valid
        )
    return scores


def _detect(detector: MediapipeDetector, image: UInt8[Tensor, "3 height width"]) -> Keypoints2d:
    picture = image.permute(1, 2, 0).numpy()
    return body25_of(detector.detect(picture, whole_picture(*picture.shape[:2])))
