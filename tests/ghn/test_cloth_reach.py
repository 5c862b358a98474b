"""What clothes leave of an avatar's density, and of its silhouette."""

from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.ghn.avatar import render_image
from neuhmr.ghn.cloth_reach import HEIGHTS, ClothReach
from tests.ghn.scene import make_camera, make_ghn, make_views, pose_frames


def test_shares_are_interpolated_in_height_and_whole_inside_the_body() -> None:
    left = torch.linspace(1.0, 0.3, len(HEIGHTS)).expand(2, -1).clone()
    left[1] = 0.0
    cloth = ClothReach(left.double())
    signed = torch.tensor([-0.02, 0.0, 0.0025, 0.02, 0.035, 0.065, 0.09], dtype=torch.float64)
    found = cloth.share(signed, torch.zeros(7, dtype=torch.long))
    # Seven steps of 0.1: 2.5 mm is half a step, 2 cm four of them, 3.5 cm five and a half.
    torch.testing.assert_close(found, torch.tensor([1.0, 1.0, 0.95, 0.6, 0.45, 0.3, 0.3]).double())
    assert cloth.share(signed, torch.ones(7, dtype=torch.long)).abs().max() == 0.0
    heights = torch.tensor([0.0031, 0.017, 0.0502], dtype=torch.float64, requires_grad=True)
    vertices = torch.zeros(3, dtype=torch.long)
    assert torch.autograd.gradcheck(lambda h: cloth.share(h, vertices), (heights,))


@pytest.mark.parametrize("tight", [False, True])
def test_an_avatar_is_as_wide_as_its_clothes(tight: bool) -> None:
    # Heads that have learnt to draw 4 cm of cloth everywhere.
    body = load_body_model().with_shape(torch.zeros(10))
    posed = pose_frames(body)
    views = make_views(body, posed)
    ghn = make_ghn()
    torch.nn.init.zeros_(ghn.field.density.weight)
    torch.nn.init.constant_(ghn.field.density.bias, 6.0)
    left = torch.ones(len(body.v_shaped), len(HEIGHTS))
    if tight:
        left[:, 1:] = 0.0
    with torch.no_grad():
        usual = ghn.condition(views[:2], body)
        avatar = ghn.condition(views[:2], body, cloth=ClothReach(left))
    person = float(views.masks[2].sum())

    def area(rendered) -> float:
        return float(render_image(rendered, posed[2], make_camera()).opacity.sum()) / person

    assert area(usual) > 1.5
    if tight:
        assert area(avatar) < 1.15
    else:
        assert area(avatar) == pytest.approx(area(usual), rel=1e-6)
    assert area(replace(avatar, cloth=None)) == pytest.approx(area(usual), rel=1e-6)
