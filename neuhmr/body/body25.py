"""The 25 keypoints of OpenPose's BODY_25 on an SMPL-format body.

Twelve are SMPL joints, two lie between joints by OpenPose's own definition but have a joint of
their own in SMPL (neck, mid hip), and eleven are points of the skin: nose, eyes, ears, toes and
heels. The open body numbers its vertices so that SMPL's landmark vertices are the same points: the
nose's tip, the pupils, the ears, the foremost, outermost and rearmost points of the feet.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES, LANDMARK_VERTICES, SMPL_JOINT_NAMES
from neuhmr.body.smpl_model import PosedBody

NUM_KEYPOINTS = 25
LANDMARK_TOPOLOGY = 6890
"""Number of vertices of the bodies that `LANDMARK_VERTICES` indexes."""

_JOINT_OF = {"mid_hip": "pelvis"}

KEYPOINT_JOINTS: dict[int, int] = {
    keypoint: SMPL_JOINT_NAMES.index(_JOINT_OF.get(name, name))
    for keypoint, name in enumerate(BODY_25_NAMES)
    if _JOINT_OF.get(name, name) in SMPL_JOINT_NAMES
}
"""Keypoint to SMPL joint."""

KEYPOINT_VERTICES: dict[int, int] = {
    keypoint: LANDMARK_VERTICES[name]
    for keypoint, name in enumerate(BODY_25_NAMES)
    if keypoint not in KEYPOINT_JOINTS
}
"""Keypoint to vertex."""


def _mirrored(name: str) -> str:
    if name.startswith("left_"):
        return name.replace("left_", "right_", 1)
    return name.replace("right_", "left_", 1)


MIRRORED_KEYPOINTS: tuple[int, ...] = tuple(
    BODY_25_NAMES.index(_mirrored(name)) for name in BODY_25_NAMES
)
"""Where each keypoint goes when left and right are exchanged."""


def body25_points(posed: PosedBody) -> Float[Tensor, "*batch 25 3"]:
    """Find the keypoints of posed bodies (m, the bodies' frame).

    Raises:
        ValueError: the body's vertices are not numbered as SMPL's.
    """
    vertices = posed.vertices.shape[-2]
    if vertices != LANDMARK_TOPOLOGY:
        raise ValueError(
            f"body25_points: the body has {vertices} vertices, but only those of "
            f"{LANDMARK_TOPOLOGY}-vertex bodies are named"
        )
    points = [
        posed.joints[..., KEYPOINT_JOINTS[keypoint], :]
        if keypoint in KEYPOINT_JOINTS
        else posed.vertices[..., KEYPOINT_VERTICES[keypoint], :]
        for keypoint in range(NUM_KEYPOINTS)
    ]
    return torch.stack(points, dim=-2)
