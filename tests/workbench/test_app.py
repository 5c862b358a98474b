"""The whole window over the fake engine, with a real viser server and no browser."""

import threading
import time
from pathlib import Path

import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.formats.writing.formats import WriteOptions
from tests.workbench.driven_window import find, panel, press, send, shown, wait, widgets
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.patience import assert_soon
from tests.workbench.synthetic_figure import NUM_FRAMES
from tests.workbench.viser_client import encode, http_get, send_all
from workbench.app import Workbench
from workbench.core.open_paths import other_clips
from workbench.core.session import Misplaced, SessionState
from workbench.panels.commands import all_commands
from workbench.panels.matches_panel import MatchesPanel
from workbench.panels.status_panel import next_advice, next_stage


def test_every_widget_tells_what_it_is_for(window):
    for handle in widgets(window):
        if not handle.visible or "Progress" in type(handle).__name__:
            continue
        assert getattr(handle, "hint", None), f"{handle.label} has no hint"


def test_the_way_through_by_pressing_buttons(window, tmp_path):
    send(window, (find(window, "Build avatar"), True))
    wait(window, lambda state: state.avatar is not None)
    assert_soon(lambda: not find(window, "Register").disabled)
    send(window, (find(window, "Register"), True))
    wait(window, lambda state: state.anchors is not None)
    assert_soon(lambda: not find(window, "Step").disabled)
    send(window, (find(window, "Step"), True))
    wait(window, lambda state: state.report is not None and state.report.step == 1)
    assert_soon(lambda: not find(window, "Run").disabled)
    send(window, (find(window, "Run"), True))
    wait(window, lambda state: state.phase == "finished")
    send(window, (find(window, "Export"), True))
    state = wait(window, lambda state: state.exported != ())
    assert Path(state.exported[0]) == tmp_path / "turn.refined.npz"
    assert Path(state.exported[0]).is_file()


def test_the_next_button_leads_from_stage_to_stage(window):
    for stage, condition in (
        ("Build avatar", lambda state: state.avatar is not None),
        ("Register", lambda state: state.anchors is not None),
        ("Run", lambda state: state.phase == "finished"),
    ):
        assert_soon(lambda stage=stage: shown(window, "status").get("next") == stage)
        press(window, "next")
        wait(window, condition)
    assert next_stage(window.session.state) is None


def test_computing_drawing_and_painting_have_a_thread_each(window):
    window.tasks.step(2)
    wait(window, lambda state: state.report is not None)
    assert_soon(lambda: "frames" in window.tasks.engine.threads)
    assert window.tasks.engine.threads == {"compute", "frames"}
    names = {thread.name for thread in threading.enumerate()}
    assert {"compute", "frames", "scene"} <= names


def test_sliders_and_switches_reach_the_state(window):
    send(
        window,
        (find(window, "Joints λ_joint"), 2.5),
        (find(window, "Learning rate, 10^x"), -4.0),
        (find(window, "Show truth"), True),
        (find(window, "seek"), 17),
    )
    state = window.session.state
    assert state.view.frame == 17
    assert state.config.weights.joint == 2.5
    assert state.config.schedule.learning_rate == pytest.approx(1e-4)
    assert state.view.show_truth


@pytest.mark.parametrize("name", ["../../evil", "/etc/cron.d/evil", "a/../../b", ".ssh"])
def test_a_path_as_export_name_writes_nothing(window, tmp_path, name):
    assert_soon(lambda: find(window, "Name").value == "turn.refined")
    send(window, (find(window, "Name"), name))
    send(window, (find(window, "Export"), True))
    assert_soon(lambda: any("plain file name" in notice.body for notice in window.notices.recent))
    assert window.session.state.exported == ()
    assert [path.name for path in tmp_path.iterdir()] == ["turn.mp4"]


def test_a_clip_name_that_is_not_in_the_list_is_not_opened(window):
    footage = window.session.state.footage
    send(window, (find(window, "File"), "../../../etc/passwd"))
    send(window, (find(window, "seek"), 3))
    assert window.session.state.view.frame == 3
    assert window.session.state.footage is footage


def test_a_failing_job_turns_into_a_notice_and_the_window_lives_on(window):
    window.tasks.engine.failures["build_avatar"] = RuntimeError("out of memory")
    send(window, (find(window, "Build avatar"), True))
    assert_soon(lambda: any(n.title == "Out of memory" for n in window.notices.recent))
    assert http_get(window.server, f"/?token={window.server.gate.token}")[0] == 200
    del window.tasks.engine.failures["build_avatar"]
    wait(window, lambda state: True)
    assert_soon(lambda: not find(window, "Build avatar").disabled)
    send(window, (find(window, "Build avatar"), True))
    wait(window, lambda state: state.avatar is not None)


def test_cancel_from_the_browser_stops_a_long_job(window):
    window.tasks.engine.pause_s = 0.4
    send(window, (find(window, "Build avatar"), True))
    assert_soon(lambda: shown(window, "status").get("job"))
    press(window, "cancel")
    time.sleep(0.1)
    assert not window.session.state.job.is_cancelling, "a double click on Next cancelled"
    time.sleep(0.6)
    press(window, "cancel")
    wait(window, lambda state: state.job is None)
    assert window.session.state.avatar is None
    assert window.notices.recent[-1].title == "Cancelled"


def test_a_click_on_a_table_row_chooses_the_joint(window):
    window.tasks.step()
    wait(window, lambda state: state.report is not None)
    joints = panel(window, MatchesPanel)
    # 999 is clamped to the last joint.
    for clicked, chosen in ((7, 7), (999, 23)):
        send(window, (joints._clicks._number, clicked))
        assert window.session.state.view.joint == chosen
        assert joints._clicks._number.value == -1


def test_playing_moves_the_frame_and_the_play_head(window):
    window.tasks.toggle_playing()
    assert_soon(lambda: window.session.state.view.frame > 2)
    assert_soon(lambda: shown(window, "head")["frame"] > 2)
    window.tasks.toggle_playing()
    frame = window.session.state.view.frame
    time.sleep(0.2)
    assert window.session.state.view.frame == frame


def test_a_panel_shows_the_newest_state_and_not_that_of_the_panel_before_it(window):
    shown = []

    class Changing:
        def refresh(self, _state):
            window.session.set_view(joint=4)

    class Showing:
        def refresh(self, state):
            shown.append(state.view.joint)

    window.writer._parts.panels[:] = [Changing(), Showing()]
    window.session.set_view(joint=3)
    assert_soon(lambda: shown)
    assert shown[0] == 4


def test_closing_frees_the_port_and_ends_the_threads(tmp_path):
    clip = tmp_path / "turn.mp4"
    clip.touch()
    before = set(threading.enumerate())
    window = Workbench(FakeEngine(), port=0)
    window.open(OpenRequest(clip=clip))
    assert {"compute", "scene", "frames"} <= {t.name for t in set(threading.enumerate()) - before}
    window.stop()
    alive = {thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()}
    assert not alive & {"compute", "scene", "frames"}
    again = Workbench(FakeEngine(), port=window.server.port)
    assert again.server.port == window.server.port
    again.stop()


def test_a_drawing_that_fails_is_told_once(window):
    def fail(_state):
        raise RuntimeError("no such mesh")

    window.writer._parts.drawn["bodies"] = fail
    assert_soon(lambda: any("no such mesh" in n.body for n in window.notices.recent))
    time.sleep(0.3)
    assert sum("no such mesh" in n.body for n in window.notices.recent) == 1


def test_commands_use_no_key_that_moves_the_camera(window):
    keys = [command.hotkey for command in all_commands(window.tasks) if command.hotkey]
    assert len(keys) == len(set(keys))
    taken = {"W", "A", "S", "D", "Q", "E", "arrowleft", "arrowright", "arrowup", "arrowdown"}
    assert not taken & set(keys)


def test_a_held_key_does_not_flip_a_switch_back_and_forth(window):
    handles = window.server.viser.gui._command_handle_from_uuid
    play = next(h for h in handles.values() if h.label == "Play or pause the clip")
    message = encode("CommandTriggerMessage", uuid=play._impl.uuid)
    send_all(window.server, *[message] * 6)
    assert_soon(lambda: window.session.state.view.is_playing)
    time.sleep(0.1)
    assert window.session.state.view.is_playing


@pytest.mark.parametrize(("key", "frame"), [("L", 1), ("pagedown", 10), ("end", NUM_FRAMES - 1)])
def test_keys_move_through_the_clip(window, key, frame):
    command = next(c for c in all_commands(window.tasks) if c.hotkey == key)
    command.run()
    assert window.session.state.view.frame == frame


def test_advice_and_next_stage_follow_the_state(window):
    assert next_advice(SessionState())[0] == "No clip is open"
    asked = Misplaced(request=OpenRequest(clip=Path("a.mp4")), message="no", readings=("given",))
    assert next_advice(SessionState(misplaced=asked))[0] == "Say how the poses are meant"
    assert next_stage(SessionState()) is None
    assert next_stage(window.session.state) == "Build avatar"
    window.tasks.run()
    state = wait(window, lambda state: state.phase == "finished")
    assert next_stage(state) is None and next_advice(state)[0] == "Judge and export"


def test_a_restored_session_goes_on_with_one_press(window):
    window.tasks.step(2)
    wait(window, lambda state: state.report is not None)
    window.tasks.open(window.session.state.request)
    state = wait(window, lambda state: state.restored is not None)
    assert state.avatar is None and next_stage(state) == "Run"
    press(window, "next")
    assert wait(window, lambda state: state.phase == "finished").report.step == 40


def test_other_clips_are_the_videos_beside_this_one(tmp_path):
    for name in ("a.mp4", "b.MOV", "c.txt", "turn.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "d.mp4").mkdir()
    assert other_clips(tmp_path / "turn.mp4") == ("a.mp4", "b.MOV")
    assert other_clips(tmp_path / "missing" / "x.mp4") == ()


def test_what_is_asked_of_a_format_reaches_its_writer(window):
    asked = []
    footage = window.session.state.footage
    plain = type(footage).export

    def note(self, motion, request, on_progress):
        asked.append(request)
        return plain(self, motion, request, on_progress)

    type(footage).export = note
    try:
        # A motion file is in the camera's frame.
        assert_soon(lambda: find(window, "Up axis").disabled)
        send(window, (find(window, "Format"), "Motion (AMASS npz)"))
        assert_soon(lambda: not find(window, "Up axis").disabled)
        send(window, (find(window, "Up axis"), "y"))
        send(window, (find(window, "Frames a second"), 60.0))
        send(window, (find(window, "Frames without pose"), "refuse"))
        assert_soon(lambda: not find(window, "Export").disabled)
        send(window, (find(window, "Export"), True))
        assert_soon(lambda: asked)
    finally:
        type(footage).export = plain
    assert asked[0].options == WriteOptions(up="y", fps=60.0, gaps="refuse")
