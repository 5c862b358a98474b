"""Closed-form first guesses of a fit: which side is left, how the trunk stands, where it is."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.procrustes import align_similarity
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.initial.landmark_body import LandmarkBody
from neuhmr.initial.landmarks import Landmarks, landmark_index

TORSO = tuple(
    landmark_index(name) for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
)
HIPS = TORSO[2:]
SIDE_PAIRS = tuple(
    (landmark_index(f"left_{part}"), landmark_index(f"right_{part}"))
    for part in ("shoulder", "hip", "elbow", "knee", "ankle")
)
EXCHANGE_COST = 0.04
"""What believing a frame's sides exchanged costs, in person sizes of jump. It settles clips in
which nothing jumps, and the side that most frames agree on."""


def person_sizes(landmarks: Landmarks) -> Float[Tensor, " frames"]:
    """Diagonal of the box of each frame's landmarks (px, at least 1)."""
    spans = landmarks.points2d.amax(dim=1) - landmarks.points2d.amin(dim=1)
    return spans.norm(dim=-1).clamp_min(1.0)


def exchanged_sides(
    landmarks: Landmarks, times: Float[Tensor, " frames"]
) -> Bool[Tensor, " frames"]:
    """Find frames in which the detector took left for right, from the jumps that this makes.

    The cheapest labeling of all (detected) frames by dynamic programming: a change between
    neighbors costs how far the sides' landmarks jump, a frame believed exchanged costs a little.
    """
    frames = len(landmarks)
    if frames == 0:
        return torch.zeros(0, dtype=torch.bool)
    left, right = (list(side) for side in zip(*SIDE_PAIRS, strict=True))
    vectors = torch.cat(
        [
            (landmarks.points2d[:, left] - landmarks.points2d[:, right])
            / person_sizes(landmarks)[:, None, None],
            landmarks.points3d[:, left] - landmarks.points3d[:, right],
        ],
        dim=-1,
    )
    # A side vector that keeps pointing the same way costs little, one that turns round much;
    # over a long gap anything may have happened.
    fading = torch.exp(-(times[1:] - times[:-1]) / 0.3)
    kept = (vectors[1:] - vectors[:-1]).norm(dim=-1).mean(dim=-1) * fading
    turned = (vectors[1:] + vectors[:-1]).norm(dim=-1).mean(dim=-1) * fading
    unary = torch.tensor([0.0, EXCHANGE_COST])
    cost, choices = unary.clone(), []
    for same, other in zip(kept, turned, strict=True):
        steps = torch.stack([torch.stack([same, other]), torch.stack([other, same])])
        totals = cost[:, None] + steps
        choices.append(totals.argmin(dim=0))
        cost = totals.amin(dim=0) + unary
    state = int(cost.argmin())
    labels = [state]
    for choice in reversed(choices):
        state = int(choice[state])
        labels.append(state)
    return torch.tensor(labels[::-1], dtype=torch.bool)


def viewing_rotations(landmarks: Landmarks, camera: Camera) -> Float[Tensor, "frames 3 3"]:
    """Turn a camera that looks straight at the person into the clip's camera.

    The detector sees a window about the hips' middle as if it were the middle of the picture.
    """
    middle = landmarks.points2d[:, list(HIPS)].mean(dim=1, keepdim=True)
    ray = torch.nn.functional.normalize(camera.ray_directions(middle)[:, 0], dim=-1)
    # The smallest rotation from +z to the ray: about their cross product.
    axis = torch.stack([-ray[:, 1], ray[:, 0], torch.zeros_like(ray[:, 0])], dim=-1)
    sine = axis.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    return axisangle_to_rotmat(axis / sine * torch.atan2(sine, ray[:, 2:]))


def trunk_orientations(
    body: LandmarkBody,
    betas: Float[Tensor, " betas"],
    points3d: Float[Tensor, "frames 33 3"],
) -> Float[Tensor, "frames 3 3"]:
    """Turn the rest body so that its shoulders and hips lie as the rough landmarks say."""
    rest = body.rest(betas)[0][list(TORSO)]
    target = points3d[:, list(TORSO)]
    return align_similarity(rest.expand_as(target), target).rotmat


def translations(
    points: Float[Tensor, "frames points 3"],
    pixels: Float[Tensor, "frames points 2"],
    weights: Float[Tensor, "frames points"],
    camera: Camera,
) -> Float[Tensor, "frames 3"]:
    """Shift bodies so that their points project nearest to pixels: linear least squares.

    With (x, y, 1) a pixel's ray, X + t_x = x (Z + t_z) and Y + t_y = y (Z + t_z).
    """
    rays = camera.ray_directions(pixels)
    one, zero = torch.ones_like(rays[..., 0]), torch.zeros_like(rays[..., 0])
    rows = torch.cat(
        [
            torch.stack([one, zero, -rays[..., 0]], dim=-1),
            torch.stack([zero, one, -rays[..., 1]], dim=-1),
        ],
        dim=1,
    )
    target = torch.cat(
        [
            rays[..., 0] * points[..., 2] - points[..., 0],
            rays[..., 1] * points[..., 2] - points[..., 1],
        ],
        dim=1,
    )
    weight = torch.cat([weights, weights], dim=1)[..., None]
    normal = (rows * weight).transpose(1, 2) @ rows
    # Keeps the system solvable where all points are hidden; far below any real weight.
    normal = normal + 1e-6 * torch.eye(3, dtype=normal.dtype)
    right = (rows * weight).transpose(1, 2) @ target[..., None]
    return torch.linalg.solve(normal, right)[..., 0]
