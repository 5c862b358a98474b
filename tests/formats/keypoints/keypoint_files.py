"""Files of known 2D keypoints in the layouts of detectors."""

import json
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.skeleton import BODY_25_NAMES
from tests.formats.reading.containers import write_joblib

COCO = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
    "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip


def body25(frames: int, shift: float = 0.0) -> np.ndarray:
    """(frames, 25, 3): keypoint k of frame f at (100 + 10 k + f, 200 + 5 k + f), all sure."""
    k, f = np.arange(25)[None, :], np.arange(frames)[:, None]
    points = np.stack([100 + 10 * k + f + shift, 200 + 5 * k + f, np.ones((frames, 25))], axis=-1)
    points[..., 2] = 0.5 + 0.01 * k
    return points


def coco(points: np.ndarray) -> np.ndarray:
    """Reorder BODY_25's into COCO-17."""
    return points[:, [BODY_25_NAMES.index(name) for name in COCO]]


def write_openpose(folder: Path, people: dict[int, list[np.ndarray]]) -> Path:
    """One file per frame, as --write_json names them."""
    target = folder / "json"
    target.mkdir()
    for frame, found in people.items():
        data = {
            "version": 1.3,
            "people": [
                {"person_id": [-1], "pose_keypoints_2d": points.reshape(-1).tolist(),
                 "face_keypoints_2d": [], "hand_left_keypoints_2d": [],
                 "hand_right_keypoints_2d": [], "pose_keypoints_3d": []}
                for points in found
            ],
        }  # fmt: skip
        (target / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps(data))
    return target


def write_gvhmr_vitpose(folder: Path, points: np.ndarray) -> Path:
    path = folder / "vitpose.pt"
    torch.save(torch.from_numpy(coco(points)).float(), path)
    return path


def write_wham_tracking(folder: Path, tracks: dict[int, tuple[np.ndarray, np.ndarray]]) -> Path:
    """Frames and BODY_25 points of every track."""
    tree = {
        name: {"frame_id": frames, "bbox": np.zeros((len(frames), 3)),
               "keypoints": coco(points).astype(np.float32), "features": []}
        for name, (frames, points) in tracks.items()
    }  # fmt: skip
    return write_joblib(folder / "tracking_results.pth", tree)


def write_4dhumans_vitpose(folder: Path, points: np.ndarray) -> Path:
    """A list of frames, each a list of people, as ViTPose's wrapper returns them."""
    path = folder / "people.pt"
    torch.save(
        [[{"bbox": np.zeros(5), "keypoints": row.astype(np.float32)}] for row in coco(points)], path
    )
    return path


def _instance(points: np.ndarray) -> dict:
    return {
        "keypoints": points[:, :2].tolist(),
        "keypoint_scores": points[:, 2].tolist(),
        "bbox": [[0, 0, 1, 1]],
        "bbox_score": 0.9,
    }


def write_mmpose(folder: Path, points: np.ndarray) -> Path:
    """The inferencer's."""
    path = folder / "clip.json"
    frames = [{"frame_id": f, "instances": [_instance(row)]} for f, row in enumerate(points)]
    path.write_text(json.dumps(frames))
    return path


def write_mmpose_demo(folder: Path, points: np.ndarray) -> Path:
    """The demo scripts', which count frames from 1."""
    path = folder / "results_clip.json"
    info = [{"frame_id": f + 1, "instances": [_instance(row)]} for f, row in enumerate(points)]
    path.write_text(json.dumps({"meta_info": {"dataset_name": "coco"}, "instance_info": info}))
    return path


def write_alphapose(folder: Path, points: np.ndarray, idx: object = None) -> Path:
    path = folder / "alphapose-results.json"
    entries = []
    for frame, row in enumerate(points):
        entry = {"image_id": f"{frame}.jpg", "category_id": 1, "score": 2.9,
                 "keypoints": row.reshape(-1).tolist(), "box": [0, 0, 1, 1]}  # fmt: skip
        entries.append(entry if idx is None else entry | {"idx": idx})
    path.write_text(json.dumps(entries))
    return path


def whole_body(points: np.ndarray) -> np.ndarray:
    """COCO-133: body, feet, then face and hands far away."""
    feet = ("left_big_toe", "left_small_toe", "left_heel",
            "right_big_toe", "right_small_toe", "right_heel")  # fmt: skip
    toes = points[:, [BODY_25_NAMES.index(name) for name in feet]]
    return np.concatenate([coco(points), toes, np.full((len(points), 110, 3), 7.0)], axis=1)


def halpe(points: np.ndarray) -> np.ndarray:
    """Halpe-26."""
    rest = ("neck", "mid_hip", "left_big_toe", "right_big_toe", "left_small_toe",
            "right_small_toe", "left_heel", "right_heel")  # fmt: skip
    others = points[:, [BODY_25_NAMES.index(name) for name in rest]]
    return np.concatenate([coco(points), np.full((len(points), 1, 3), 7.0), others], axis=1)


def blazepose(points: np.ndarray) -> np.ndarray:
    """33 landmarks: x, y, z, visibility."""
    from neuhmr.initial.landmarks import LANDMARK_NAMES

    names = [name.replace("foot_index", "big_toe") for name in LANDMARK_NAMES]
    rows = np.full((len(points), 33, 4), 7.0)
    for place, name in enumerate(names):
        if name in BODY_25_NAMES:
            rows[:, place] = points[:, BODY_25_NAMES.index(name)][:, [0, 1, 2, 2]]
    return rows
