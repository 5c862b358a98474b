import pytest
import torch

from neuhmr.geometry.cameras import (
    Camera,
    camera_from_focal,
    default_focal,
    sample_at_pixels,
)

# Rounding of float32 on image coordinates of some hundred pixels.
PIXEL_TOLERANCE = 1e-3
SKEWED = torch.tensor([[500.0, 12.0, 330.0], [0.0, 480.0, 250.0], [0.0, 0.0, 1.0]])


def cameras(*batch) -> Camera:
    offsets = torch.arange(max(1, torch.Size(batch).numel())).reshape(*batch, 1, 1).float()
    return Camera(SKEWED + offsets * torch.tensor([[5.0, 0, 1], [0, 3, -1], [0, 0, 0]]), 480, 640)


def points_in_view(generator, *batch):
    points = torch.randn(*batch, 7, 3, generator=generator)
    return points + torch.tensor([0.0, 0.0, 5.0])


def test_known_point_falls_on_the_known_pixel():
    # u = 100 * 0.5 / 2 + 32 = 57, v = 100 * (-0.2) / 2 + 24 = 14.
    camera = camera_from_focal(100.0, height=48, width=64)
    pixel = camera.project(torch.tensor([[0.5, -0.2, 2.0]]))
    torch.testing.assert_close(pixel, torch.tensor([[57.0, 14.0]]))


@pytest.mark.parametrize("batch", [(), (1,), (3,), (3, 2)])
def test_projection_equals_the_matrix_product(generator, batch):
    camera, points = cameras(*batch), points_in_view(generator, *batch)
    homogeneous = points @ camera.K.transpose(-1, -2)
    expected = homogeneous[..., :2] / homogeneous[..., 2:]
    torch.testing.assert_close(camera.project(points), expected, atol=PIXEL_TOLERANCE, rtol=0)


@pytest.mark.parametrize("batch", [(), (1,), (3,), (3, 2)])
def test_rays_lead_back_to_the_points(generator, batch):
    camera, points = cameras(*batch), points_in_view(generator, *batch)
    directions = camera.ray_directions(camera.project(points))
    assert (directions[..., 2] == 1).all()
    torch.testing.assert_close(directions * points[..., 2:], points, atol=1e-4, rtol=0)


def test_one_set_of_points_may_be_seen_by_many_cameras(generator):
    points = points_in_view(generator)
    together = cameras(3).project(points[None])
    torch.testing.assert_close(together[2], cameras(3)[2].project(points))


def test_points_behind_the_camera_stay_finite():
    pixel = cameras().project(torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, -2.0]]))
    assert pixel.isfinite().all()


def test_pixel_centers_lie_at_one_half():
    grid = Camera(torch.eye(3), height=2, width=3).pixel_grid()
    assert grid.shape == (2, 3, 2)
    assert grid[0, 0].tolist() == [0.5, 0.5]
    assert grid[1, 2].tolist() == [2.5, 1.5]


def test_resizing_scales_pixels_and_cropping_shifts_them(generator):
    camera, points = cameras(), points_in_view(generator)
    pixels = camera.project(points)
    resized = camera.resized(240, 160)
    assert (resized.height, resized.width) == (240, 160)
    scale = torch.tensor([160 / 640, 240 / 480])
    torch.testing.assert_close(resized.project(points), pixels * scale, atol=1e-3, rtol=0)
    cropped = camera.cropped(torch.tensor(30.0), torch.tensor(-7.5), 100, 50)
    assert (cropped.height, cropped.width) == (100, 50)
    shift = torch.tensor([30.0, -7.5])
    torch.testing.assert_close(cropped.project(points), pixels - shift, atol=1e-3, rtol=0)


def test_cropping_gives_every_frame_its_own_window(generator):
    camera, points = cameras(3), points_in_view(generator, 3)
    left, top = torch.tensor([0.0, 10.0, 20.0]), torch.tensor([5.0, 6.0, 7.0])
    cropped = camera.cropped(left, top, 64, 64)
    shift = torch.stack([left, top], dim=-1)[:, None]
    expected = camera.project(points) - shift
    torch.testing.assert_close(cropped.project(points), expected, atol=1e-3, rtol=0)
    assert torch.equal(camera.K, cameras(3).K)


def test_default_focal_is_the_diagonal():
    assert default_focal(height=300, width=400) == 500.0


def test_projection_and_rays_pass_gradcheck(generator):
    camera = cameras().to(torch.float64)
    points = points_in_view(generator).double().requires_grad_()
    assert torch.autograd.gradcheck(camera.project, (points,))
    pixels = camera.project(points).detach().requires_grad_()
    assert torch.autograd.gradcheck(camera.ray_directions, (pixels,))


def test_sampling_at_pixel_centers_returns_the_pixels():
    image = torch.arange(12.0).reshape(1, 3, 4)
    camera = Camera(torch.eye(3), height=3, width=4)
    sampled = sample_at_pixels(image, camera.pixel_grid().reshape(-1, 2), (3, 4))
    torch.testing.assert_close(sampled[:, 0], torch.arange(12.0))


def test_sampling_between_centers_is_linear_and_fades_outside():
    # Row of values 1 and 3 with centers at u = 0.5 and 1.5. At u = 1 their mean. At u = 0, half of
    # the weight lies outside: 0.5 with zeros there, 1 with the border repeated.
    image = torch.tensor([[[1.0, 3.0]]])
    pixels = torch.tensor([[1.0, 0.5], [0.0, 0.5]])
    zeros = sample_at_pixels(image, pixels, (1, 2))[:, 0]
    border = sample_at_pixels(image, pixels, (1, 2), padding="border")[:, 0]
    torch.testing.assert_close(zeros, torch.tensor([2.0, 0.5]))
    torch.testing.assert_close(border, torch.tensor([2.0, 1.0]))


def test_a_map_of_lower_resolution_covers_the_whole_image():
    # A map at 1/4 of an image 8 pixels wide: its two cells have centers at u = 2 and u = 6.
    feature_map = torch.tensor([[[10.0, 20.0]]])
    pixels = torch.tensor([[2.0, 2.0], [6.0, 2.0], [4.0, 2.0]])
    sampled = sample_at_pixels(feature_map, pixels, (4, 8))[:, 0]
    torch.testing.assert_close(sampled, torch.tensor([10.0, 20.0, 15.0]))


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_every_map_of_a_batch_is_read_at_its_own_pixels(generator, batch):
    images = torch.randn(*batch, 5, 6, 4, generator=generator)
    pixels = torch.rand(*batch, 9, 2, generator=generator) * 4
    sampled = sample_at_pixels(images, pixels, (6, 4))
    assert sampled.shape == (*batch, 9, 5)
    flat_images, flat_pixels = images.reshape(-1, 5, 6, 4), pixels.reshape(-1, 9, 2)
    for row, expected in enumerate(sampled.reshape(-1, 9, 5)):
        alone = sample_at_pixels(flat_images[row], flat_pixels[row], (6, 4))
        torch.testing.assert_close(alone, expected)


def test_sampling_passes_gradcheck(generator):
    image = torch.randn(2, 4, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    # Away from centers, where the interpolation has kinks.
    pixels = torch.tensor([[1.2, 2.3], [3.8, 0.9]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda i, p: sample_at_pixels(i, p, (4, 5)), (image, pixels))
