import math
from dataclasses import replace

import pytest
import torch

from neuhmr.anchors.conditioning import (
    bootstrap_pair,
    build_avatar,
    mesh_silhouette_ious,
    pair_from_anchors,
    reference_views,
)
from neuhmr.anchors.selection import AnchorSelection
from neuhmr.errors import ClipError
from refine.splat_avatar import textured_network
from refine.splat_clip import wrong_by_rotations
from refine.tiny_problem import tiny_clip


def facing(*degrees: float) -> torch.Tensor:
    angles = torch.tensor([math.radians(d) for d in degrees])
    return torch.stack([angles.sin(), torch.zeros_like(angles), angles.cos()], dim=1)


def test_the_first_pair_is_the_best_frame_and_its_opposite_among_the_better_half():
    # Ranked: 1, 3, 4, 0, 2. Better half (3 of 5): 1, 3, 4. Most opposite to 10 degrees: 100.
    ious = torch.tensor([0.6, 0.9, 0.5, 0.8, 0.7])
    assert bootstrap_pair(ious, facing(190.0, 10.0, 180.0, 40.0, 100.0)) == (1, 4)


def test_rows_that_were_not_looked_at_are_never_in_the_pair():
    ious = torch.tensor([torch.nan, 0.3, torch.nan])
    assert bootstrap_pair(ious, facing(0.0, 0.0, 180.0)) == (1, 1)
    with pytest.raises(ClipError, match="usable to build the avatar"):
        bootstrap_pair(torch.full((3,), torch.nan), facing(0.0, 0.0, 0.0))


def test_the_second_pair_weighs_score_against_opposition():
    selection = AnchorSelection(
        orientations=facing(0.0, 20.0, 180.0, 170.0),
        candidates=(0, 1, 2, 3),
        scores=(-2.0, -1.0, 1.5, -0.5),
        anchors=(0, 1, 3, 2),
    )
    # Best 0. Costs: 1: -1 + cos 20 = -0.06; 2: 1.5 - 1 = 0.5; 3: -0.5 - 0.98 = -1.48.
    assert pair_from_anchors(selection) == (0, 3)
    # Without a say for opposition, the second best score.
    assert pair_from_anchors(selection, opposition=0.0) == (0, 1)
    lonely = replace(selection, anchors=(3,))
    assert pair_from_anchors(lonely) == (3, 3)


def test_true_poses_fill_the_masks_better_than_wrong_ones():
    clip = tiny_clip()
    body = clip.avatar.body
    right = mesh_silhouette_ious(clip.crops, body, clip.truth)
    wrong = mesh_silhouette_ious(clip.crops, body, wrong_by_rotations(clip.truth, 25.0))
    # The balls stand out from the mesh by a pixel or so, which at this size is a lot.
    assert float(right.mean()) > 0.5
    assert float(right.mean()) > float(wrong.mean()) + 0.05


def test_long_clips_are_sampled_evenly():
    clip = tiny_clip()
    found = mesh_silhouette_ious(clip.crops, clip.avatar.body, clip.truth, most_scored=3)
    assert found.isnan().tolist() == [False, True, False, True, True, False]


def test_reference_views_hold_masked_images_and_posed_bodies():
    clip = tiny_clip()
    views = reference_views(clip.crops, clip.avatar.body, clip.truth, (4, 0))
    assert views.images.shape == (2, 3, 60, 45)
    assert torch.equal(views.images[0], clip.crops[4:5].masked_images()[0])
    assert torch.equal(views.masks[1], clip.crops.masks[0])
    assert torch.equal(views.cameras.K[0], clip.crops.cameras.K[4])
    assert torch.allclose(views.posed.joints[1], clip.truth.pose(clip.model).joints[0])


def test_the_avatar_is_built_on_the_pair_that_is_asked_for():
    clip = tiny_clip()
    network = textured_network(clip.model, clip.truth.betas)
    build = build_avatar(clip.crops, clip.truth, clip.model, network, rows=(2, 5))
    assert build.conditioning_rows == (2, 5)
    chosen = build_avatar(clip.crops, clip.truth, clip.model, network)
    assert chosen.silhouette_iou.argmax() == chosen.conditioning_rows[0]
    assert torch.equal(chosen.avatar.body.v_shaped, clip.avatar.body.v_shaped)
