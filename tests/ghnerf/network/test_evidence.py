"""What source views know about points of the world."""

from dataclasses import replace

import torch

from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import rotation_about
from neuhmr.ghnerf.network.evidence import EncodedViews, project_points, read_maps
from tests.ghnerf.scene import look_at, make_sources


def make_encoded() -> EncodedViews:
    sources = make_sources()
    return EncodedViews(
        cameras=sources.cameras,
        T_camera_world=sources.T_camera_world,
        coarse=torch.zeros(3, 35, 16, 16),
        middle=torch.zeros(3, 16, 32, 32),
        fine=torch.cat([torch.zeros(3, 8, 64, 64), sources.images], dim=1),
        coarse_empty=None,
        middle_empty=None,
        human=None,
    )


def test_points_are_projected_and_rays_compared_one_by_one(generator: torch.Generator) -> None:
    encoded, T_target = make_encoded(), look_at(0.12)
    points = torch.rand(5, 3, generator=generator) * 0.4 - 0.2
    projected = project_points(encoded, points, T_target)
    for view in range(3):
        T_view = Rigid.from_matrix(encoded.T_camera_world[view])
        pixels = encoded.cameras[view].project(T_view.apply(points))
        torch.testing.assert_close(projected.pixels[view], pixels, rtol=1e-4, atol=1e-3)
        to_view = points - T_view.inverse().transl
        to_target = points - Rigid.from_matrix(T_target).inverse().transl
        to_view = to_view / to_view.norm(dim=-1, keepdim=True)
        to_target = to_target / to_target.norm(dim=-1, keepdim=True)
        difference = to_target - to_view
        unit = difference / difference.norm(dim=-1, keepdim=True)
        unit = torch.einsum("ij,nj->ni", T_target[:3, :3], unit)
        torch.testing.assert_close(projected.directions[view, :, :3], unit, rtol=1e-3, atol=1e-4)
        cosines = torch.cosine_similarity(to_view, to_target, dim=-1)
        torch.testing.assert_close(projected.directions[view, :, 3], cosines)


def test_turning_the_world_changes_no_comparison(generator: torch.Generator) -> None:
    encoded, T_target = make_encoded(), look_at(0.12)
    points = torch.rand(5, 3, generator=generator) * 0.4 - 0.2
    turn = torch.eye(4)
    turn[:3, :3] = rotation_about("y", torch.tensor(1.1))
    turned = replace(encoded, T_camera_world=encoded.T_camera_world @ turn.T)
    before = project_points(encoded, points, T_target)
    after = project_points(turned, points @ turn[:3, :3].T, T_target @ turn.T)
    torch.testing.assert_close(after.directions, before.directions, rtol=1e-3, atol=1e-4)


def test_a_target_at_a_source_has_no_difference_and_no_trouble() -> None:
    encoded = make_encoded()
    projected = project_points(encoded, torch.zeros(1, 3), encoded.T_camera_world[1])
    assert projected.directions[1, 0, :3].abs().max() < 1e-2
    assert abs(float(projected.directions[1, 0, 3]) - 1.0) < 1e-5


def test_colors_are_read_at_pixel_centers_and_at_the_border_outside() -> None:
    encoded = make_encoded()
    projected = project_points(encoded, torch.zeros(2, 3), look_at(0.0))
    pixels = torch.tensor([[40.5, 30.5], [400.0, 30.5]]).expand(3, 2, 2)
    read = read_maps(encoded.fine, type(projected)(pixels, projected.directions), encoded.cameras)
    torch.testing.assert_close(read[:, 0], encoded.fine[:, :, 30, 40], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(read[:, 1], encoded.fine[:, :, 30, 63], rtol=1e-4, atol=1e-5)
