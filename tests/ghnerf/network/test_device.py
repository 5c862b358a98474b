"""GHNeRF computes the same wherever it is."""

from dataclasses import replace

import torch

from neuhmr.ghnerf.network.image_rendering import render_target
from tests.ghnerf.scene import TINY, make_model, make_sources, make_target


def test_a_picture_of_all_it_knows_is_the_same(elsewhere: str) -> None:
    config = replace(TINY, human_encoder="resnet18", human_channels=8, hull=True)
    pictures = []
    for device in ("cpu", elsewhere):
        model = make_model(config).to(device)
        with torch.no_grad():
            encoded = model.encode(make_sources().to(device))
            picture = render_target(model, encoded, make_target().to(device))
        pictures.append([picture.color, picture.opacity, picture.depth, picture.features])
    for here, there in zip(*pictures, strict=True):
        torch.testing.assert_close(there.cpu(), here.cpu(), rtol=1e-3, atol=2e-3)
    assert float(pictures[0][0].max()) > 0.1
