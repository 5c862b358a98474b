"""Keypoints of nobody, for tests that only read and write them."""

import torch

from neuhmr.ghnerf.captures.keypoint_file import KeypointTable


def random_table() -> KeypointTable:
    """Four frames of three cameras."""
    confidence = torch.rand(4, 3, 25)
    return KeypointTable(
        frames=torch.arange(4),
        points2d=torch.rand(4, 3, 25, 2),
        confidence2d=confidence,
        points3d=torch.rand(4, 25, 3),
        confidence3d=confidence[:, 0],
        points3d_field=torch.rand(4, 25, 3),
        confidence3d_field=confidence[:, 0],
    )
