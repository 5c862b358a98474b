import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.rendering import mesh_raster
from neuhmr.rendering.mesh_raster import rasterize_mesh
from synthetic_body import make_synthetic_body

CAMERA = camera_from_focal(60.0, height=48, width=40)


def body_in_front_of_camera():
    model = make_synthetic_body()
    # Turned upright for a camera whose y axis points down.
    vertices = model.v_template * torch.tensor([1.0, -1.0, -1.0])
    return vertices + torch.tensor([0.03, -0.1, 2.6]), model.faces


def intersect_rays(vertices, faces, camera):
    """Depth of the first hit of every pixel's ray, by Moeller and Trumbore, ray by ray."""
    origin, b, c = vertices.double()[faces].unbind(dim=1)
    edge_b, edge_c = b - origin, c - origin
    depth = torch.full((camera.height, camera.width), torch.inf, dtype=torch.float64)
    grid = camera.pixel_grid()
    for row in range(camera.height):
        for column, direction in enumerate(camera.ray_directions(grid[row]).double()):
            across = torch.linalg.cross(direction.expand_as(edge_c), edge_c)
            determinant = (edge_b * across).sum(dim=-1)
            u = -(origin * across).sum(dim=-1) / determinant
            side = torch.linalg.cross(-origin, edge_b)
            v = (side @ direction) / determinant
            distance = (edge_c * side).sum(dim=-1) / determinant
            hits = distance[(u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)]
            if len(hits):
                depth[row, column] = hits.min()
    return depth


def test_one_triangle_covers_the_pixel_centers_inside_it():
    # Focal length 1 px, principal point at the corner, depth 1: pixel = position. The triangle
    # (0,0) (3,0) (0,3) holds centers (0.5,0.5) (1.5,0.5) (0.5,1.5), and those at u + v = 3 exactly.
    camera = Camera(torch.eye(3), height=4, width=4)
    vertices = torch.tensor([[0.0, 0.0, 1.0], [3.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    result = rasterize_mesh(vertices, torch.tensor([[0, 1, 2]]), camera)
    assert result.mask.int().tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    torch.testing.assert_close(result.barycentric[0, 0], torch.tensor([4.0, 1.0, 1.0]) / 6)
    assert result.depth[3, 3] == torch.inf
    assert result.face_index[3, 3] == -1
    assert result.barycentric[3, 3].sum() == 0


def test_depth_between_corners_is_perspective_correct():
    # The edge from (-1, 0, 1) to (3, 0, 3) is seen at u = -1 and u = 1. At u = 0, x = 0: a quarter
    # of the way, depth 1.5; a plain mean over the image would say 2.
    camera = Camera(torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]]), 1, 1)
    vertices = torch.tensor(
        [[-1.0, -1.0, 1.0], [3.0, -3.0, 3.0], [3.0, 3.0, 3.0], [-1.0, 1.0, 1.0]]
    )
    result = rasterize_mesh(vertices, torch.tensor([[0, 1, 2], [0, 2, 3]]), camera)
    assert result.depth.item() == pytest.approx(1.5, abs=1e-6)


def test_body_agrees_with_ray_by_ray_intersection():
    vertices, faces = body_in_front_of_camera()
    expected = intersect_rays(vertices, faces, CAMERA)
    result = rasterize_mesh(vertices, faces, CAMERA)
    assert result.mask.sum() > 150
    assert torch.equal(result.mask, expected.isfinite())
    torch.testing.assert_close(
        result.depth[result.mask].double(), expected[result.mask], atol=1e-5, rtol=0
    )


def test_sphere_depth_agrees_with_the_formula():
    # A unit sphere at depth 3 seen along z: nearest point at depth 2, silhouette radius
    # f / sqrt(3^2 - 1) = 60 / 2.83 = 21.2 px.
    mesh = trimesh.creation.icosphere(subdivisions=5)
    vertices = torch.tensor(mesh.vertices, dtype=torch.float32) + torch.tensor([0.0, 0.0, 3.0])
    camera = camera_from_focal(60.0, height=50, width=50)
    result = rasterize_mesh(vertices, torch.tensor(mesh.faces), camera)
    directions = camera.ray_directions(camera.pixel_grid())
    a, b = directions.square().sum(dim=-1), directions[..., 2] * 3.0
    discriminant = b.square() - a * 8.0
    # The polyhedron lies up to 5e-4 within the sphere; grazing rays magnify that.
    steep = discriminant > 0.5
    expected = (b - discriminant.clamp_min(0).sqrt()) / a
    torch.testing.assert_close(result.depth[steep], expected[steep], atol=2e-3, rtol=0)
    assert abs(result.mask.sum().item() - np.pi * 450) < 0.02 * np.pi * 450


def test_order_of_faces_changes_nothing(generator):
    vertices, faces = body_in_front_of_camera()
    # Doubled faces are exact ties everywhere.
    faces = torch.cat([faces, faces.roll(1, dims=1)])
    order = torch.randperm(len(faces), generator=generator)
    first = rasterize_mesh(vertices, faces, CAMERA)
    second = rasterize_mesh(vertices, faces[order], CAMERA)
    assert torch.equal(first.depth, second.depth)
    assert torch.equal(first.barycentric, second.barycentric)
    seen = first.mask
    assert torch.equal(faces[first.face_index[seen]], faces[order][second.face_index[seen]])


def test_small_batches_of_candidates_change_nothing(monkeypatch):
    vertices, faces = body_in_front_of_camera()
    whole = rasterize_mesh(vertices, faces, CAMERA)
    monkeypatch.setattr(mesh_raster, "MAX_CANDIDATES", 50)
    split = rasterize_mesh(vertices, faces, CAMERA)
    assert torch.equal(whole.depth, split.depth)
    assert torch.equal(whole.face_index, split.face_index)


@pytest.mark.parametrize("candidates", [1, 1 << 22])
def test_of_faces_in_one_place_that_of_the_first_corners_is_seen(monkeypatch, candidates):
    monkeypatch.setattr(mesh_raster, "MAX_CANDIDATES", candidates)
    camera = Camera(torch.eye(3), height=4, width=4)
    triangle = torch.tensor([[0.0, 0.0, 1.0], [4.0, 0.0, 1.0], [0.0, 4.0, 1.0]])
    faces = torch.tensor([[3, 4, 5], [0, 1, 2]])
    result = rasterize_mesh(triangle.repeat(2, 1), faces, camera)
    assert (result.face_index[result.mask] == 1).all()


def test_barycentric_weights_give_back_the_surface_point():
    vertices, faces = body_in_front_of_camera()
    result = rasterize_mesh(vertices, faces, CAMERA)
    points = result.interpolate(vertices, faces)
    expected = CAMERA.ray_directions(CAMERA.pixel_grid()) * result.depth[..., None]
    torch.testing.assert_close(points[result.mask], expected[result.mask], atol=1e-5, rtol=0)
    assert points[~result.mask].abs().sum() == 0


def test_a_closed_surface_has_no_cracks():
    # Every pixel well within the sphere's silhouette must be hit, at any sub-pixel shift.
    mesh = trimesh.creation.icosphere(subdivisions=5)
    vertices = torch.tensor(mesh.vertices, dtype=torch.float32) + torch.tensor([0.0, 0.0, 3.0])
    camera = camera_from_focal(900.0, height=400, width=400)
    for shift in (0.0, 0.137, 0.5):
        moved = replace(camera, K=camera.K + torch.eye(3).roll(2, dims=1) * shift)
        assert rasterize_mesh(vertices, torch.tensor(mesh.faces), moved).mask.all()


@pytest.mark.parametrize("depth", [-2.0, 0.005])
def test_what_lies_behind_or_at_the_camera_is_not_drawn(depth):
    vertices, faces = body_in_front_of_camera()
    vertices = vertices * torch.tensor([1.0, 1.0, 0.0]) + torch.tensor([0.0, 0.0, depth])
    assert not rasterize_mesh(vertices, faces, CAMERA).mask.any()


def test_a_body_outside_the_image_leaves_it_empty():
    vertices, faces = body_in_front_of_camera()
    result = rasterize_mesh(vertices + torch.tensor([1e6, 0.0, 0.0]), faces, CAMERA)
    assert not result.mask.any()
    assert result.depth.isinf().all()


def test_depth_agrees_with_pyrender():
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    pyrender = pytest.importorskip("pyrender")
    vertices, faces = body_in_front_of_camera()
    camera = camera_from_focal(240.0, height=192, width=160)
    scene = pyrender.Scene()
    # OpenGL cameras look along -z with y up.
    flipped = trimesh.Trimesh(vertices.numpy() * [1, -1, -1], faces.numpy(), process=False)
    scene.add(pyrender.Mesh.from_trimesh(flipped))
    scene.add(pyrender.IntrinsicsCamera(240.0, 240.0, 80.0, 96.0))
    try:
        renderer = pyrender.OffscreenRenderer(160, 192)
    except Exception as error:  # PyOpenGL raises several unrelated classes here.
        pytest.skip(f"no EGL here: {error}")
    depth = torch.from_numpy(renderer.render(scene, flags=pyrender.RenderFlags.DEPTH_ONLY).copy())
    renderer.delete()
    # pyrender takes four samples per pixel and returns the depth of the first, which the standard
    # pattern puts 1/8 px left of and 3/8 px below the center.
    shift = torch.tensor([[0.0, 0.0, 1 / 8], [0.0, 0.0, -3 / 8], [0.0, 0.0, 0.0]])
    result = rasterize_mesh(vertices, faces, replace(camera, K=camera.K + shift))
    assert (result.mask != (depth > 0)).sum() < 0.005 * result.mask.sum()
    both = result.mask & (depth > 0)
    # pyrender's 24-bit buffer spans 5 cm to 100 m.
    assert (result.depth - depth)[both].abs().quantile(0.99) < 1e-4
