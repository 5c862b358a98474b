"""Warping source features to planes, against points projected one by one."""

import torch

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.plane_sweep import sweep_coordinates, warp
from neuhmr.ghnerf.network.view_moments import view_moments
from tests.ghnerf.scene import look_at, make_camera


def test_homographies_agree_with_points_projected_one_by_one(generator: torch.Generator) -> None:
    target, source = make_camera(8), make_camera(64)
    T_target, T_source = Rigid.from_matrix(look_at(0.1)), Rigid.from_matrix(look_at(-0.4))
    depths = 1.5 + torch.rand(8, 8, 3, generator=generator)
    T_source_target = T_source @ T_target.inverse()
    found = sweep_coordinates(target, T_source_target, source, depths)
    for row, column, plane in ((0, 0, 0), (3, 5, 1), (7, 2, 2)):
        x = (column + 0.5 - target.K[0, 2]) / target.K[0, 0]
        y = (row + 0.5 - target.K[1, 2]) / target.K[1, 1]
        point = torch.stack([x, y, torch.ones(())]) * depths[row, column, plane]
        u, v, w = source.K @ T_source.apply(T_target.inverse().apply(point))
        expected = torch.stack([u / w / 64 * 2 - 1, v / w / 64 * 2 - 1])
        torch.testing.assert_close(found[row, column, plane], expected, rtol=1e-4, atol=1e-5)


def test_points_behind_a_source_camera_are_outside_its_image() -> None:
    turned = torch.diag(torch.tensor([-1.0, 1.0, -1.0]))
    T_source_target = Rigid(turned, torch.zeros(3))
    camera = make_camera(8)
    found = sweep_coordinates(camera, T_source_target, camera, torch.full((8, 8, 2), 2.0))
    assert (found[..., 0] < -2.0).all() and found.isfinite().all()


def test_identical_views_differ_by_exactly_nothing(generator: torch.Generator) -> None:
    features = torch.rand(1, 5, 16, 16, generator=generator).expand(3, 5, 16, 16)
    coordinates = torch.rand(1, 4, 4, 6, 2, generator=generator).expand(3, 4, 4, 6, 2) * 2 - 1
    volume = view_moments(warp(features, coordinates))[1]
    assert volume.shape == (5, 4, 4, 6)
    assert volume.abs().max() < 1e-12


def test_variance_of_two_views_is_the_square_of_half_their_difference() -> None:
    features = torch.stack([torch.full((1, 4, 4), 1.0), torch.full((1, 4, 4), 4.0)])
    coordinates = torch.zeros(2, 1, 1, 2, 2)
    coordinates[1, :, :, 1] = 3.0  # The second view does not see the second plane: it reads zero.
    volume = view_moments(warp(features, coordinates))[1]
    torch.testing.assert_close(volume.flatten(), torch.tensor([1.5**2, 0.5**2]))


def test_a_single_view_has_no_variance_and_a_finite_gradient() -> None:
    features = torch.rand(1, 2, 8, 8, requires_grad=True)
    volume = view_moments(warp(features, torch.zeros(1, 2, 2, 3, 2)))[1]
    volume.sum().backward()
    assert (volume == 0.0).all() and features.grad is not None and features.grad.isfinite().all()


def test_a_plane_at_the_surface_shows_the_same_point_in_both_views() -> None:
    """A point painted into both images is where the sweep looks for it."""
    target = make_camera(64)
    T_target, T_source = Rigid.from_matrix(look_at(0.0)), Rigid.from_matrix(look_at(0.3))
    point = torch.tensor([0.05, -0.1, 0.02])
    in_target = T_target.apply(point)
    u, v = target.project(in_target[None])[0]
    window = target.cropped(u - 0.5, v - 0.5, 1, 1)
    depth = in_target[2].view(1, 1, 1)
    found = sweep_coordinates(window, T_source @ T_target.inverse(), target, depth)[0, 0, 0]
    pixel = Camera(target.K, 64, 64).project(T_source.apply(point)[None])[0]
    torch.testing.assert_close(found, pixel / 64 * 2 - 1, rtol=1e-4, atol=1e-5)


def test_the_mean_volume_says_how_many_views_show_something() -> None:
    maps = torch.zeros(3, 1, 4, 4)
    maps[0] = 1.0
    maps[1, 0, :, :2] = 1.0
    left, right, outside = [-0.75, 0.0], [0.75, 0.0], [-4.0, 0.0]
    coordinates = torch.tensor([left, right, outside]).expand(3, 1, 1, 3, 2)
    volume = view_moments(warp(maps, coordinates))[0]
    torch.testing.assert_close(volume[0, 0, 0], torch.tensor([2 / 3, 1 / 3, 0.0]))
