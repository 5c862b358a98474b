"""The GHN computes the same wherever it is."""

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghn.model import Ghn
from tests.ghn.scene import make_camera, make_ghn, make_views, pose_frames


def rendering_and_gradient(ghn: Ghn, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Colors, opacities and depths of a third frame, and how they move with the body."""
    body = load_body_model().with_shape(torch.zeros(10))
    views = make_views(body, pose_frames(body)).to(device)
    avatar = ghn.to(device).condition(views[:2], body.to(device))
    vertices = views.posed[2].vertices.requires_grad_(True)
    posed = views.posed[2].map(lambda t: vertices if t.shape == vertices.shape else t)
    seen = avatar.render(posed, make_camera().to(device))
    (seen.colors.square().sum() + seen.opacities.sum() + seen.depths.sum()).backward()
    assert vertices.grad is not None
    values = torch.cat([seen.colors, seen.opacities[:, None], seen.depths[:, None]], dim=1)
    return values.detach().cpu(), vertices.grad.cpu()


def test_an_avatar_renders_the_same_and_moves_the_body_the_same_way(elsewhere: str) -> None:
    here = rendering_and_gradient(make_ghn().requires_grad_(False), "cpu")
    there = rendering_and_gradient(make_ghn().requires_grad_(False), elsewhere)
    assert float(here[0].abs().max()) > 0.5 and float(here[1].abs().max()) > 0.0
    torch.testing.assert_close(there[0], here[0], rtol=1e-3, atol=2e-3)
    apart = (there[1] - here[1]).norm() / here[1].norm()
    assert float(apart) < 1e-2


def test_the_matching_encoder_finds_the_same_features(elsewhere: str) -> None:
    images = torch.rand(2, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    here, there = load_ghn(), load_ghn(device=elsewhere)
    with torch.no_grad():
        wanted, found = here.image_features(images), there.image_features(images.to(elsewhere))
    torch.testing.assert_close(found.cpu(), wanted, rtol=1e-3, atol=1e-3)
    prototypes, others = here.joint_prototypes(), there.joint_prototypes()
    assert prototypes is not None and others is not None
    torch.testing.assert_close(others.cpu(), prototypes, rtol=1e-5, atol=1e-6)
