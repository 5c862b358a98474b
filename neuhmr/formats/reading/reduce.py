"""From the poses of SMPL, SMPL-H and SMPL-X to those of SMPL's 24 joints.

The joints up to the wrists are the same in all three. SMPL's last two, the hands, have no
counterpart in the others and stay at rest; fingers, jaw and eyes have none in SMPL.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from neuhmr.formats.reading.found import NUM_BODY_NUMBERS, ModelKind
from neuhmr.formats.reading.rotation_forms import as_axisangles
from neuhmr.formats.reading.tree import UnusableTree

NUM_BETAS = 10
_SHARED_JOINTS = 21
"""Of the body, up to the wrists."""
_MODEL_OF_JOINTS: dict[int, ModelKind] = {24: "SMPL", 22: "SMPL-H", 52: "SMPL-H", 55: "SMPL-X"}
_DROPPED = {
    "SMPL": "",
    "SMPL-H": "the fingers' poses are dropped",
    "SMPL-X": "the poses of fingers, jaw and eyes are dropped",
}


class SmplPose(NamedTuple):
    """Rotations of SMPL's joints (axis-angle, rad)."""

    orient: Float[np.ndarray, "rows 3"]
    body_pose: Float[np.ndarray, "rows 69"]
    model: ModelKind
    """By the number of joints there were."""
    remarks: tuple[str, ...]


def whole_pose(values: Float[np.ndarray, "..."], name: str) -> SmplPose:
    """Reduce poses that begin with the root; rotations may have any form.

    Raises:
        UnusableTree: no model has so many joints.
    """
    rows = len(values) if values.ndim else 0
    per_row = values.size // rows if rows else 0
    is_matrix = values.ndim >= 3 and values.shape[-2:] == (3, 3)
    joints, rest = divmod(per_row, 9 if is_matrix else 3)
    if rest or joints not in (22, 24, 25, 52, 55):
        raise UnusableTree(
            f'has "{name}" of shape {values.shape}, rows of 72 numbers (SMPL), 66 or 156 (SMPL-H) '
            "or 165 (SMPL-X) were expected"
        )
    rotations = as_axisangles(values, joints, name)
    # 25 joints are SMPL-X's without its fingers.
    model = _MODEL_OF_JOINTS.get(joints, "SMPL-X")
    dropped = rotations[:, 1 + _SHARED_JOINTS :].any() and model != "SMPL"
    body = body_pose(rotations[:, 1 : 24 if model == "SMPL" else 22], name)
    return SmplPose(rotations[:, 0], body, model, (_DROPPED[model],) if dropped else ())


def body_pose(values: Float[np.ndarray, "..."], name: str) -> Float[np.ndarray, "rows 69"]:
    """Take the poses of 21 or 23 body joints, in any form; missing hands rest.

    Raises:
        UnusableTree: there is another number of joints.
    """
    rows = len(values) if values.ndim else 0
    per_row = values.size // rows if rows else 0
    is_matrix = values.ndim >= 3 and values.shape[-2:] == (3, 3)
    per_joint = 9 if is_matrix else 6 if per_row in (126, 138) else 3
    if per_row not in (21 * per_joint, 23 * per_joint):
        raise UnusableTree(
            f'has "{name}" of shape {values.shape}, rows of 69 numbers (SMPL) or 63 (SMPL-H and '
            "SMPL-X) were expected"
        )
    joints = per_row // per_joint
    rotations = as_axisangles(values, joints, name)
    whole = np.zeros((rows, NUM_BODY_NUMBERS))
    whole[:, : 3 * joints] = rotations.reshape(rows, 3 * joints)
    return whole


def shape(
    betas: Float[np.ndarray, "..."], rows: int
) -> tuple[Float[np.ndarray, "shapes 10"], tuple[str, ...]]:
    """Take one shape, or one per row: the first 10 coefficients, missing ones zero.

    Raises:
        UnusableTree: there are neither one nor as many as rows.
    """
    table = betas.reshape(1, -1) if betas.ndim <= 1 else betas.reshape(len(betas), -1)
    if len(table) not in (1, rows) or not table.shape[1]:
        raise UnusableTree(
            f'has "betas" of shape {betas.shape}, one row or one for each of {rows} poses was '
            "expected"
        )
    kept = np.zeros((len(table), NUM_BETAS))
    count = min(NUM_BETAS, table.shape[1])
    kept[:, :count] = table[:, :count]
    surplus = table[:, NUM_BETAS:]
    if not surplus.any():
        return kept, ()
    return kept, (f"of {table.shape[1]} betas the first {NUM_BETAS} are kept",)
