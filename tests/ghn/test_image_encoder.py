"""Image features: resolution, padding, alignment with the pixels they come from."""

import torch

from neuhmr.ghn.image_encoder import ImageEncoder


def make_encoder() -> ImageEncoder:
    torch.manual_seed(0)
    return ImageEncoder("convnext_atto", 8).eval()


def test_features_have_a_quarter_of_the_resolution_rounded_up() -> None:
    with torch.no_grad():
        features = make_encoder()(torch.rand(2, 3, 61, 47))
    assert features.shape == (2, 8, 16, 12)


def test_padding_to_the_encoder_s_multiple_is_black_on_the_far_sides() -> None:
    # An image that is padded by hand gives the same features.
    images = torch.rand(1, 3, 48, 40)
    padded = torch.zeros(1, 3, 64, 64)
    padded[..., :48, :40] = images
    encoder = make_encoder()
    with torch.no_grad():
        torch.testing.assert_close(encoder(images), encoder(padded)[..., :12, :10])


def test_a_change_of_pixels_changes_features_most_where_it_is() -> None:
    encoder = make_encoder()
    image = torch.zeros(1, 3, 128, 128)
    marked = image.clone()
    marked[..., 40:48, 80:88] = 1.0
    with torch.no_grad():
        difference = (encoder(marked) - encoder(image)).square().sum(dim=1)[0]
    row, column = divmod(int(difference.argmax()), difference.shape[1])
    assert abs(row - 10.5) <= 1.5 and abs(column - 20.5) <= 1.5
