"""Keypoints to learn from where there is no truth: MediaPipe, or heatmaps of a detector in files.

A heatmap file `NAME_VIEW.npz` holds `heatmaps` (25, h, w) of one picture, at any resolution, in
BODY_25's order, and where known `confidence` (25,): joints of confidence 0 have no target. NAME is
the moment's name (`person_00000000_0` or `CAPTURE_FRAME` with six digits), VIEW the number of the
camera with two.
"""

from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.clip.npz_files import read_npz
from neuhmr.datasets.heatmaps import SIGMA_SHARE
from neuhmr.errors import DatasetError
from neuhmr.ghnerf.moments import Moment, MomentView, Pictures
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.mediapipe_detector import MediapipeDetector, whole_picture

MIN_VISIBILITY = 0.3
"""Landmarks that MediaPipe is less sure of have no target."""

_SAME_PLACE = {"left_big_toe": "left_foot_index", "right_big_toe": "right_foot_index"}
BODY_25_LANDMARKS: dict[int, int] = {
    keypoint: LANDMARK_NAMES.index(_SAME_PLACE.get(name, name))
    for keypoint, name in enumerate(BODY_25_NAMES)
    if _SAME_PLACE.get(name, name) in LANDMARK_NAMES
}
"""Keypoint to MediaPipe landmark; neck, mid hip and small toes have none."""


def keypoints_of_landmarks(
    points: Float[Tensor, "33 2"], visibility: Float[Tensor, "33"]
) -> Float[Tensor, "25 3"]:
    """Pick BODY_25 out of MediaPipe's landmarks.

    Neck and mid hip are where OpenPose annotates them: halfway between shoulders and hips. Small
    toes are missing.
    """
    keypoints = torch.zeros(25, 3)
    confidence = torch.where(visibility >= MIN_VISIBILITY, visibility, 0.0)
    for keypoint, landmark in BODY_25_LANDMARKS.items():
        keypoints[keypoint, :2] = points[landmark]
        keypoints[keypoint, 2] = confidence[landmark]
    for middle, side in (("neck", "shoulder"), ("mid_hip", "hip")):
        pair = [BODY_25_NAMES.index(f"{which}_{side}") for which in ("left", "right")]
        keypoints[BODY_25_NAMES.index(middle), :2] = keypoints[pair, :2].mean(dim=0)
        keypoints[BODY_25_NAMES.index(middle), 2] = keypoints[pair, 2].min()
    return torch.where(keypoints[:, 2:] > 0, keypoints, 0.0)


class MediapipeTeacher:
    """Looks at each picture once and remembers what it saw; holds MediaPipe's network."""

    def __init__(self) -> None:
        """Load MediaPipe.

        Raises:
            MissingDependencyError: MediaPipe is not installed.
        """
        self._detector = MediapipeDetector()
        self._seen: dict[tuple[str, int], Float[Tensor, "25 3"]] = {}

    def keypoints(
        self, name: str, view: int, image: UInt8[Tensor, "3 height width"]
    ) -> Float[Tensor, "25 3"]:
        """Find the person's keypoints; all missing where MediaPipe sees nobody."""
        key = (name, view)
        if key not in self._seen:
            height, width = image.shape[1:]
            picture = image.permute(1, 2, 0).contiguous().numpy()
            found = self._detector.detect(picture, whole_picture(height, width))
            self._seen[key] = torch.zeros(25, 3)
            if found is not None:
                self._seen[key] = keypoints_of_landmarks(
                    torch.from_numpy(found.points2d), torch.from_numpy(found.visibility)
                )
        return self._seen[key]


def taught_moments(moments: list[Moment], teacher: str) -> list[Moment]:
    """Let a teacher say where the keypoints are; `truth` leaves moments as they are.

    Raises:
        MissingDependencyError: MediaPipe is not installed.
        DatasetError: the folder of heatmap files does not exist.
    """
    if teacher == "truth":
        return moments
    if teacher == "mediapipe":
        detector = MediapipeTeacher()
        return [
            replace(moment, pictures=_Detected(moment.name, moment.pictures, detector))
            for moment in moments
        ]
    folder = Path(teacher)
    if not folder.is_dir():
        raise DatasetError(
            f"There is no folder {folder} of heatmap files; give --teacher truth, mediapipe, or a "
            "folder of NAME_VIEW.npz."
        )
    return [
        replace(moment, pictures=_FromFiles(moment.name, moment.pictures, folder))
        for moment in moments
    ]


class _Detected:
    def __init__(self, name: str, pictures: Pictures, teacher: MediapipeTeacher) -> None:
        self._name, self._pictures, self._teacher = name, pictures, teacher

    def read(self, view: int) -> MomentView:
        found = self._pictures.read(view)
        return replace(found, keypoints=self._teacher.keypoints(self._name, view, found.image))


class _FromFiles:
    def __init__(self, name: str, pictures: Pictures, folder: Path) -> None:
        self._name, self._pictures, self._folder = name, pictures, folder

    def read(self, view: int) -> MomentView:
        maps, confidence = read_heatmaps(self._folder / f"{self._name}_{view:02d}.npz")
        found = self._pictures.read(view)
        height, width = found.mask.shape
        keypoints = peaks_of(maps, confidence, height, width)
        return replace(found, keypoints=keypoints)


def read_heatmaps(path: Path) -> tuple[Float[Tensor, "25 rows columns"], Float[Tensor, "25"]]:
    """Read a detector's heatmaps of one picture, and its confidence in each joint.

    Without `confidence` a joint counts as its map's highest value.

    Raises:
        DatasetError: no such file, another kind of file, or maps of another shape.
    """
    data = read_npz(
        path, DatasetError, "a heatmap file (npz)", "export the detector's maps for every picture"
    )
    maps = data.get("heatmaps")
    if maps is None or maps.ndim != 3 or maps.shape[0] != 25:
        shape = "no heatmaps" if maps is None else f"heatmaps of shape {maps.shape}"
        raise DatasetError(
            f"{path} holds {shape}, (25, height, width) in BODY_25's order was expected; export "
            "the detector's maps again."
        )
    tensor = torch.from_numpy(maps).float()
    confidence = data.get("confidence")
    if confidence is None:
        return tensor, tensor.flatten(1).amax(dim=1).clamp(0.0, 1.0)
    return tensor, torch.from_numpy(confidence).float().reshape(25)


def peaks_of(
    maps: Float[Tensor, "25 rows columns"], confidence: Float[Tensor, "25"], height: int, width: int
) -> Float[Tensor, "25 3"]:
    """Find each map's peak, to a fraction of its pixels, in the picture's pixels.

    Detectors draw Gaussians of widths of their own; what is learnt is our Gaussian at their peak.
    """
    rows, columns = maps.shape[1:]
    places = maps.flatten(1).argmax(dim=1)
    peak = torch.stack([places % columns, places // columns], dim=-1) + 0.5
    v, u = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    grid = torch.stack([u, v], dim=-1).reshape(-1, 2)
    reach = max(3.0 * SIGMA_SHARE * rows, 2.0)
    near = ((grid[None] - peak[:, None]).abs() <= reach).all(dim=-1)
    weights = maps.flatten(1).clamp_min(0.0) * near
    centers = (weights @ grid) / weights.sum(dim=1, keepdim=True).clamp_min(1e-9)
    scale = torch.tensor([width / columns, height / rows])
    known = (confidence > 0) & (weights.sum(dim=1) > 0)
    found = torch.cat([centers * scale, confidence[:, None]], dim=-1)
    return torch.where(known[:, None], found, 0.0)
