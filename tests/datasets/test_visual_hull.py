import torch

from neuhmr.datasets.visual_hull import hull_box, nearest_to_rays
from tests.datasets.ring import CENTER, RADIUS, ring_cameras, sphere_mask


def test_the_box_of_a_sphere_is_found():
    cameras, transforms = ring_cameras(6)
    masks = [sphere_mask(camera, T) for camera, T in zip(cameras, transforms, strict=True)]
    box = hull_box(masks, cameras, transforms)
    assert box is not None
    # A hull of few views is larger than the body: by less than a third of the radius here.
    assert bool((box[0] <= CENTER - RADIUS).all()) and bool((box[1] >= CENTER + RADIUS).all())
    assert float((CENTER - RADIUS - box[0]).max()) < RADIUS / 2
    assert float((box[1] - CENTER - RADIUS).max()) < RADIUS / 2


def test_masks_that_share_nothing_have_no_box():
    cameras, transforms = ring_cameras(4)
    masks = [torch.zeros(64, 64, dtype=torch.bool) for _ in cameras]
    assert hull_box(masks, cameras, transforms) is None
    masks[0][:2, :2] = masks[1][60:, :2] = masks[2][:2, 60:] = masks[3][60:, 60:] = True
    assert hull_box(masks, cameras, transforms) is None


def test_rays_through_a_point_meet_in_it(generator):
    directions = torch.nn.functional.normalize(torch.randn(5, 3, generator=generator), dim=-1)
    origins = CENTER - directions * torch.rand(5, 1, generator=generator) * 3
    assert torch.allclose(nearest_to_rays(origins, directions), CENTER, atol=1e-4)
