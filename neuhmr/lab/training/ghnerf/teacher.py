"""What to learn where there is no truth: keypoints of MediaPipe, or other networks' maps in files.

A file `NAME_VIEW.npz` is about one picture and holds at least one of

* `heatmaps` (25, h, w) in BODY_25's order, and where known `confidence` (25,): joints of confidence
  0 have no target;
* `parts` (h, w), indices into `PART_NAMES`, -1 where nothing is known;
* `embedding` (3, h, w), as `vertex_embedding` has it, NaN where nothing is known;

each at any resolution. NAME is the moment's name (`person_00000000_0` or `CAPTURE_FRAME` with six
digits), VIEW the number of the camera with two.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.errors import DatasetError
from neuhmr.files.npz_files import read_npz
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.mediapipe_detector import MediapipeDetector, whole_picture
from neuhmr.lab.moments.heatmaps import SIGMA_SHARE
from neuhmr.lab.moments.moments import Moment, MomentView, Pictures
from neuhmr.lab.moments.surface_maps import SurfaceMaps
from neuhmr.lab.moments.surface_truth import (
    EMBEDDING_CHANNELS,
    NUM_PARTS,
    PART_NAMES,
    UNKNOWN_PART,
)

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
        DatasetError: the folder of files does not exist.
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
            f"There is no folder {folder} of a teacher's maps; give --teacher truth, mediapipe, or "
            "a folder of NAME_VIEW.npz."
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
        taught = read_teacher_file(self._folder / f"{self._name}_{view:02d}.npz")
        found = self._pictures.read(view)
        if taught.surface is not None:
            found = replace(found, surface=taught.surface)
        if taught.heatmaps is None:
            return found
        height, width = found.mask.shape
        return replace(found, keypoints=peaks_of(taught.heatmaps, taught.confidence, height, width))


@dataclass(frozen=True)
class TaughtPicture:
    """What a file says of one picture."""

    heatmaps: Float[Tensor, "25 rows columns"] | None
    confidence: Float[Tensor, "25"]
    """In each joint; its map's highest value where the file does not say."""
    surface: SurfaceMaps | None


def read_teacher_file(path: Path) -> TaughtPicture:
    """Read what other networks saw in one picture.

    Raises:
        DatasetError: no such file, another kind of file, or maps of another shape.
    """
    data = read_npz(
        path, DatasetError, "a file of maps (npz)", "export the teacher's maps for every picture"
    )
    heatmaps, parts, embedding = (data.get(name) for name in ("heatmaps", "parts", "embedding"))
    if heatmaps is None and parts is None and embedding is None:
        raise DatasetError(
            f"{path} holds {sorted(data) or 'nothing'}; expected heatmaps (25, height, width), "
            "parts (height, width) or embedding (3, height, width): export the maps again."
        )
    _require_maps(path, "heatmaps", heatmaps, 25, "in BODY_25's order")
    _require_maps(path, "embedding", embedding, EMBEDDING_CHANNELS, "of places on the body")
    if parts is not None:
        is_right = parts.ndim == 2 and np.issubdtype(parts.dtype, np.integer) and parts.size > 0
        if not is_right or parts.min() < UNKNOWN_PART or parts.max() >= NUM_PARTS:
            raise DatasetError(
                f"{path} holds parts of shape {parts.shape} and type {parts.dtype}; expected whole "
                f"numbers (height, width) from {UNKNOWN_PART} (unknown) to {NUM_PARTS - 1}: "
                f"{', '.join(PART_NAMES)}."
            )
    maps = None if heatmaps is None else torch.from_numpy(heatmaps).float()
    confidence = torch.zeros(25) if maps is None else maps.flatten(1).amax(dim=1).clamp(0.0, 1.0)
    if "confidence" in data:
        given = data["confidence"]
        if given.size != 25 or not np.issubdtype(given.dtype, np.number):
            raise DatasetError(
                f"{path} holds confidence of shape {given.shape} and type {given.dtype}, 25 "
                "numbers in BODY_25's order were expected; export the teacher's maps again."
            )
        confidence = torch.from_numpy(given).float().reshape(25)
    surface = None
    if parts is not None or embedding is not None:
        surface = SurfaceMaps(
            None if parts is None else torch.from_numpy(parts.astype(np.int64)),
            None if embedding is None else torch.from_numpy(embedding).float(),
        )
    return TaughtPicture(maps, confidence, surface)


def _require_maps(
    path: Path, name: str, maps: np.ndarray | None, channels: int, meaning: str
) -> None:
    if maps is not None and (maps.ndim != 3 or maps.shape[0] != channels or maps.size == 0):
        raise DatasetError(
            f"{path} holds {name} of shape {maps.shape}, ({channels}, height, width) {meaning} was "
            "expected; export the teacher's maps again."
        )


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
