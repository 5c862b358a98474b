"""The canonical volume: folding keeps its values, positions are exact, gradients are right."""

import torch

from neuhmr.ghn.canonical import canonical_body
from neuhmr.ghn.volume import CanonicalVolume, VolumeEncoder, plan_volume
from tests.ghn.scene import TINY
from tests.synthetic_body import make_synthetic_body


def make_volume(dtype: torch.dtype = torch.float32) -> tuple[CanonicalVolume, torch.Tensor]:
    """A volume with random codes, and points within the band around the body."""
    torch.manual_seed(0)
    body = make_synthetic_body().to(dtype).with_shape(torch.zeros(10, dtype=dtype))
    canonical = canonical_body(body)
    codes = torch.randn(len(canonical.vertices), TINY.volume_channels, dtype=dtype)
    encoder = VolumeEncoder(TINY, 6).to(dtype)
    with torch.no_grad():
        volume = encoder(codes, plan_volume(canonical, TINY))
    rows = torch.randint(len(codes), (300,))
    shift = torch.randn(300, 3, dtype=dtype)
    shift = shift / shift.norm(dim=-1, keepdim=True) * TINY.band_width
    return volume, canonical.vertices[rows] + shift


def test_folding_the_levels_keeps_every_value_within_the_band() -> None:
    volume, points = make_volume()
    folded = volume.folded(TINY.band_width)
    assert len(folded.features) == 1
    expected = volume.sample(points)
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(folded.sample(points), expected, atol=1e-5, rtol=1e-4)


def test_a_site_reads_its_own_value_at_its_own_position() -> None:
    volume, _ = make_volume()
    coarse = volume.folded(TINY.band_width)
    site = 5
    cell = coarse.grids[0].coordinates[site].flip(0)
    position = coarse.origin + cell * coarse.voxel_size
    expected = torch.relu(coarse.features[0][site])
    torch.testing.assert_close(coarse.sample(position[None])[0], expected, atol=1e-5, rtol=0)


def test_gradients_in_the_position_match_finite_differences() -> None:
    volume, points = make_volume(torch.float64)
    assert torch.autograd.gradcheck(volume.sample, (points[:4].requires_grad_(),), atol=1e-5)


def test_far_from_the_body_the_volume_is_empty() -> None:
    volume, _ = make_volume()
    assert volume.sample(torch.tensor([[9.0, 9.0, 9.0]])).abs().max() == 0
