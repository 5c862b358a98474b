"""Vertices that other code finds by number.

smplx, and code built on it, picks nose, eyes, ears, tips of fingers, toes and heels out of an SMPL
mesh by vertex id, and expects 6890 vertices. So the vertices are permuted until the ones at those
ids are the right ones.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from neuhmr.lab.open_body.source import SourceMesh

LANDMARK_IDS = {
    "nose": 332, "right_eye": 6260, "left_eye": 2800, "right_ear": 4071, "left_ear": 583,
    "right_thumb": 6191, "right_index": 5782, "right_middle": 5905, "right_ring": 6016,
    "right_pinky": 6133, "left_thumb": 2746, "left_index": 2319, "left_middle": 2445,
    "left_ring": 2556, "left_pinky": 2673, "left_big_toe": 3216, "left_small_toe": 3226,
    "left_heel": 3387, "right_big_toe": 6617, "right_small_toe": 6624, "right_heel": 6787,
}  # fmt: skip
"""SMPL's numbers, as smplx's `VERTEX_IDS["smplh"]` has them."""

TIP_BONES = {
    "thumb": "finger1-3", "index": "finger2-3", "middle": "finger3-3", "ring": "finger4-3",
    "pinky": "finger5-3", "big_toe": "toe1-2", "small_toe": "toe5-3",
}  # fmt: skip
FORWARD = np.array([0.0, 0.0, 1.0])
HEEL_DIRECTION = np.array([0.0, -0.3, -1.0])


def find_landmarks(
    source: SourceMesh,
    vertices: Float[ndarray, "vertices 3"],
    mirror: Int[ndarray, " vertices"],
) -> dict[str, int]:
    """Find the landmarks on Anny's mesh in the T-pose; right ones are left ones mirrored."""
    skin = np.setdiff1d(source.part_vertices("head"), _eyes(source))
    left = {
        "ear": _nearest(vertices, skin, source.keypoints["left_ear"] @ vertices),
        "eye": _extreme(vertices, source.part_vertices("eye_front.L"), FORWARD),
        "heel": _extreme(vertices, _moved_by(source, "foot.L"), HEEL_DIRECTION),
    }
    for name, bone in TIP_BONES.items():
        found = _moved_by(source, f"{bone}.L")
        outward = FORWARD if "toe" in name else vertices[found].mean(axis=0)
        if "toe" not in name:
            knuckle = _moved_by(source, f"{bone[:-1]}2.L")
            outward = outward - vertices[knuckle].mean(axis=0)
        left[name] = _extreme(vertices, found, outward)
    midline = skin[mirror[skin] == skin]
    landmarks = {"nose": _nearest(vertices, midline, source.keypoints["nose"] @ vertices)}
    for name, vertex in left.items():
        landmarks[f"left_{name}"] = vertex
        landmarks[f"right_{name}"] = int(mirror[vertex])
    assert landmarks.keys() == LANDMARK_IDS.keys()
    return landmarks


def order_with_landmarks(
    kept: Int[ndarray, " kept"], landmarks: dict[str, int]
) -> Int[ndarray, " kept"]:
    """Reorder vertices so that each landmark stands at SMPL's number; the rest keep their order."""
    others = np.setdiff1d(kept, list(landmarks.values()))
    assert len(others) + len(landmarks) == len(kept), "a landmark is missing or stands for two"
    order = np.full(len(kept), -1)
    for name, vertex in landmarks.items():
        order[LANDMARK_IDS[name]] = vertex
    order[order < 0] = others
    return order


def _eyes(source: SourceMesh) -> Int[ndarray, " found"]:
    names = [name for name in source.part_names if name.startswith(("eye_front", "eye_back"))]
    return np.unique(np.concatenate([source.part_vertices(name) for name in names]))


def _moved_by(source: SourceMesh, bone: str) -> Int[ndarray, " found"]:
    strongest = source.bone_weights.argmax(axis=1)
    return np.flatnonzero(strongest == source.bone_names.index(bone))


def _extreme(
    vertices: Float[ndarray, "vertices 3"],
    candidates: Int[ndarray, " found"],
    direction: Float[ndarray, " 3"],
) -> int:
    return int(candidates[(vertices[candidates] @ direction).argmax()])


def _nearest(
    vertices: Float[ndarray, "vertices 3"],
    candidates: Int[ndarray, " found"],
    point: Float[ndarray, " 3"],
) -> int:
    return int(candidates[np.linalg.norm(vertices[candidates] - point, axis=1).argmin()])
