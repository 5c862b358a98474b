import torch

from neuhmr.geometry.mesh_normals import vertex_normals


def test_normals_of_an_octahedron_point_away_from_its_center():
    vertices = torch.cat([torch.eye(3), -torch.eye(3)])
    faces = torch.tensor([[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2],
                          [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]])  # fmt: skip
    torch.testing.assert_close(vertex_normals(vertices, faces), vertices)


def test_normals_of_a_flat_square_point_out_of_it():
    # Counterclockwise seen from -z, hence from outside: the normal is (0, 0, -1) everywhere.
    vertices = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    faces = torch.tensor([[0, 2, 1], [0, 3, 2]])
    normals = vertex_normals(vertices, faces)
    torch.testing.assert_close(normals, torch.tensor([[0.0, 0.0, -1.0]]).expand(4, 3))


def test_larger_faces_count_more():
    # Corner 0 belongs to a face of area 2 that looks along z and to one of area 1/2 along x.
    vertices = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 1, 0], [0, 0, 1]])
    faces = torch.tensor([[0, 1, 2], [0, 3, 4]])
    expected = torch.tensor([1.0, 0.0, 4.0]) / 17**0.5
    torch.testing.assert_close(vertex_normals(vertices, faces)[0], expected)


def test_batch_axes_are_free_and_unused_vertices_have_no_normal():
    vertices = torch.randn(3, 1, 2, 6, 3, generator=torch.Generator().manual_seed(0))
    faces = torch.tensor([[0, 1, 2], [2, 3, 4]])
    normals = vertex_normals(vertices, faces)
    torch.testing.assert_close(normals[2, 0, 1], vertex_normals(vertices[2, 0, 1], faces))
    assert not normals[..., 5, :].any()
