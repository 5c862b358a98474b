"""The whole model: what comes out, what it does not depend on, and that it learns."""

from dataclasses import replace

import pytest
import torch

from neuhmr.errors import DatasetError
from neuhmr.ghnerf.network.config import FeatureHead, GhnerfConfig, LevelConfig
from neuhmr.ghnerf.network.frustum import box_pixels, read_depths
from neuhmr.ghnerf.network.image_rendering import render_target
from neuhmr.ghnerf.network.views import SourceViews, TargetView
from tests.ghnerf.scene import (
    BOX,
    TINY,
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
        image = render_target(model, encoded, target, chunk=700)
        pixels = box_pixels(target)[::17]
        seen = model.render(encoded, target, pixels).fine
    rows, columns = pixels[:, 1].long(), pixels[:, 0].long()
    assert seen.opacities.min() > 0.0
    torch.testing.assert_close(image.color[rows, columns], seen.colors)
    torch.testing.assert_close(image.depth[rows, columns], seen.depths)
    torch.testing.assert_close(image.features[rows, columns], seen.features)


def test_features_of_hidden_samples_are_only_left_out_where_no_gradient_is_kept() -> None:
    config = replace(TINY, human_encoder="resnet18", human_channels=8, feature_threshold=0.3)
    model, target = make_model(config), make_target()
    encoded = model.encode(make_sources()).detach()
    everything = model.render(encoded, target).fine
    with torch.no_grad():
        visible = model.render(encoded, target).fine
    torch.testing.assert_close(visible.colors, everything.colors.detach())
    dropped = everything.features.detach() - visible.features
    # Each of the two samples may lose a heatmap value of at most one, weighed by at most 0.3.
    assert dropped.max() > 1e-4 and dropped.min() >= -1e-6 and dropped.max() < 0.6


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


def test_queried_points_composite_to_the_rendered_pixel() -> None:
    model, target = make_model(), make_target()
    with torch.no_grad():
        encoded = model.encode(make_sources())
        frustum = model.frustum(encoded, target)
        pixels = box_pixels(target)[::97]
        seen = model.render(encoded, target, pixels).fine
        size = (frustum.window.height, frustum.window.width)
        depths = read_depths(frustum.fine, pixels - frustum.corner, size).surface.planes(2)
        points = depths[..., None] * target.camera.ray_directions(pixels)[:, None]
        R, t = target.T_camera_world[:3, :3], target.T_camera_world[:3, 3]
        points = ((points - t) @ R).reshape(-1, 3)
        values = model.query(encoded, target, points)
    is_inside = ((points >= BOX[0]) & (points <= BOX[1])).all(dim=-1)
    assert 10 < is_inside.sum() < len(points)
    assert (values.sigmas[~is_inside] == 0.0).all()
    both = is_inside.view(-1, 2).all(dim=1)
    alphas = 1.0 - torch.exp(-values.sigmas.view(-1, 2))
    weights = torch.stack([alphas[:, 0], (1.0 - alphas[:, 0]) * alphas[:, 1]], dim=1)
    for points_values, rendered in ((values.colors, seen.colors), (values.features, seen.features)):
        composited = (weights[..., None] * points_values.view(-1, 2, 3)).sum(dim=1)
        torch.testing.assert_close(composited[both], rendered[both], rtol=1e-3, atol=1e-4)


def test_the_loss_s_gradient_agrees_with_finite_differences() -> None:
    model = make_model().double()
    sources, target = make_sources().to(torch.float64), make_target().to(torch.float64)
    pixels = box_pixels(target)[::53]

    def loss() -> torch.Tensor:
        seen = model.render(model.encode(sources), target, pixels).fine
        return seen.colors.square().sum() + seen.features.sum() + seen.opacities.sum()

    loss().backward()
    pooling, blend = model.fine.heads.pooling.out.weight, model.fine.heads.blend.weight
    for weights in (pooling, blend, model.fine.heads.density.bias, model.pyramid.smooth_full.bias):
        assert weights is not None and weights.grad is not None
        place = int(weights.grad.abs().argmax())
        step = 1e-6
        values = []
        for sign in (1.0, -1.0):
            with torch.no_grad():
                weights.view(-1)[place] += sign * step
                values.append(float(loss()))
                weights.view(-1)[place] -= sign * step
        numeric = (values[0] - values[1]) / (2.0 * step)
        assert numeric == pytest.approx(float(weights.grad.view(-1)[place]), rel=1e-4)


def test_images_of_any_size_are_padded_within() -> None:
    model, target = make_model(), make_target()
    sources = make_sources(size=61)
    with torch.no_grad():
        encoded = model.encode(sources)
        seen = model.render(encoded, target).fine
    assert encoded.cameras.height == encoded.cameras.width == 64
    assert seen.colors.isfinite().all() and seen.colors.max() > 0.1


def test_finer_columns_of_the_coarse_volume_hold_the_same_weights() -> None:
    sources, target = make_sources(), make_target()
    usual, finer = make_model(), make_model(replace(TINY, coarse_pixel=4))
    finer.load_state_dict(usual.state_dict())
    with torch.no_grad():
        sides = [
            m.frustum(m.encode(sources), target).coarse.voxels.shape[2:4] for m in (usual, finer)
        ]
    assert [2 * side for side in sides[0]] == list(sides[1])
    with pytest.raises(ValueError, match="coarse_pixel must be 4 or 8, got 2"):
        replace(TINY, coarse_pixel=2)


def test_a_hull_tells_black_agreement_from_a_surface() -> None:
    sources, target = make_sources(), make_target()
    model = make_model(replace(TINY, hull=True))
    encoded = model.encode(sources)
    # The pictures' borders are black, the spheres in their middle are not.
    for empty in (encoded.coarse_empty, encoded.middle_empty):
        assert empty is not None
        middle = empty.shape[-1] // 2
        assert bool((empty[:, 0, 0, 0] == 1).all()) and bool(
            (empty[:, 0, middle, middle] == 0).all()
        )
    costs = []
    model.fine.regularize.entry.register_forward_pre_hook(lambda _, given: costs.append(given[0]))
    with torch.no_grad():
        model.frustum(encoded, target)
    share = costs[0][0, -1]
    assert float(share.amin()) == 0.0 and float(share.amax()) <= 1.0
    # Around the box's corner all views see nothing.
    assert float(share[0, 0].amax()) > 0.9


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
    pixels = box_pixels(target)[::3]
    truth = photograph(make_camera(), look_at(0.12))[:, pixels[:, 1].long(), pixels[:, 0].long()].T
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    losses = []
    for _ in range(25):
        seen = model.render(model.encode(sources), target, pixels)
        loss = (seen.fine.colors - truth).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0], losses[::6]


def test_points_of_which_none_is_in_the_box_are_empty() -> None:
    model = make_model()
    with torch.no_grad():
        values = model.query(model.encode(make_sources()), make_target(), torch.full((5, 3), 9.0))
    assert float(values.sigmas.abs().max()) == 0.0 and values.features.shape == (5, 3)
    assert float(values.features.abs().max()) == 0.0


def test_fixed_norms_train_on_what_inference_computes() -> None:
    sources, target = make_sources(), make_target()
    model = make_model(replace(TINY, human_encoder="resnet18", human_channels=8)).train()
    usual = model.encode(sources)
    model.fixed_norms = True
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    colors = []
    for mode in (True, False):
        model.train(mode)
        encoded = model.encode(sources)
        colors.append(model.render(encoded, target).fine.colors)
        assert encoded.human is not None and usual.human is not None
        assert not torch.allclose(encoded.human, usual.human)
    torch.testing.assert_close(colors[0], colors[1])
    colors[0].sum().backward()
    gradient = model.fine.regularize.entry.norm.weight.grad
    assert gradient is not None and bool(gradient.abs().sum() > 0.0)
    assert all(torch.equal(buffer, kept[name]) for name, buffer in model.named_buffers())
