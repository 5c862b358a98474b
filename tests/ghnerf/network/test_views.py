"""Source views of any size, cut to the subject."""

import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.frustum import box_pixels, rays_hit_box, target_window
from neuhmr.ghnerf.network.views import (
    SourceViews,
    TargetView,
    box_corners,
    crop_views,
    pad_views,
    project_box,
    stack_views,
)
from tests.ghnerf.scene import BOX, look_at, make_camera, make_sources, make_target


def test_views_of_different_sizes_are_padded_to_the_right_and_below() -> None:
    images = [torch.ones(3, 20, 30), torch.ones(3, 25, 10)]
    cameras = [Camera(torch.eye(3), 20, 30), Camera(torch.eye(3) * 2.0, 25, 10)]
    stacked = stack_views(images, cameras, torch.eye(4).expand(2, 4, 4))
    assert stacked.images.shape == (2, 3, 25, 30)
    assert stacked.images.sum(dim=(1, 2, 3)).tolist() == [3 * 20 * 30, 3 * 25 * 10]
    assert torch.equal(stacked.images[1, :, :25, :10], images[1])
    assert torch.equal(stacked.cameras.K[1], cameras[1].K)
    with pytest.raises(ValueError, match="as many and at least one, got 0, 0 and 1"):
        stack_views([], [], torch.eye(4)[None])


def test_a_cropped_view_shows_the_same_pixels_at_the_same_points() -> None:
    sources = make_sources(size=160)
    box = BOX * 0.5
    cropped = crop_views(sources, box, margin=2)
    assert cropped.images.shape[2] % 32 == cropped.images.shape[3] % 32 == 0
    assert cropped.images[0].numel() < 0.6 * sources.images[0].numel()
    for view in range(3):
        corners = Rigid.from_matrix(sources.T_camera_world[view]).apply(box_corners(box))
        before = sources.cameras[view].project(corners)
        after = cropped.cameras[view].project(corners)
        assert after.min() >= 0 and after.max() <= max(cropped.images.shape[2:])
        shift = (before - after)[0].round().long()
        torch.testing.assert_close(before - after, shift.float().expand(8, 2), rtol=0, atol=1e-3)
        height, width = cropped.images.shape[2:]
        cut = sources.images[view, :, shift[1] : shift[1] + height, shift[0] : shift[0] + width]
        assert torch.equal(cropped.images[view], cut)


def test_padding_leaves_pixels_where_they_are() -> None:
    sources = make_sources(size=50)
    padded = pad_views(sources)
    assert padded.images.shape == (3, 3, 64, 64) and padded.cameras.height == 64
    assert torch.equal(padded.images[..., :50, :50], sources.images)
    assert torch.equal(padded.cameras.K, sources.cameras.K)


def test_the_window_holds_all_corners_of_the_box() -> None:
    target = make_target()
    (left, top, right, bottom), (near, far) = project_box(
        BOX, target.camera, target.T_camera_world, "it"
    )
    corners = Rigid.from_matrix(target.T_camera_world).apply(box_corners(BOX))
    pixels = target.camera.project(corners)
    assert near == pytest.approx(float(corners[:, 2].min()))
    assert far == pytest.approx(float(corners[:, 2].max()))
    assert left <= pixels[:, 0].min() < left + 1 and right - 1 < pixels[:, 0].max() <= right
    assert top <= pixels[:, 1].min() < top + 1 and bottom - 1 < pixels[:, 1].max() <= bottom
    window = target_window(target)
    assert window.camera.height % 32 == window.camera.width % 32 == 0
    torch.testing.assert_close(window.camera.project(corners) + window.corner, pixels)


def test_a_box_around_the_camera_fills_the_image() -> None:
    box = torch.tensor([[-3.0, -3.0, -3.0], [3.0, 3.0, 3.0]])
    window, (near, far) = project_box(box, make_camera(), look_at(0.0), "it")
    assert window == (0, 0, 64, 64) and near == pytest.approx(0.1) and far > 4.0


def test_rays_through_the_box_are_those_that_have_a_point_in_it() -> None:
    target = make_target()
    pixels = target.camera.pixel_grid().reshape(-1, 2)
    directions = target.camera.ray_directions(pixels)
    steps = torch.linspace(1.0, 3.0, 2001)
    T_world_camera = Rigid.from_matrix(target.T_camera_world).inverse()
    points = steps[:, None, None] * directions
    points = points @ T_world_camera.rotmat.T + T_world_camera.transl
    marched = ((points > BOX[0]) & (points < BOX[1])).all(dim=-1).any(dim=0)
    hit = rays_hit_box(directions, target.T_camera_world, BOX)
    # Marching in steps of a millimeter misses rays that only graze an edge.
    assert not (marched & ~hit).any() and (hit & ~marched).sum() < 20
    assert torch.equal(box_pixels(target), pixels[hit])


def test_a_box_that_is_not_seen_is_named() -> None:
    target = make_target()
    behind = TargetView(target.camera, look_at(0.0), BOX - torch.tensor([0.0, 0.0, 5.0]))
    with pytest.raises(DatasetError, match="target camera does not see the subject"):
        box_pixels(behind)
    sources = make_sources()
    with pytest.raises(DatasetError, match="source view 0 does not see"):
        crop_views(SourceViews(sources.images, sources.cameras, sources.T_camera_world), BOX + 9.0)
