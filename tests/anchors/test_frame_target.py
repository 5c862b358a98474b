import torch

from neuhmr.anchors.frame_target import frame_target
from refine.tiny_problem import tiny_clip


def test_every_pixel_is_read_at_its_own_place():
    crops = tiny_clip().crops
    target = frame_target(crops, 1, stride=1)
    assert target.pixels.shape == (60 * 45, 2)
    image = crops[1:2].masked_images()[0]
    for ray in (0, 1234, 2699):
        u, v = (target.pixels[ray] - 0.5).long().tolist()
        assert torch.equal(target.colors[ray], image[:, v, u])
        assert target.mask[ray] == crops.masks[1, v, u]


def test_random_offsets_reach_every_pixel(generator: torch.Generator):
    crops = tiny_clip().crops
    seen = torch.zeros(60, 45)
    for _ in range(60):
        pixels = (frame_target(crops, 0, 3, generator).pixels - 0.5).long()
        seen[pixels[:, 1], pixels[:, 0]] += 1
    assert (seen > 0).all()


def test_without_randomness_the_middle_of_each_stride_is_read():
    pixels = frame_target(tiny_clip().crops, 0, 4).pixels
    assert torch.equal(pixels[0], torch.tensor([2.5, 2.5]))
    assert torch.equal(pixels[1], torch.tensor([6.5, 2.5]))
