"""Samples along rays: where they lie, what is dropped, how they are packed."""

import pytest
import torch

from neuhmr.rendering.body_band import build_body_band, vertex_neighbors
from neuhmr.rendering.ray_samples import sample_band
from tests.rendering.test_body_band import sphere_mesh

DISTANCE = 3.0
RADIUS = 0.3
WIDTH = 0.05


@pytest.fixture
def band():
    vertices, faces = sphere_mesh(RADIUS)
    vertices = vertices + torch.tensor([0.0, 0.0, DISTANCE])
    return build_body_band(vertices, vertex_neighbors(faces, len(vertices)), WIDTH)


def rays(*slopes: float) -> torch.Tensor:
    return torch.tensor([[slope, 0.0, 1.0] for slope in slopes])


def test_kept_samples_lie_within_the_band(band) -> None:
    samples = sample_band(rays(0.0, 0.02, 0.05, 0.09), band, 32)
    height = (samples.points - torch.tensor([0.0, 0.0, DISTANCE])).norm(dim=-1) - RADIUS
    assert len(samples.slots) > 20
    assert height.abs().max().item() < WIDTH + 5e-3


def test_a_ray_through_the_middle_sees_both_walls(band) -> None:
    # Walls at 2.7 and 3.3 m, each with 5 cm of band on both sides.
    samples = sample_band(rays(0.0), band, 128)
    depths = samples.points[:, 2]
    for wall in (DISTANCE - RADIUS, DISTANCE + RADIUS):
        near_wall = (depths - wall).abs() < WIDTH + 5e-3
        assert near_wall.sum() > 10
    assert ((depths > 2.78) & (depths < 3.22)).sum() == 0


def test_rays_that_miss_the_band_have_no_samples(band) -> None:
    samples = sample_band(rays(0.5, 0.0), band, 16)
    assert samples.hits.tolist() == [1]


def test_nothing_is_kept_far_behind_the_first_surface(band) -> None:
    first = torch.tensor([DISTANCE - RADIUS])
    samples = sample_band(rays(0.0), band, 64, surface_depths=first, behind=0.04)
    assert samples.points[:, 2].max().item() <= DISTANCE - RADIUS + 0.04 + 1e-4


def test_lengths_add_up_to_the_way_through_the_slots(band) -> None:
    # A slanted ray travels |d| meters per meter of depth.
    directions = rays(0.06)
    samples = sample_band(directions, band, 16)
    spacing = samples.depths[0, 1] - samples.depths[0, 0]
    torch.testing.assert_close(samples.lengths[0], spacing * directions[0].norm())


def test_unpacking_puts_values_into_their_slots(band) -> None:
    samples = sample_band(rays(0.0, 0.05), band, 8)
    table = samples.unpack(samples.points[:, 2])
    filled = table > 0
    torch.testing.assert_close(table[filled], samples.depths[filled])
    assert filled.sum() == len(samples.slots)


def test_jitter_is_seeded_and_stays_in_its_slot(band) -> None:
    centers = sample_band(rays(0.0), band, 16)
    jittered = [
        sample_band(rays(0.0), band, 16, generator=torch.Generator().manual_seed(7))
        for _ in range(2)
    ]
    assert torch.equal(jittered[0].depths, jittered[1].depths)
    spacing = centers.depths[0, 1] - centers.depths[0, 0]
    assert ((jittered[0].depths - centers.depths).abs() <= spacing / 2 + 1e-6).all()
    assert not torch.equal(jittered[0].depths, centers.depths)
