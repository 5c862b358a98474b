import pytest
import torch

from neuhmr.geometry.nearest_points import nearest_on_mesh, nearest_on_triangle
from synthetic_body import make_synthetic_body

# A right angle at the origin, legs of 2 m along x and y.
TRIANGLE = torch.tensor([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])


@pytest.mark.parametrize(
    ("point", "nearest"),
    [
        ((0.5, 0.5, 3.0), (0.5, 0.5, 0.0)),  # Above: the foot of the perpendicular.
        ((0.5, -1.0, 1.0), (0.5, 0.0, 0.0)),  # Beside a leg.
        ((2.0, 2.0, -1.0), (1.0, 1.0, 0.0)),  # Beyond the long side, its middle.
        ((-1.0, -2.0, 0.5), (0.0, 0.0, 0.0)),  # Behind the right angle.
        ((5.0, -0.5, 0.0), (2.0, 0.0, 0.0)),  # Past the end of a leg.
        ((0.25, 1.0, 0.0), (0.25, 1.0, 0.0)),  # On it.
    ],
)
def test_the_nearest_point_of_a_triangle_is_known(point, nearest) -> None:
    for corners in (TRIANGLE, TRIANGLE[[1, 0, 2]]):  # Either way around.
        found = nearest_on_triangle(torch.tensor(point), corners)
        assert found.tolist() == pytest.approx(nearest, abs=1e-6)


@pytest.mark.parametrize(
    "corners", [TRIANGLE[[0, 1, 1]], torch.tensor([[0.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]])]
)
def test_a_triangle_without_area_is_its_edges(corners) -> None:
    found = nearest_on_triangle(torch.tensor([1.5, 1.0, 1.0]), corners)
    assert found.tolist() == pytest.approx([1.5, 0.0, 0.0])


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_no_sample_of_a_triangle_is_nearer(batch, generator) -> None:
    # The second implementation: many points of the triangle.
    corners = torch.randn(*batch, 3, 3, generator=generator)
    points = 2.0 * torch.randn(*batch, 3, generator=generator)
    found = nearest_on_triangle(points, corners)
    shares = torch.cartesian_prod(*[torch.linspace(0.0, 1.0, 101)] * 2)
    shares = shares[shares.sum(dim=1) <= 1.0 + 1e-6]
    shares = torch.cat([shares, 1.0 - shares.sum(dim=1, keepdim=True)], dim=1)
    samples = shares @ corners
    least = (samples - points[..., None, :]).norm(dim=-1).amin(dim=-1)
    assert bool(((found - points).norm(dim=-1) <= least + 1e-5).all())
    # A hundredth of the sides lies between samples.
    assert bool(((samples - found[..., None, :]).norm(dim=-1).amin(dim=-1) < 0.05).all())


def test_a_few_faces_find_what_all_faces_find(generator) -> None:
    body = make_synthetic_body()
    points = body.v_template[::40] + 0.05 * torch.randn(20, 3, generator=generator)
    exact = nearest_on_mesh(points, body.v_template, body.faces, candidates=len(body.faces))
    found = nearest_on_mesh(points, body.v_template, body.faces)
    torch.testing.assert_close(found, exact, atol=1e-5, rtol=0.0)


def test_points_of_the_surface_are_their_own_nearest() -> None:
    body = make_synthetic_body()
    middles = body.v_template[body.faces[::50].long()].mean(dim=1)
    found = nearest_on_mesh(middles, body.v_template, body.faces)
    torch.testing.assert_close(found, middles, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_face_is_a_mesh(count) -> None:
    points = torch.tensor([[0.5, 0.5, 3.0], [0.5, -1.0, 1.0]])[:count]
    found = nearest_on_mesh(points, TRIANGLE, torch.tensor([[0, 1, 2]]))
    assert found.tolist() == [[0.5, 0.5, 0.0], [0.5, 0.0, 0.0]][:count]
