"""Reading cost volumes where rays pass."""

import torch

from neuhmr.ghnerf.network.depth_range import DepthRange
from neuhmr.ghnerf.network.frustum import DepthVolume, read_depths, read_voxels, upsampled_planes


def make_volume(in_disparity: bool = False) -> DepthVolume:
    """A volume of 2 rows, 3 columns and 4 planes whose features say row, column, plane."""
    rows, columns, planes = torch.meshgrid(
        torch.arange(2.0), torch.arange(3.0), torch.arange(4.0), indexing="ij"
    )
    voxels = torch.stack([rows, columns, planes, *[torch.zeros(2, 3, 4)] * 5])[None]
    span = DepthRange(torch.full((2, 3), 1.0), torch.full((2, 3), 4.0))
    surface = DepthRange(torch.full((2, 3), 2.0), torch.arange(6.0).view(2, 3) + 3.0)
    return DepthVolume(voxels, span, surface, in_disparity)


def test_voxels_are_read_where_their_centers_are() -> None:
    # An image of 16 x 24 pixels over 2 x 3 columns: centers at 4, 12 and 4, 12, 20 px.
    for in_disparity in (False, True):
        volume = make_volume(in_disparity)
        pixels = torch.tensor([[20.0, 4.0], [4.0, 12.0]])
        planes = read_depths(volume, pixels, (16, 24)).planes
        depths = planes.planes(4, in_disparity)
        values = read_voxels(volume, planes, pixels, depths, (16, 24)).view(2, 4, 8)
        torch.testing.assert_close(values[0, :, 2], torch.arange(4.0), rtol=0, atol=1e-5)
        torch.testing.assert_close(values[:, 1, :2], torch.tensor([[0.0, 2.0], [1.0, 0.0]]))


def test_between_centers_features_and_depths_are_interpolated() -> None:
    volume = make_volume()
    pixels = torch.tensor([[8.0, 8.0]])
    maps = read_depths(volume, pixels, (16, 24))
    # Far depths 3, 4 in the first row and 6, 7 in the second.
    torch.testing.assert_close(maps.surface.far, torch.tensor([5.0]))
    values = read_voxels(volume, maps.planes, pixels, torch.tensor([[2.5]]), (16, 24))
    torch.testing.assert_close(values[0, :3], torch.tensor([0.5, 0.5, 1.5]))


def test_upsampled_planes_carry_no_gradient_and_keep_constants() -> None:
    near = torch.full((2, 2), 1.5, requires_grad=True)
    planes = upsampled_planes(DepthRange(near, near + 1.0), 8, 8)
    assert not planes.near.requires_grad
    torch.testing.assert_close(planes.far, torch.full((8, 8), 2.5))
