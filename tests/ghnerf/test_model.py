"""The whole model: what comes out, what it does not depend on, and that it learns."""

import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.ghnerf.config import FeatureHead, GhnerfConfig, LevelConfig
from neuhmr.ghnerf.frustum import box_pixels
from neuhmr.ghnerf.image_rendering import render_image
from neuhmr.ghnerf.views import SourceViews, TargetView
from tests.ghnerf.scene import (
    BOX,
    look_at,
    make_camera,
    make_model,
    make_sources,
    make_target,
    photograph,
)


def test_some_pixels_equal_the_same_pixels_of_the_whole_image() -> None:
    model, target = make_model(), make_target()
    with torch.no_grad():
        encoded = model.encode(make_sources())
        image = render_image(model, encoded, target, chunk=700)
        pixels = box_pixels(target)[::17]
        seen = model.render(encoded, target, pixels).fine
    rows, columns = pixels[:, 1].long(), pixels[:, 0].long()
    assert seen.opacities.min() > 0.0
    torch.testing.assert_close(image.color[rows, columns], seen.colors)
    torch.testing.assert_close(image.depth[rows, columns], seen.depths)
    torch.testing.assert_close(image.features[rows, columns], seen.features)


def test_the_order_of_source_views_does_not_matter() -> None:
    model, target = make_model(), make_target()
    sources = make_sources()
    order = torch.tensor([2, 0, 1])
    swapped = SourceViews(
        sources.images[order], sources.cameras[order], sources.T_camera_world[order]
    )
    with torch.no_grad():
        one = model.render(model.encode(sources), target).fine
        other = model.render(model.encode(swapped), target).fine
    torch.testing.assert_close(one.colors, other.colors, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(one.features, other.features, rtol=1e-3, atol=1e-4)


def test_a_single_source_view_gives_finite_values_and_gradients() -> None:
    config = GhnerfConfig(
        human_channels=8,
        feature_heads=(FeatureHead(channels=2), FeatureHead(kind="parts", channels=4)),
        coordinate_head=True,
        coarse=LevelConfig(planes=8, samples=2),
        fine=LevelConfig(planes=8, samples=2),
    )
    model = make_model(config).train()
    target = make_target()
    seen = model.render(
        model.encode(make_sources((0.1,))),
        target,
        box_pixels(target)[::9],
        box_pixels(target)[::31],
    )
    assert seen.coarse is not None and seen.fine.coordinates is not None
    total = torch.zeros(())
    for level in (seen.fine, seen.coarse):
        assert level.coordinates is not None
        total = total + level.colors.sum() + level.features.sum() + level.coordinates.sum()
    total.backward()
    assert total.isfinite()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


def test_views_beside_the_subject_are_named() -> None:
    model, target, sources = make_model(), make_target(), make_sources()
    aside = target.T_camera_world.clone()
    aside[0, 3] += 9.0
    with pytest.raises(
        DatasetError, match=r"target camera does not see the subject.*check the cal"
    ):
        model.render(model.encode(sources), TargetView(target.camera, aside, BOX))
    poses = sources.T_camera_world.clone()
    poses[1, 2, 3] -= 9.0
    lost = SourceViews(sources.images, sources.cameras, poses)
    with pytest.raises(DatasetError, match="source view 1 does not see the subject"):
        model.render(model.encode(lost), target)


def test_a_few_steps_on_one_scene_lower_the_loss() -> None:
    model = make_model().train()
    sources, target = make_sources(), make_target()
    pixels = box_pixels(target)
    truth = photograph(make_camera(), look_at(0.12))[:, pixels[:, 1].long(), pixels[:, 0].long()].T
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    losses = []
    for _ in range(40):
        seen = model.render(model.encode(sources), target, pixels)
        loss = (seen.fine.colors - truth).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0], losses[::8]
