"""The matching loss: what it is for perfect and for blind features, and its gradients."""

import math

import torch

from neuhmr.lab.training.matching.batches import MatchingBatch
from neuhmr.lab.training.matching.loss import candidate_offsets, matching_loss

JOINTS, SIZE = 3, 64


def batch_with(joints: torch.Tensor, wrong: torch.Tensor) -> MatchingBatch:
    return MatchingBatch(
        images=torch.zeros(len(joints), 3, SIZE, SIZE),
        joints=joints,
        wrong=wrong[None],
        visible=torch.ones(len(joints), JOINTS, dtype=torch.bool),
        scale=1.0,
    )


def joints_apart(frames: int = 3) -> torch.Tensor:
    places = torch.tensor([[14.0, 14.0], [48.0, 20.0], [30.0, 48.0]])
    return places.expand(frames, -1, -1).clone()


def peaked_features(joints: torch.Tensor) -> torch.Tensor:
    """One channel per joint, 1 at the joint, and another that fills up to unit length."""
    steps = torch.arange(SIZE) + 0.5
    grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)
    squares = (grid - joints[:, :, None, None]).square().sum(dim=-1)
    peaks = torch.exp(-squares / (2 * 4.0**2))
    rest = (1.0 - peaks.square().sum(dim=1, keepdim=True)).clamp_min(1e-4).sqrt()
    return torch.cat([peaks, rest], dim=1)


def test_features_that_peak_at_the_joints_lose_little_and_blind_ones_all() -> None:
    joints = joints_apart()
    batch = batch_with(joints, joints + 3.0)
    prototypes = torch.eye(JOINTS, JOINTS + 1)
    generator = torch.Generator().manual_seed(0)
    seeing = matching_loss(peaked_features(joints), prototypes, batch, generator)
    blind = matching_loss(torch.ones(3, JOINTS + 1, SIZE, SIZE), prototypes, batch, generator)
    count = len(candidate_offsets(torch.Generator()))
    torch.testing.assert_close(blind, torch.full((2,), math.log(count)), rtol=1e-3, atol=0)
    assert seeing[1] < blind[1] - 1.0


def test_a_picture_never_registers_itself() -> None:
    # Alone, it has nobody to register its joints: only prototypes are left.
    joints = joints_apart(1)
    batch = batch_with(joints, joints)
    features = peaked_features(joints)
    generator = torch.Generator().manual_seed(0)
    registered, typical = matching_loss(features, torch.eye(3, 4), batch, generator)
    assert registered == 0 and typical > 0


def test_joints_far_from_all_candidates_do_not_count() -> None:
    joints = joints_apart()
    batch = batch_with(joints, joints + 30.0)
    losses = matching_loss(peaked_features(joints), torch.eye(3, 4), batch, torch.Generator())
    assert losses.tolist() == [0.0, 0.0]


def test_following_the_gradient_finds_the_joints() -> None:
    joints = joints_apart()
    batch = batch_with(joints, joints + 3.0)
    torch.manual_seed(0)
    features = torch.randn(3, 8, SIZE // 4, SIZE // 4, requires_grad=True)
    prototypes = torch.randn(JOINTS, 8, requires_grad=True)
    optimizer = torch.optim.Adam([features, prototypes], lr=0.1)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(60):
        loss = matching_loss(features, prototypes, batch, generator).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.75 * losses[0]
