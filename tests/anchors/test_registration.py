import math

import torch

from neuhmr.anchors.registration import register_anchors, register_joints
from refine.tiny_problem import tiny_clip, tiny_problem


def test_descriptors_are_means_of_unit_features_over_visible_anchors():
    # Two anchors, 2 channels, one joint seen by both at the center of a feature cell:
    # (3, 4) -> (0.6, 0.8) and (5, 0) -> (1, 0); mean (0.8, 0.4), unit (0.8944, 0.4472).
    features = torch.zeros(2, 2, 3, 3)
    features[0, :, 1, 1] = torch.tensor([3.0, 4.0])
    features[1, :, 1, 1] = torch.tensor([5.0, 0.0])
    pixels = torch.full((2, 24, 2), 6.0)  # Cell (1, 1) of a 12 x 12 image at a quarter.
    visible = torch.zeros(2, 24, dtype=torch.bool)
    visible[:, 0] = True
    visible[0, 1] = True
    found = register_joints(features, pixels, visible, (12, 12))
    unit = torch.tensor([0.8, 0.4]) / math.hypot(0.8, 0.4)
    assert torch.allclose(found.descriptors[0], unit, atol=1e-5)
    assert torch.allclose(found.descriptors[1], torch.tensor([0.6, 0.8]), atol=1e-5)
    assert found.counts.tolist() == [2, 1] + [0] * 22
    assert torch.equal(found.descriptors[2], torch.zeros(2))


def test_brightness_of_an_anchor_does_not_matter(generator: torch.Generator):
    features = torch.randn(2, 8, 6, 6, generator=generator)
    pixels = 24 * torch.rand(2, 24, 2, generator=generator)
    visible = torch.ones(2, 24, dtype=torch.bool)
    plain = register_joints(features, pixels, visible, (24, 24))
    features[1] *= 10.0
    bright = register_joints(features, pixels, visible, (24, 24))
    assert torch.allclose(plain.descriptors, bright.descriptors, atol=1e-5)


def test_a_prototype_weighs_as_much_as_all_anchors_together():
    # Registered (1, 0) and prototype (0, 5): in the middle between both directions.
    features = torch.zeros(2, 2, 3, 3)
    features[:, 0] = 7.0
    pixels = torch.full((2, 24, 2), 6.0)
    visible = torch.zeros(2, 24, dtype=torch.bool)
    visible[:, :2] = True
    prototypes = torch.zeros(24, 2)
    prototypes[0, 1] = prototypes[2, 1] = 5.0
    found = register_joints(features, pixels, visible, (12, 12), prototypes)
    assert torch.allclose(found.descriptors[0], torch.full((2,), 0.5**0.5), atol=1e-5)
    # No prototype leaves the descriptor as it is; a joint that no anchor sees stays unknown.
    assert torch.allclose(found.descriptors[1], torch.tensor([1.0, 0.0]), atol=1e-5)
    assert torch.equal(found.descriptors[2], torch.zeros(2))


def test_half_precision_features_give_the_same_descriptors(generator: torch.Generator):
    features = torch.randn(2, 8, 6, 6, generator=generator)
    pixels = 24 * torch.rand(2, 24, 2, generator=generator)
    visible = torch.ones(2, 24, dtype=torch.bool)
    full = register_joints(features, pixels, visible, (24, 24))
    half = register_joints(features.half(), pixels, visible, (24, 24))
    assert torch.allclose(full.descriptors, half.descriptors, atol=2e-3)


def test_anchors_with_true_poses_describe_the_joints_as_other_frames_show_them():
    clip, problem = tiny_clip(), tiny_problem()
    found = register_anchors(clip.avatar, clip.crops, clip.truth, problem.features, [1, 3])
    other = register_anchors(clip.avatar, clip.crops, clip.truth, problem.features, [2])
    seen = (found.counts > 0) & (other.counts > 0)
    assert int(seen.sum()) > 15
    own = (found.descriptors * other.descriptors).sum(dim=1)[seen]
    crossed = (found.descriptors @ other.descriptors.T)[seen][:, seen]
    assert float(own.mean()) > float(crossed.mean()) + 0.3
    assert float(own.mean()) > 0.7
