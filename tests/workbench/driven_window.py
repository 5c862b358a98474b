"""Pressing a window's widgets over the socket, as a browser does."""

import time

from viser_client import encode, send_all

PATIENCE_S = 20.0


def wait(window, condition):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        state = window.session.state
        if condition(state) and state.job is None and not window.tasks.worker.is_busy:
            return state
        time.sleep(0.01)
    raise AssertionError(f"waited in vain; notices: {window.notices.recent}")


def widgets(window):
    return list(window.server.viser.gui._gui_input_handle_from_uuid.values())


def find(window, label, kind="Gui"):
    found = [w for w in widgets(window) if getattr(w, "label", None) == label]
    found = [w for w in found if kind in type(w).__name__]
    assert len(found) == 1, (label, [getattr(w, "label", None) for w in widgets(window)])
    return found[0]


def panel(window, kind):
    return next(panel for panel in window.writer._panels if isinstance(panel, kind))


def send(window, *values):
    """Do what a browser does: (widget, value) pairs over the socket."""
    send_all(
        window.server,
        *(
            encode("GuiUpdateMessage", uuid=handle._impl.uuid, updates={"value": value})
            for handle, value in values
        ),
    )


def settle(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()
