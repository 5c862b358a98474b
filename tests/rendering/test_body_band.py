"""Nearest-vertex look-ups against an exact search tree."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from neuhmr.rendering.body_band import build_body_band, vertex_neighbors


def sphere_mesh(radius: float = 0.3):
    """A sphere of 2562 vertices around the origin (m)."""
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return (
        torch.tensor(np.array(mesh.vertices), dtype=torch.float32),
        torch.tensor(np.array(mesh.faces), dtype=torch.int64),
    )


def sphere_band(width: float = 0.05):
    vertices, faces = sphere_mesh()
    return build_body_band(vertices, vertex_neighbors(faces, len(vertices)), width)


def points_around(band, count: int = 4000) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(len(band.vertices), (count,), generator=generator)
    return band.vertices[rows] + 0.02 * torch.randn(count, 3, generator=generator)


def test_nearest_vertices_are_the_exact_ones() -> None:
    band = sphere_band()
    points = points_around(band)
    nearest, distance = band.nearest(points)
    exact_distance, exact = cKDTree(band.vertices.numpy()).query(points.numpy())
    assert (nearest.numpy() == exact).mean() > 0.99
    np.testing.assert_allclose(distance.numpy(), exact_distance, atol=2e-3)


def test_rough_distance_is_good_to_two_cells_and_infinite_outside() -> None:
    band = sphere_band()
    points = points_around(band)
    exact_distance, _ = cKDTree(band.vertices.numpy()).query(points.numpy())
    rough = band.rough_distance(points).numpy()
    seen = np.isfinite(rough)
    assert seen.mean() > 0.95
    assert np.abs(rough - exact_distance)[seen].max() < 0.04
    assert torch.isinf(band.rough_distance(torch.tensor([[5.0, 0.0, 0.0]]))).all()


def test_moving_the_body_moves_the_answers() -> None:
    band = sphere_band()
    shift = torch.tensor([0.4, -1.0, 3.0])
    moved = build_body_band(band.vertices + shift, band.neighbors, band.width)
    points = points_around(band)
    _, distance = band.nearest(points)
    _, moved_distance = moved.nearest(points + shift)
    torch.testing.assert_close(distance, moved_distance, atol=2e-3, rtol=0)


@pytest.mark.usefixtures("ties_reversed")
def test_of_vertices_in_one_place_the_last_is_found_on_every_device() -> None:
    vertices, _ = sphere_mesh()
    alone = torch.arange(2 * len(vertices))[:, None]  # Each vertex is its only neighbor.
    band = build_body_band(torch.cat([vertices, vertices]), alone, 0.05)
    assert int(band.nearest_of_cell.min()) >= len(vertices)


def test_every_vertex_lists_itself_first_and_its_edges() -> None:
    # Two triangles over one edge: vertex 0 meets 1, 2, 3; vertex 3 meets 0 and 2 only.
    neighbors = vertex_neighbors(torch.tensor([[0, 1, 2], [0, 2, 3]]), 4, most=5)
    assert neighbors[:, 0].tolist() == [0, 1, 2, 3]
    assert set(neighbors[0].tolist()) == {0, 1, 2, 3}
    assert set(neighbors[3].tolist()) == {3, 0, 2}
