"""The Avatar tab over the toy engine: comparing, measuring, and choosing the two frames."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from tests.workbench.driven_window import panel, send, wait
from tests.workbench.patience import assert_soon
from workbench.core.stage_tasks import condition_on, set_stages
from workbench.errors import WorkbenchError
from workbench.panels.avatar_panel import AvatarPanel
from workbench.scene.compare_picture import (
    SIZE,
    blink_html,
    compare_picture,
    difference,
    fitted_pair,
    free_picture,
)
from workbench.scene.orbit_watch import OrbitWatch


def person(color):
    """A block of one color in the middle of a black crop."""
    image = np.zeros((240, 180, 3), np.uint8)
    image[60:180, 60:120] = color
    return image


@pytest.fixture
def built(window):
    window.tasks.build_avatar()
    wait(window, lambda state: state.avatar is not None)
    assert_soon(lambda: window.session.state.preview is not None)
    return window


def press_row(window, label):
    """Press one of the buttons in a row."""
    row = panel(window, AvatarPanel)._buttons
    index = [button.label for button in row._buttons].index(label)
    assert_soon(lambda: not row._handles[index].disabled)
    send(window, (row._handles[index], True))


def test_left_of_the_split_is_the_frame_and_right_of_it_the_rendering():
    red, blue = person((200, 0, 0)), person((0, 0, 200))
    for split, reds in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)):
        picture = compare_picture(red, blue, "split", split)
        assert picture.shape == (*SIZE, 3)
        middle = picture[SIZE[0] // 2].astype(int)
        is_red = (middle[:, 0] > 150) & (middle[:, 2] < 100)
        is_blue = (middle[:, 2] > 150) & (middle[:, 0] < 100)
        assert is_red.sum() / (is_red.sum() + is_blue.sum()) == pytest.approx(reds, abs=0.05)


def test_the_difference_is_dark_where_both_agree_and_pale_where_they_do_not():
    one, other = person((200, 200, 200)), person((200, 200, 200))
    other[60:120] = 0
    colors = difference(one, other).astype(int).sum(axis=-1)
    assert colors[150, 90] < 60 and colors[90, 90] > 600


def test_both_are_cut_alike_though_one_is_coarser():
    wide = person((200, 0, 0))
    wide[100:120, 20:160] = 90
    frame, rendered = fitted_pair(person((0, 200, 0)), wide[::4, ::4])
    assert frame.shape == rendered.shape
    # What sticks out in only one of them is still seen in both pictures' place.
    assert (rendered[:, : rendered.shape[1] // 4].max() > 60) and frame.shape[1] >= 140
    assert fitted_pair(None, None) == (None, None)


def test_what_is_missing_stays_dark():
    assert compare_picture(None, None, "split", 0.5).max() < 240
    assert compare_picture(person((9, 200, 9)), None, "difference", 0.5)[150, 100, 1] > 100
    assert free_picture(None).shape == (*SIZE, 3)


def test_blinking_needs_no_server():
    html = blink_html(person((200, 0, 0)), person((0, 0, 200)))
    assert html.count("data:image/jpeg;base64,") == 2 and "infinite" in html


def test_the_way_of_comparing_is_chosen_and_shown(built):
    avatar = panel(built, AvatarPanel)
    assert not avatar._split.visible
    send(built, (avatar._choice._list, "split"))
    assert_soon(lambda: avatar._split.visible)
    send(built, (avatar._split, 0.25))
    assert_soon(lambda: built.session.state.view.stages.split == 0.25)
    send(built, (avatar._choice._list, "blink"))
    assert_soon(lambda: avatar._blink.visible and "nh-blink" in avatar._blink.content)
    assert not avatar._picture.visible
    send(built, (avatar._choice._list, "nonsense"))
    assert built.session.state.view.stages.compare == "blink"


def test_the_shown_frames_quality_is_told_and_the_others_on_demand(built):
    avatar = panel(built, AvatarPanel)
    built.tasks.seek(3)
    assert_soon(lambda: "<b>23.0 dB</b> PSNR · <b>0.870</b> IoU" in avatar._note.content)
    send(built, (avatar._fill._box, True))
    assert_soon(lambda: "48 frames" in avatar._note.content)


def test_two_other_frames_are_chosen_and_the_joints_registered_anew(built):
    built.tasks.register()
    wait(built, lambda state: state.anchors is not None)
    anchors = built.session.state.anchors
    built.tasks.seek(20)
    press_row(built, "As 2nd")
    avatar = panel(built, AvatarPanel)
    assert_soon(lambda: "To be made from:" in avatar._pair.content)
    assert re.findall(r"(first|second): (\d+)", avatar._pair.content) == [
        ("first", "3"), ("second", "20"),
    ]  # fmt: skip
    assert built.session.state.avatar.conditioning_frames == (3, 27)
    press_row(built, "Condition on these")
    state = wait(built, lambda state: state.avatar.conditioning_frames == (3, 20))
    assert state.anchors is not None and state.anchors is not anchors
    assert state.view.stages.pair is None
    assert built.notices.recent[-1].title == "The avatar has changed"
    built.tasks.step()
    wait(built, lambda state: state.report is not None)


def test_one_frame_twice_is_refused(built):
    with pytest.raises(WorkbenchError, match="choose two"):
        condition_on(built.tasks, (5, 5))


def test_without_an_avatar_there_is_nothing_to_condition(window):
    with pytest.raises(WorkbenchError, match="no avatar"):
        condition_on(window.tasks, (5, 6))


def test_the_browser_that_moved_last_is_followed_while_the_free_view_is_shown(built):
    def at(x, moved):
        camera = SimpleNamespace(
            wxyz=np.array([1.0, 0.0, 0.0, 0.0]),
            position=np.array([x, 0.0, 0.00004]),
            update_timestamp=moved,
        )
        return SimpleNamespace(camera=camera)

    clients = {1: at(0.5, 10.0), 2: at(0.25, 20.0)}
    watch = OrbitWatch(SimpleNamespace(get_clients=lambda: clients), built.tasks)
    watch.tick(built.session.state)
    assert built.session.state.view.stages.orbit is None
    set_stages(built.tasks, compare="free view")
    watch.tick(built.session.state)
    assert built.session.state.view.stages.orbit.position == (0.25, 0.0, 0.0)
    clients[1] = at(np.nan, 30.0)
    watch.tick(built.session.state)
    assert built.session.state.view.stages.orbit.position == (0.25, 0.0, 0.0)
