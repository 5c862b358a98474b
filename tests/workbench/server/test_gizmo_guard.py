"""What a hostile browser may do to gizmos: drag them, and nothing else."""

import math
import time

import numpy as np
import pytest
from viser import _messages

from tests.workbench.patience import assert_soon
from tests.workbench.viser_client import encode, send_all
from workbench.server.gizmo_guard import FARTHEST, checked_pose
from workbench.server.rejected import RejectedValueError
from workbench.server.server import start_server
from workbench.server.user_event import SENT_VALUE

UNIT = (1.0, 0.0, 0.0, 0.0)
SOME_TURN = (0.6, 0.0, 0.8, 0.0)


@pytest.fixture(scope="module")
def server():
    running = start_server("127.0.0.1", 0, "test")
    yield running
    running.stop()


@pytest.fixture
def gizmo(server):
    made = server.viser.scene.add_transform_controls("/gizmo", position=(0.0, 0.0, 2.0))
    yield made
    made.remove()


def update(wxyz=UNIT, position=(0.1, 0.2, 3.0), name="/gizmo"):
    return encode(
        "TransformControlsUpdateMessage", name=name, wxyz=wxyz, position=position, owner=""
    )


def seen_by(gizmo):
    seen = []

    @gizmo.on_update
    async def _(_event):
        seen.append(SENT_VALUE.get())

    return seen


def test_a_drag_arrives_from_start_to_end(server, gizmo):
    seen = seen_by(gizmo)
    start = encode("TransformControlsDragStartMessage", name="/gizmo", owner="")
    end = encode("TransformControlsDragEndMessage", name="/gizmo", owner="")
    send_all(server, start, update(SOME_TURN), end)
    assert [pose.phase for pose in seen] == ["start", "update", "end"]
    assert seen[0].position == (0.0, 0.0, 2.0)
    assert seen[1].wxyz == seen[2].wxyz == SOME_TURN and seen[1].position == (0.1, 0.2, 3.0)


@pytest.mark.parametrize(
    "wxyz",
    [(math.nan, 0, 0, 0), (0, 0, 0, 0), (2.0, 0, 0, 0), (1e30, 0, 0, 0), (1, 0, 0),
     (math.inf, 0, 0, 0), (1, 0, 0, 0, 0), (0.5, 0, 0, 0)],
)  # fmt: skip
def test_what_is_no_rotation_is_dropped(server, gizmo, wxyz):
    seen = seen_by(gizmo)
    send_all(server, update(wxyz=wxyz))
    assert seen == [] and tuple(gizmo.wxyz) == UNIT
    assert tuple(gizmo.position) == (0.0, 0.0, 2.0)


@pytest.mark.parametrize(
    "position",
    [(math.nan, 0, 0), (1e30, 0, 0), (0, -math.inf, 0), (0, 0), (0, 0, 0, 0), (0, 0, FARTHEST + 1)],
)
def test_what_is_no_place_is_dropped(server, gizmo, position):
    seen = seen_by(gizmo)
    send_all(server, update(position=position))
    assert seen == [] and tuple(gizmo.position) == (0.0, 0.0, 2.0)


@pytest.mark.parametrize(
    ("wxyz", "position"),
    [(UNIT, "abc"), (UNIT, None), (UNIT, {}), (UNIT, ([1], 0, 0)), (UNIT, (10**400, 0, 0)),
     ("abcd", (0, 0, 0)), (("1", 0, 0, 0), (0, 0, 0)), ((True, False, False, False), (0, 0, 0))],
)  # fmt: skip
def test_what_are_no_numbers_is_refused_whatever_viser_lets_through(gizmo, wxyz, position):
    message = _messages.TransformControlsUpdateMessage("/gizmo", wxyz, position)
    with pytest.raises(RejectedValueError):
        checked_pose(gizmo, message)


def test_a_rotation_that_is_almost_of_unit_length_becomes_one(server, gizmo):
    send_all(server, update(wxyz=(0.605, 0.0, 0.801, 0.0)))
    assert np.linalg.norm(gizmo.wxyz) == pytest.approx(1.0, abs=1e-9)


def test_a_gizmo_that_is_hidden_or_not_there_cannot_be_dragged(server, gizmo):
    seen = seen_by(gizmo)
    gizmo.visible = False
    start = encode("TransformControlsDragStartMessage", name="/gizmo", owner="")
    send_all(server, start, update(), update(name="/none"), update(name=""))
    assert seen == [] and tuple(gizmo.position) == (0.0, 0.0, 2.0)


def test_other_nodes_cannot_be_moved(server, gizmo):
    box = server.viser.scene.add_box("/box", position=(1.0, 1.0, 1.0))
    send_all(server, update(name="/box"))
    assert tuple(box.position) == (1.0, 1.0, 1.0)
    box.remove()


def test_a_flood_leaves_the_newest_pose_and_a_server_that_answers(server, gizmo):
    seen = seen_by(gizmo)
    flood = [update(position=(0.001 * step, 0.0, 2.0)) for step in range(3000)]
    started = time.perf_counter()
    send_all(server, *flood)
    assert gizmo.position[0] == pytest.approx(2.999)
    assert len(seen) == 3000 and time.perf_counter() - started < 30.0
    slider = server.viser.gui.add_slider("s", min=0.0, max=1.0, step=0.05, initial_value=0.5)
    send_all(server, encode("GuiUpdateMessage", uuid=slider._impl.uuid, updates={"value": 0.25}))
    assert_soon(lambda: slider.value == 0.25)
