"""Heatmaps on an avatar's samples: compositing, sources, gradients, files."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import CheckpointError
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.views import ReferenceViews
from neuhmr.ghnerf.clips.clip_checkpoint import (
    begin_with_heatmaps,
    load_clip_heatmaps,
    save_clip_heatmaps,
)
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps, render_heatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.heads import HEATMAP_BIAS
from tests.ghn.scene import TINY, make_camera, make_ghn, make_views, pose_frames

CONFIG = GhnerfConfig(human_channels=8)


@pytest.fixture(scope="module")
def scene() -> tuple[Ghn, Avatar, ReferenceViews]:
    body = load_body_model().with_shape(torch.zeros(10))
    posed = pose_frames(body)
    views = make_views(body, posed)
    ghn = make_ghn().requires_grad_(False)
    return ghn, ghn.condition(views[:2], body), views


def make_model(seed: int = 0) -> ClipHeatmaps:
    torch.manual_seed(seed)
    return ClipHeatmaps(CONFIG, TINY.hidden_channels).eval()


def test_a_constant_feature_is_rendered_as_its_value_times_the_opacity(scene) -> None:
    _, avatar, views = scene
    avatar = replace(avatar, config=replace(avatar.config, color_threshold=-1.0))
    model = make_model()
    with torch.no_grad():
        model.head[-1].weight.zero_()
        seen = render_heatmaps(
            model, avatar, model.look(views[:2], avatar), views.posed[2], make_camera()
        )
    constant = torch.sigmoid(torch.tensor(HEATMAP_BIAS))
    expected = constant * seen.rendering.opacities[:, None].expand_as(seen.heatmaps)
    torch.testing.assert_close(seen.heatmaps, expected, rtol=1e-4, atol=1e-6)
    assert seen.heatmaps.max() > 0.9 * constant


def test_color_and_depth_are_those_of_the_avatar(scene) -> None:
    _, avatar, views = scene
    model = make_model()
    with torch.no_grad():
        sources = model.look(views[:2], avatar)
        seen = render_heatmaps(model, avatar, sources, views.posed[2], make_camera())
        plain = avatar.render(views.posed[2], make_camera())
    torch.testing.assert_close(seen.rendering.colors, plain.colors)
    torch.testing.assert_close(seen.rendering.depths, plain.depths)


def test_some_pixels_are_those_of_the_whole_picture(scene) -> None:
    _, avatar, views = scene
    model, camera = make_model(), make_camera()
    rows = torch.tensor([700, 1200, 1201, 1800])
    with torch.no_grad():
        sources = model.look(views[:1], avatar)
        whole = render_heatmaps(model, avatar, sources, views.posed[2], camera)
        pixels = camera.pixel_grid().reshape(-1, 2)[rows]
        some = render_heatmaps(model, avatar, sources, views.posed[2], camera, pixels)
    torch.testing.assert_close(some.heatmaps, whole.heatmaps[rows])
    assert whole.heatmaps.shape == (camera.height * camera.width, 25)


def test_the_order_of_sources_does_not_matter_but_their_pictures_do(scene) -> None:
    _, avatar, views = scene
    model = make_model()

    def heatmaps(sources: ReferenceViews) -> torch.Tensor:
        with torch.no_grad():
            looked = model.look(sources, avatar)
            return render_heatmaps(model, avatar, looked, views.posed[2], make_camera()).heatmaps

    first = heatmaps(views[torch.tensor([0, 1])])
    torch.testing.assert_close(heatmaps(views[torch.tensor([1, 0])]), first)
    dark = replace(views[:2], images=torch.zeros_like(views.images[:2]))
    assert (heatmaps(dark) - first).abs().max() > 1e-5


def test_gradients_reach_the_encoder_and_only_what_is_trained(scene) -> None:
    ghn, avatar, views = scene
    model = make_model()
    seen = render_heatmaps(
        model, avatar, model.look(views[2][None], avatar), views.posed[2], make_camera()
    )
    seen.heatmaps.sum().backward()
    gradients = [p.grad for p in model.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    assert model.encoder.pyramid.mixes[0].weight.grad.abs().max() > 0
    assert all(p.grad is None for p in ghn.parameters())


def test_a_camera_that_looks_away_sees_nothing(scene) -> None:
    _, avatar, views = scene
    model, camera = make_model(), make_camera()
    behind = views.posed[2].map(lambda t: t)
    behind = replace(behind, vertices=behind.vertices + torch.tensor([50.0, 0.0, 0.0]))
    with torch.no_grad():
        seen = render_heatmaps(model, avatar, model.look(views[:1], avatar), behind, camera)
    assert seen.heatmaps.abs().max() == 0 and seen.rendering.opacities.max() == 0


def test_weights_come_back_and_belong_to_one_avatar_network(scene, tmp_path: Path) -> None:
    ghn, _, _ = scene
    model, path = make_model(), tmp_path / "clip.safetensors"
    save_clip_heatmaps(model, ghn, path, {"step": "3"})
    loaded = load_clip_heatmaps(ghn, path)
    for name, tensor in loaded.state_dict().items():
        expected = model.state_dict()[name]
        torch.testing.assert_close(tensor, expected.half().to(tensor), rtol=1e-3, atol=1e-4)
    assert not any(p.requires_grad for p in loaded.parameters())
    with pytest.raises(CheckpointError, match="trained on other avatar weights"):
        load_clip_heatmaps(make_ghn(seed=5), path)
    path.write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        load_clip_heatmaps(ghn, path)
    with pytest.raises(CheckpointError, match="neuhmr train clip-heatmaps"):
        load_clip_heatmaps(ghn, tmp_path / "none.safetensors")


def test_training_may_begin_with_weights_of_another_avatar_network(scene, tmp_path: Path) -> None:
    ghn, _, _ = scene
    path = tmp_path / "clip.safetensors"
    save_clip_heatmaps(make_model(), ghn, path, {})
    begun = make_model(seed=1)
    begin_with_heatmaps(begun, path)
    weight, wanted = begun.head[0].weight, make_model().head[0].weight
    torch.testing.assert_close(weight, wanted.half().float())
    assert weight.requires_grad
    other = ClipHeatmaps(replace(CONFIG, human_channels=4), TINY.hidden_channels)
    with pytest.raises(CheckpointError, match="does not fit this version"):
        begin_with_heatmaps(other, path)
