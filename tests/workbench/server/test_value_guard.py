"""What a hostile browser may do to the widgets: nothing a user could not."""

import asyncio
import math

import pytest

from tests.workbench.patience import PATIENCE_S, assert_soon
from tests.workbench.viser_client import camera_message, connect, decode, encode, send_all
from workbench.server.rejected import RejectedValueError
from workbench.server.server import start_server
from workbench.server.value_guard import MAX_TEXT_LENGTH, checked_value


@pytest.fixture(scope="module")
def server():
    running = start_server("127.0.0.1", 0, "test")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gui(server):
    return server.viser.gui


def send_value(server, handle, **updates):
    """Send one update and wait until the server has dealt with it."""
    send_all(server, encode("GuiUpdateMessage", uuid=handle._impl.uuid, updates=updates))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(0.25, 0.25), (99.0, 1.0), (-5, 0.0), (10**400, 0.5), ("0.9", 0.5), (None, 0.5), (True, 0.5),
     ([0.9], 0.5), (math.nan, 0.5), (math.inf, 0.5), (-math.inf, 0.5)],
)  # fmt: skip
def test_a_slider_only_takes_numbers_in_its_range(gui, sent, expected):
    slider = gui.add_slider("s", min=0.0, max=1.0, step=0.05, initial_value=0.5)
    try:
        value = checked_value(slider, sent)
    except RejectedValueError:
        value = slider.value
    assert value == expected


@pytest.mark.parametrize("sent", [math.nan, math.inf, -math.inf, 99.0, -100.0])
def test_over_the_wire_a_slider_never_leaves_its_range(server, gui, sent):
    slider = gui.add_slider("s", min=0.0, max=1.0, step=0.05, initial_value=0.5)
    seen: list[float] = []
    slider.on_update(lambda _: seen.append(slider.value))
    send_value(server, slider, value=sent)
    assert math.isfinite(slider.value) and 0.0 <= slider.value <= 1.0
    assert all(math.isfinite(value) and 0.0 <= value <= 1.0 for value in seen)


def test_the_sending_tab_is_told_the_value_that_holds(server, gui):
    slider = gui.add_slider("s", min=0.0, max=1.0, step=0.05, initial_value=0.5)

    async def run() -> float:
        async with connect(server) as socket:
            await socket.send(camera_message())
            update = encode("GuiUpdateMessage", uuid=slider._impl.uuid, updates={"value": 99.0})
            await socket.send(update)
            while True:
                for message in decode(await asyncio.wait_for(socket.recv(), PATIENCE_S)):
                    is_ours = message.get("uuid") == slider._impl.uuid
                    if is_ours and message["type"] == "GuiUpdateMessage":
                        return message["updates"]["value"]

    assert asyncio.run(run()) == 1.0


def test_whole_number_sliders_stay_whole(gui):
    slider = gui.add_slider("s", min=0, max=9, step=1, initial_value=3)
    assert checked_value(slider, 4.4) == 4 and isinstance(checked_value(slider, 4.4), int)


@pytest.mark.parametrize("sent", ["zzz", "", None, 0, ["a"], "../../etc/passwd", "A"])
def test_a_dropdown_only_takes_its_options(server, gui, sent):
    dropdown = gui.add_dropdown("d", ("a", "b"), initial_value="b")
    with pytest.raises(RejectedValueError):
        checked_value(dropdown, sent)
    send_value(server, dropdown, value=sent)
    assert dropdown.value == "b"


def test_a_button_group_only_takes_its_options(server, gui):
    group = gui.add_button_group("g", ("a", "b"))
    pressed: list[str] = []
    group.on_click(lambda _: pressed.append(group.value))
    send_value(server, group, value="rm -rf")
    assert pressed == []


@pytest.mark.parametrize(
    "sent", ["a\nb", "a\0b", "x" * (MAX_TEXT_LENGTH + 1), 7, None, "\x1b[31m", "a\u202eb"]
)
def test_a_text_line_takes_one_printable_line(gui, sent):
    text = gui.add_text("t", "before")
    with pytest.raises(RejectedValueError):
        checked_value(text, sent)
    assert checked_value(text, "Zürich 3.npz") == "Zürich 3.npz"


def test_a_checkbox_takes_yes_or_no_only(gui):
    box = gui.add_checkbox("c", True)
    assert checked_value(box, False) is False
    for sent in (0, 1, "yes", None):
        with pytest.raises(RejectedValueError):
            checked_value(box, sent)


def test_a_range_keeps_its_order(gui):
    points = gui.add_multi_slider("m", min=0, max=9, step=1, initial_value=(1, 5))
    assert checked_value(points, [2, 99]) == (2, 9)
    for sent in ([5, 1], [1], [1, 2, 3], "15", None, [1, math.nan]):
        with pytest.raises(RejectedValueError):
            checked_value(points, sent)


def test_a_disabled_button_cannot_be_pressed(server, gui):
    button = gui.add_button("b", disabled=True)
    pressed: list[object] = []
    button.on_click(pressed.append)
    send_value(server, button, value=True)
    assert pressed == []
    button.disabled = False
    send_value(server, button, value=True)
    assert_soon(lambda: pressed)
    assert len(pressed) == 1


@pytest.mark.parametrize("name", ["removed", "update_cb", "props", "gui_api", "uuid", "is_button"])
def test_the_inside_of_a_widget_is_out_of_reach(server, gui, name):
    slider = gui.add_slider("s", min=0.0, max=1.0, step=0.05, initial_value=0.5)
    before = getattr(slider._impl, name)
    send_value(server, slider, **{name: True})
    assert getattr(slider._impl, name) is before
    send_value(server, slider, **{name: True, "value": 0.8})
    assert getattr(slider._impl, name) is before and slider.value == 0.5


def test_widgets_of_other_kinds_take_nothing(gui):
    for handle in (gui.add_rgba("r", (1, 2, 3, 4)), gui.add_upload_button("u")):
        with pytest.raises(RejectedValueError):
            checked_value(handle, (9, 9, 9))


def test_a_pair_takes_two_numbers_in_its_range(server, gui):
    pair = gui.add_vector2("p", (-1.0, -1.0), min=(-1.0, -1.0), max=(9.0, 9.0))
    assert checked_value(pair, [3, 99]) == (3.0, 9.0)
    hostile = ([1], [1, 2, 3], "12", None, 5, [1, math.nan], [math.inf, 0], [True, 1], {0: 1, 1: 2})
    for sent in hostile:
        with pytest.raises(RejectedValueError):
            checked_value(pair, sent)
        send_value(server, pair, value=sent)
    assert pair.value == (-1.0, -1.0)


def test_a_color_takes_three_whole_numbers_up_to_255(server, gui):
    color = gui.add_rgb("c", (1, 2, 3))
    assert checked_value(color, [-4, 300, 7.6]) == (0, 255, 8)
    for sent in ([1, 2], [1, 2, 3, 4], "red", None, [1, 2, math.nan], [1, 2, "3"]):
        with pytest.raises(RejectedValueError):
            checked_value(color, sent)
        send_value(server, color, value=sent)
    assert color.value == (1, 2, 3)
