"""The avatar: what it renders before training, invariances, gradients in the pose."""

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.ghn.avatar import Avatar, render_image
from neuhmr.rendering.volume_rendering import Rendering
from tests.ghn.scene import (
    TINY,
    make_camera,
    make_ghn,
    make_views,
    permuted,
    pose_frames,
    subdivided,
)
from tests.synthetic_body import make_synthetic_body


def condition(model: SmplModel, config=TINY) -> tuple[Avatar, Rendering]:
    """An avatar from two frames, and its rendering of the third."""
    body = model.with_shape(torch.zeros(10))
    posed = pose_frames(body)
    views = make_views(body, posed)
    with torch.no_grad():
        avatar = make_ghn(config).condition(views[:2], body)
        return avatar, avatar.render(posed[2], make_camera())


def psnr(first: torch.Tensor, second: torch.Tensor) -> float:
    return -10 * torch.log10((first - second).square().mean()).item()


def test_an_untrained_ghn_renders_the_body_s_silhouette() -> None:
    body = load_body_model().with_shape(torch.zeros(10))
    posed = pose_frames(body)
    views = make_views(body, posed)
    ghn = make_ghn()
    torch.nn.init.zeros_(ghn.field.density.weight)
    with torch.no_grad():
        avatar = ghn.condition(views[:2], body)
    opaque = render_image(avatar, posed[2], make_camera()).opacity > 0.5
    mask = views.masks[2] > 0.5
    iou = (opaque & mask).sum() / (opaque | mask).sum()
    assert iou > 0.75, iou


def test_depth_of_the_rendering_is_that_of_the_body() -> None:
    _, rendering = condition(load_body_model())
    seen = rendering.opacities > 0.9
    assert seen.sum() > 100
    assert (rendering.depths[seen] - 3.0).abs().max() < 0.6


def test_permuting_the_vertices_changes_nothing() -> None:
    model = make_synthetic_body()
    _, rendering = condition(model)
    _, other = condition(permuted(model))
    torch.testing.assert_close(other.colors, rendering.colors, atol=2e-3, rtol=0)
    torch.testing.assert_close(other.opacities, rendering.opacities, atol=2e-3, rtol=0)


def test_retessellating_the_body_gives_the_same_picture() -> None:
    # Nearest vertices and occupied voxels differ a little, hence a tolerance in dB.
    model = load_body_model()
    _, rendering = condition(model)
    _, other = condition(subdivided(model))
    assert psnr(other.colors, rendering.colors) > 30
    assert (other.opacities - rendering.opacities).abs().mean() < 0.01


def test_the_number_of_views_is_free() -> None:
    body = make_synthetic_body().with_shape(torch.zeros(10))
    posed = pose_frames(body)
    views = make_views(body, posed)
    ghn = make_ghn()
    for count in (1, 2, 3):
        with torch.no_grad():
            rendering = ghn.condition(views[:count], body).render(posed[2], make_camera())
        assert torch.isfinite(rendering.colors).all()


def test_rendering_some_pixels_equals_rendering_all_of_them() -> None:
    avatar, rendering = condition(make_synthetic_body())
    camera = make_camera()
    posed = pose_frames(avatar.body)[2]
    rows = torch.arange(0, camera.height * camera.width, 7)
    pixels = camera.pixel_grid().reshape(-1, 2)[rows]
    with torch.no_grad():
        some = avatar.render(posed, camera, pixels)
    torch.testing.assert_close(some.colors, rendering.colors[rows], atol=1e-5, rtol=0)


def test_a_body_outside_the_image_renders_black() -> None:
    avatar, _ = condition(make_synthetic_body())
    posed = pose_frames(avatar.body)[2]
    far_left = avatar.body.with_pose(
        torch.eye(3).repeat(23, 1, 1), torch.eye(3), torch.tensor([-40.0, 0.0, 3.0])
    )
    with torch.no_grad():
        rendering = avatar.render(far_left, make_camera())
    assert rendering.opacities.max() == 0 and posed is not far_left


def test_gradients_in_the_pose_match_finite_differences() -> None:
    # Look-ups (nearest vertex, kept samples) are constants of a render by design, so they are
    # frozen here: the same samples are shaded for the moved poses.
    model = make_synthetic_body().to(torch.float64)
    body = model.with_shape(torch.zeros(10, dtype=torch.float64))
    posed = pose_frames(body)
    views = make_views(body, posed)
    ghn = make_ghn().to(torch.float64)
    with torch.no_grad():
        avatar = ghn.condition(views[:2], body)
    camera = make_camera().to(torch.float64)
    pixels = torch.tensor([[24.5, 20.5], [22.5, 30.5], [27.5, 25.5]], dtype=torch.float64)
    base = pose_frames(body)
    samples = avatar.samples(base[2], camera, pixels, None)
    rotmats = base.bones.rotmat[2, 0]

    def shade(turn: torch.Tensor, transl: torch.Tensor) -> torch.Tensor:
        pose = torch.eye(3, dtype=torch.float64).repeat(23, 1, 1)
        pose = pose @ axisangle_to_rotmat(turn[1:])
        shift = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64) + transl
        moved = body.with_pose(pose, rotmats @ axisangle_to_rotmat(turn[0]), shift)
        rendering = avatar.shade(samples, avatar.look_up(samples, moved))
        return torch.cat([rendering.colors.flatten(), rendering.opacities])

    generator = torch.Generator().manual_seed(5)
    turn = torch.randn(24, 3, generator=generator, dtype=torch.float64) * 0.02
    transl = torch.tensor([0.001, -0.002, 0.003], dtype=torch.float64)
    direction = torch.randn(24, 3, generator=generator, dtype=torch.float64)
    turn.requires_grad_()
    transl.requires_grad_()
    weights = torch.linspace(0.5, 1.5, 12, dtype=torch.float64)
    total = (shade(turn, transl) * weights).sum()
    gradients = torch.autograd.grad(total, (turn, transl))
    step = 1e-6
    with torch.no_grad():
        ahead = (shade(turn + step * direction, transl) * weights).sum()
        behind = (shade(turn - step * direction, transl) * weights).sum()
    slope = (ahead - behind) / (2 * step)
    expected = (gradients[0] * direction).sum()
    assert expected.abs() > 1e-4
    torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-6)
