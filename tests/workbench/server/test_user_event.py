"""What the user did reaches the callbacks as it was done, whatever the program does meanwhile."""

import time

import pytest

from tests.workbench.viser_client import encode, send_all
from workbench.core.notices import Notices
from workbench.server.server import start_server


@pytest.fixture(scope="module")
def server():
    running = start_server("127.0.0.1", 0, "test")
    yield running
    running.stop()


def update(handle, value):
    return encode("GuiUpdateMessage", uuid=handle._impl.uuid, updates={"value": value})


def listen(*handles):
    """Collect (widget, value) of what a guarded callback of each widget learns of."""
    seen = []
    for handle in handles:
        handle.on_update(Notices().guard(lambda event, h=handle: seen.append((h, event.value))))
    return seen


def test_a_callback_gets_what_was_sent_though_the_widget_was_set_back(server):
    box = server.viser.gui.add_checkbox("box", True)

    async def set_back(_event):
        box.value = True

    box.on_update(set_back)
    seen = listen(box)
    send_all(server, update(box, False))
    assert seen == [(box, False)] and box.value is True


def test_a_clamped_number_is_what_the_callback_gets(server):
    slider = server.viser.gui.add_slider("slider", min=0, max=9, step=1, initial_value=3)
    seen = listen(slider)
    send_all(server, update(slider, 99), update(slider, 4.4))
    assert seen == [(slider, 9), (slider, 4)]


def test_callbacks_run_in_the_order_of_what_was_done(server):
    gui = server.viser.gui
    slider = gui.add_slider("slider", min=0, max=99, step=1, initial_value=0)
    box = gui.add_checkbox("box", False)

    def linger(event):
        # Callbacks side by side would overtake the odd ones.
        time.sleep(0.005 * (event.value % 2))
        seen.append((slider, event.value))

    seen = listen(box)
    slider.on_update(Notices().guard(linger))
    sent = [(slider, value) for value in range(1, 12)]
    sent[5:5] = [(box, True)]
    send_all(server, *(update(handle, value) for handle, value in sent))
    assert seen == sent


def test_a_refused_value_swallows_nothing_that_follows(server):
    gui = server.viser.gui
    choice = gui.add_dropdown("choice", ("a", "b"), initial_value="b")
    box = gui.add_checkbox("box", True)
    seen = listen(choice, box)
    send_all(server, update(choice, "no such"), update(box, False), update(choice, "a"))
    assert seen == [(box, False), (choice, "a")] and choice.value == "a"


def test_a_key_brings_no_value(server):
    command = server.viser.gui.add_command("command")
    seen = []
    command.on_trigger(Notices().guard(lambda event: seen.append((event.client, event.value))))
    send_all(server, encode("CommandTriggerMessage", uuid=command._impl.uuid))
    assert len(seen) == 1 and seen[0][1] is None
    assert seen[0][0].client_id >= 0
