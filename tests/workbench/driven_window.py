"""Pressing a window's widgets over the socket, as a browser does."""

from tests.workbench.patience import assert_soon
from tests.workbench.viser_client import encode, send_all


def wait(window, condition):
    """Wait until nothing is under way and the condition holds; return the state of then."""

    def state_at_rest():
        state = window.session.state
        is_busy = state.job is not None or window.tasks.worker.is_busy
        return state if condition(state) and not is_busy else None

    return assert_soon(state_at_rest, lambda: f"waited in vain; notices: {window.notices.recent}")


def widgets(window):
    return list(window.server.viser.gui._gui_input_handle_from_uuid.values())


def find(window, label, kind="Gui"):
    found = [w for w in widgets(window) if getattr(w, "label", None) == label]
    found = [w for w in found if kind in type(w).__name__]
    assert len(found) == 1, (label, [getattr(w, "label", None) for w in widgets(window)])
    return found[0]


def panel(window, kind):
    panels = window.writer._parts.panels
    return next(panel for panel in panels if isinstance(panel, kind))


def press(window, name):
    """Press one of the buttons that the page has outside viser's docks."""
    groups = [w for w in widgets(window) if getattr(w, "label", "") == "press"]
    assert len(groups) == 1 and name in groups[0].options
    send(window, (groups[0], name))


def shown(window, channel):
    """Read what the page was told last."""
    return window.link._shown.get(channel, {})


def send(window, *values):
    """Do what a browser does: (widget, value) pairs over the socket, in this order."""
    send_all(
        window.server,
        *(
            encode("GuiUpdateMessage", uuid=handle._impl.uuid, updates={"value": value})
            for handle, value in values
        ),
    )
