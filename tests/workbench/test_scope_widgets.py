"""The Scope folder of the Refine tab."""

import pytest

from neuhmr.body.skeleton import BODY_PARTS
from neuhmr.refine.scope import Scope
from tests.workbench.driven_window import find, send, wait, widgets
from tests.workbench.patience import assert_soon
from workbench.panels.scope_widgets import scope_words

BOXES = ("Lock the place", *(f"Lock {name.replace('_', ' ')}" for name in BODY_PARTS))


def test_the_range_is_set_by_the_present_frame(window):
    buttons = find(window, "Range")
    window.tasks.seek(10)
    send(window, (buttons, "From here"))
    assert window.session.state.scope == Scope(first=10)
    window.tasks.seek(20)
    send(window, (buttons, "To here"))
    assert window.session.state.scope == Scope(first=10, last=20)
    # An end that would leave nothing makes way for the one that was just set.
    window.tasks.seek(30)
    send(window, (buttons, "From here"))
    assert window.session.state.scope == Scope(first=30)
    window.tasks.seek(5)
    send(window, (buttons, "To here"))
    assert window.session.state.scope == Scope(last=5)
    send(window, (buttons, "All"))
    assert window.session.state.scope == Scope()


def test_single_frames_are_locked_and_unlocked(window):
    buttons = find(window, "This frame")
    for frame in (7, 9):
        window.tasks.seek(frame)
        send(window, (buttons, "Lock"))
    assert window.session.state.scope.locked_frames == {7, 9}
    send(window, (buttons, "Unlock"))
    assert window.session.state.scope.locked_frames == {7}


def test_boxes_lock_parts_of_the_body_and_the_place(window):
    for name, joints in BODY_PARTS.items():
        box = find(window, f"Lock {name.replace('_', ' ')}")
        before = window.session.state.scope.locked_joints
        send(window, (box, True))
        assert window.session.state.scope.locked_joints == before | set(joints)
    send(window, (find(window, "Lock head"), False), (find(window, "Lock the place"), True))
    scope = window.session.state.scope
    assert not scope.locked_joints & set(BODY_PARTS["head"]) and scope.lock_translation


def test_boxes_show_the_scope_however_it_was_set(window):
    window.tasks.change_scope(locked_joints=frozenset(BODY_PARTS["left_arm"]))
    assert_soon(lambda: find(window, "Lock left arm").value)
    assert not find(window, "Lock head").value and not find(window, "Lock the place").value


def test_after_refinement_the_scope_takes_no_input_until_reset(window):
    boxes, groups = [find(window, label) for label in BOXES], ("Range", "This frame")
    assert_soon(lambda: not any(box.disabled for box in boxes))
    window.tasks.step()
    wait(window, lambda state: state.report is not None)
    assert_soon(lambda: all(box.disabled for box in boxes))
    assert_soon(lambda: not any(find(window, label).visible for label in groups))
    # A browser that sends all the same is told so.
    send(window, (boxes[0], True), (find(window, "Range"), "From here"))
    assert window.session.state.scope == Scope()
    assert "press Reset" in window.notices.recent[-1].body
    assert_soon(lambda: not find(window, "Reset").disabled)
    send(window, (find(window, "Reset"), True))
    wait(window, lambda state: state.refined is None)
    assert_soon(lambda: not any(box.disabled for box in boxes))
    assert_soon(lambda: all(find(window, label).visible for label in groups))


def test_hostile_values_leave_the_scope_as_it_was(window):
    values = ("zzz", None, 1, [True], float("nan"))
    handles = [
        w for w in widgets(window) if getattr(w, "label", "") in (*BOXES, "Range", "This frame")
    ]
    assert len(handles) == len(BOXES) + 2
    send(window, *((handle, value) for handle in handles for value in values))
    assert window.session.state.scope == Scope()


@pytest.mark.parametrize(
    ("scope", "frame", "expected"),
    [
        (Scope(), 3, "All frames are refined. Frame 3 may change."),
        (Scope(first=4), 3, "Frames from 4 to the last are refined. Frame 3 keeps its pose."),
        (Scope(last=4), 3, "Frames from the first to 4 are refined. Frame 3 may change."),
        (
            Scope(locked_frames=frozenset({3, 5})),
            3,
            "All frames are refined, 2 of them locked. Frame 3 keeps its pose.",
        ),
    ],
)
def test_the_scope_is_told_in_words(scope, frame, expected):
    assert scope_words(scope, frame) == expected
