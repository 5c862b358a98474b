"""Matching features: resolution, prototypes, and who uses which features."""

from dataclasses import replace

import torch

from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.ghn.matching_encoder import MatchingEncoder
from tests.ghn.scene import TINY, make_ghn


def make_encoder() -> MatchingEncoder:
    torch.manual_seed(0)
    return MatchingEncoder("convnext_atto", 6, 16).eval()


def test_features_have_a_quarter_of_the_resolution_rounded_up() -> None:
    with torch.no_grad():
        features = make_encoder()(torch.rand(2, 3, 61, 47))
    assert features.shape == (2, 6, 16, 12)


def test_a_change_of_pixels_changes_features_most_where_it_is() -> None:
    encoder = make_encoder()
    image = torch.zeros(1, 3, 128, 128)
    marked = image.clone()
    marked[..., 40:48, 80:88] = 1.0
    with torch.no_grad():
        difference = (encoder(marked) - encoder(image)).square().sum(dim=1)[0]
    row, column = divmod(int(difference.argmax()), difference.shape[1])
    assert abs(row - 10.5) <= 1.5 and abs(column - 20.5) <= 1.5


def test_without_an_own_encoder_matching_uses_the_paper_s_features() -> None:
    ghn = make_ghn()
    image = torch.rand(1, 3, 64, 48)
    with torch.no_grad():
        torch.testing.assert_close(ghn.image_features(image), ghn.rendering_features(image))
    assert ghn.joint_prototypes() is None


def test_an_own_encoder_serves_matching_and_leaves_rendering_alone() -> None:
    plain = make_ghn()
    config = replace(TINY, matching_backbone="convnext_atto", matching_channels=6)
    ghn = make_ghn(config)
    ghn.load_state_dict(plain.state_dict(), strict=False)
    image = torch.rand(1, 3, 64, 48)
    with torch.no_grad():
        assert ghn.image_features(image).shape == (1, 6, 16, 12)
        torch.testing.assert_close(ghn.rendering_features(image), plain.rendering_features(image))


def test_prototypes_are_rows_of_the_matched_joints_and_zero_elsewhere() -> None:
    config = replace(TINY, matching_backbone="convnext_atto", matching_channels=6)
    table = make_ghn(config).joint_prototypes()
    assert table is not None
    lengths = table.norm(dim=1)
    matched = torch.zeros(24, dtype=torch.bool)
    matched[list(MATCHING_JOINTS)] = True
    torch.testing.assert_close(lengths, matched.float())
