"""Heatmaps of clips are the same wherever they are rendered."""

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps, render_heatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from tests.ghn.scene import TINY, make_camera, make_ghn, make_views, pose_frames


def heatmaps(device: str) -> torch.Tensor:
    body = load_body_model().with_shape(torch.zeros(10))
    views = make_views(body, pose_frames(body)).to(device)
    torch.manual_seed(0)
    model = ClipHeatmaps(GhnerfConfig(human_channels=8), TINY.hidden_channels).eval().to(device)
    ghn = make_ghn().requires_grad_(False).to(device)
    with torch.no_grad():
        avatar = ghn.condition(views[:2], body.to(device))
        sources = model.look(views[:2], avatar)
        seen = render_heatmaps(model, avatar, sources, views.posed[2], make_camera().to(device))
    return seen.heatmaps.cpu()


def test_heatmaps_are_the_same(elsewhere: str) -> None:
    here, there = heatmaps("cpu"), heatmaps(elsewhere)
    assert float(here.max()) > 0.01
    torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3)
