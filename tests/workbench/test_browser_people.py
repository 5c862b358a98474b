"""Choosing one of several people by a click on the video picture, in a real browser."""

import pytest

from tests.workbench.driven_page import assert_visible, await_state, open_tab, press
from workbench.scene.picking import intrinsics
from workbench.scene.quick_overlay import project

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def window(crowded_window):
    return crowded_window


def pelvis_of(window, person):
    """Find somebody in the shown frame: shares of the picture's width and height."""
    state = window.session.state
    footage, frame = state.footage, state.view.frame
    joints = footage.pose(footage.people[person], frame).joints
    u, v = project(joints, intrinsics(footage, frame))[0]
    return float(u) / footage.camera.width, float(v) / footage.camera.height


def click_at(page, across, down):
    """Click on the video's picture, which keeps its shape within its canvas."""
    canvas = page.get_by_role("img", name="Video picture")
    outer = canvas.bounding_box()
    size = canvas.evaluate("canvas => [canvas.width, canvas.height]")
    scale = min(outer["width"] / size[0], outer["height"] / size[1])
    left, top = (
        outer[k] / 2 - scale * s / 2 for k, s in zip(("width", "height"), size, strict=True)
    )
    at = {"x": left + across * scale * size[0], "y": top + down * scale * size[1]}
    canvas.click(position=at)


def test_a_click_on_somebody_opens_their_poses(page, window):
    open_tab(page, "Clip")
    window.tasks.seek(12)
    press(page, "Choose in the picture")
    await_state(window, lambda state: state.view.chooses_person)
    assert_visible(page.get_by_text("click on a person to open their poses"))
    click_at(page, *pelvis_of(window, "4"))
    state = await_state(window, lambda s: s.footage.person == "4" and s.job is None)
    assert state.request.person == "4" and state.view.frame == 12
    assert_visible(page.get_by_text("person 4, one of 2", exact=False))
    # Clicks mean joints again.
    click_at(page, *pelvis_of(window, "4"))
    await_state(window, lambda state: state.view.joint == 0)
