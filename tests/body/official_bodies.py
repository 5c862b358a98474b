"""Small random bodies with the keys, types and axes of the official SMPL-H and SMPL-X files."""

from typing import Any

import numpy as np

from neuhmr.body.skeleton import SMPL_PARENTS

VERTICES = 80


def hand_parents(wrist: int, first: int) -> list[int]:
    """Five fingers of three joints each, numbered from `first`."""
    parents = []
    for finger in range(5):
        start = first + 3 * finger
        parents += [wrist, start, start + 1]
    return parents


SMPLH_PARENTS = (*SMPL_PARENTS[:22], *hand_parents(20, 22), *hand_parents(21, 37))
SMPLX_PARENTS = (*SMPL_PARENTS[:22], 15, 15, 15, *hand_parents(20, 25), *hand_parents(21, 40))


def official_arrays(parents: tuple[int, ...], components: int, seed: int = 0) -> dict[str, Any]:
    """Name random arrays as the files do, in their types."""
    rng = np.random.default_rng(seed)
    joints = len(parents)

    def shares(rows: int, columns: int) -> np.ndarray:
        """Rows of few positive numbers that sum to 1."""
        table = rng.random((rows, columns)) * (rng.random((rows, columns)) < 4 / columns)
        table[np.arange(rows), rng.integers(columns, size=rows)] += 0.5
        return table / table.sum(axis=1, keepdims=True)

    root = np.array([2**32 - 1])
    tree = np.concatenate([root, np.array(parents[1:])]).astype(np.uint32)
    return {
        "v_template": rng.normal(size=(VERTICES, 3)) * 0.4,
        "shapedirs": rng.normal(size=(VERTICES, 3, components)) * 0.03,
        "posedirs": rng.normal(size=(VERTICES, 3, 9 * (joints - 1))) * 0.01,
        "J_regressor": shares(joints, VERTICES),
        "weights": shares(VERTICES, joints),
        "f": rng.integers(VERTICES, size=(120, 3)).astype(np.uint32),
        "kintree_table": np.stack([tree, np.arange(joints, dtype=np.uint32)]),
        "hands_componentsl": rng.normal(size=(45, 45)),
        "hands_componentsr": rng.normal(size=(45, 45)),
        "hands_meanl": rng.normal(size=45),
        "hands_meanr": rng.normal(size=45),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def face_arrays() -> dict[str, Any]:
    """What SMPL-X's files hold besides: landmarks, and objects that cannot be read safely."""
    return {
        "lmk_faces_idx": np.arange(51, dtype=np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
        "dynamic_lmk_faces_idx": np.zeros((79, 17), np.int64),
        "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
        "joint2num": np.array([{"Pelvis": 0}], dtype=object),
        "part2num": np.array([{"Global": 0}], dtype=object),
    }


def skin_by_hand(
    arrays: dict[str, Any],
    parents: tuple[int, ...],
    coefficients: np.ndarray,
    rotmats: np.ndarray,
    transl: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Blend shapes and skinning of one pose, joint after joint, by the papers' formulas.

    Args:
        arrays: of the file.
        parents: of each joint.
        coefficients: one for each of the file's components.
        rotmats: of all joints, relative to their parents.
        transl: added last.
    """
    shaped = arrays["v_template"] + arrays["shapedirs"] @ coefficients
    rest = arrays["J_regressor"] @ shaped
    features = (rotmats[1:] - np.eye(3)).ravel()
    corrected = shaped + arrays["posedirs"] @ features
    transforms = []
    for joint, parent in enumerate(parents):
        own = np.eye(4)
        own[:3, :3] = rotmats[joint]
        own[:3, 3] = rest[joint] - (rest[parent] if joint else 0.0)
        transforms.append(transforms[parent] @ own if joint else own)
    joints = np.stack([transform[:3, 3] for transform in transforms])
    vertices = np.zeros_like(corrected)
    for joint, transform in enumerate(transforms):
        moved = (corrected - rest[joint]) @ transform[:3, :3].T + transform[:3, 3]
        vertices += arrays["weights"][:, joint : joint + 1] * moved
    return vertices + transl, joints + transl
