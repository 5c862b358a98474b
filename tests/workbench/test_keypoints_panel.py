"""The Keypoints tab, by its widgets and by what it says."""

from dataclasses import replace

import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.driven_window import find, panel, send, wait
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.fake_heatmaps import NOT_FOUND
from tests.workbench.patience import assert_soon
from workbench.app import Workbench
from workbench.engine.free_view import Viewpoint
from workbench.panels.commands import all_commands
from workbench.panels.keypoints_panel import (
    KeypointsPanel,
    advice,
    keypoint_facts,
    keypoint_rows,
    view_advice,
)

CONTROLS = ("Over the video", "Read from", "Heatmap of", "Render the 3D view")


@pytest.fixture
def built(window):
    window.tasks.build_avatar()
    wait(window, lambda state: state.avatar is not None)
    assert_soon(lambda: not find(window, "Find keypoints").disabled)
    return window


@pytest.fixture
def finding(built):
    send(built, (find(built, "Find keypoints"), True))
    wait(built, lambda state: state.keypoints_now is not None)
    assert_soon(lambda: not find(built, "Read from").disabled)
    return built


def test_controls_wake_up_one_after_the_other(built):
    state = built.session.state
    assert "After Build avatar" in advice(replace(state, avatar=None))
    assert all(find(built, label).disabled for label in CONTROLS)
    assert "Tick Find keypoints" in advice(state)
    send(built, (find(built, "Find keypoints"), True))
    assert_soon(lambda: not any(find(built, label).disabled for label in CONTROLS))
    state = wait(built, lambda state: state.keypoints_now is not None)
    assert "Frame 0, initial pose. Read from this frame itself" in advice(state)
    send(built, (find(built, "Find keypoints"), False))
    assert_soon(lambda: all(find(built, label).disabled for label in CONTROLS))


def test_without_weights_the_tab_says_so_and_takes_no_input(tmp_path):
    clip = tmp_path / "turn.mp4"
    clip.touch()
    reason = "No heatmap weights at <here>; train some."
    with Workbench(FakeEngine(heatmaps_missing=reason), port=0) as window:
        window.open(OpenRequest(clip=clip))
        wait(window, lambda state: state.footage is not None)
        window.tasks.build_avatar()
        state = wait(window, lambda state: state.avatar is not None)
        tab = panel(window, KeypointsPanel)
        assert_soon(lambda: "Heatmaps are not available" in tab._text.content)
        assert "No heatmap weights at &lt;here&gt;" in tab._text.content
        send(window, (find(window, "Find keypoints"), True), (find(window, "seek"), 3))
        assert window.session.state.view.frame == 3
        assert not window.session.state.view.find_keypoints
        next(c for c in all_commands(window.tasks) if c.hotkey == "H").run()
        assert window.notices.recent[-1].body == reason
        assert "keypoints" not in window.tasks.engine.calls and state.keypoints is None


def test_choices_reach_the_state(finding):
    send(finding, (find(finding, "Read from"), "the avatar's two frames"))
    assert finding.session.state.view.keypoint_source == "anchors"
    send(finding, (find(finding, "Heatmap of"), "left wrist"))
    assert finding.session.state.view.keypoint == 7
    send(finding, (find(finding, "Heatmap of"), "no such joint"))
    send(finding, (find(finding, "Over the video"), False))
    assert not finding.session.state.view.show_heat
    assert finding.session.state.view.keypoint == 7
    send(finding, (find(finding, "Heatmap of"), "all keypoints"))
    assert finding.session.state.view.keypoint is None


def test_a_choice_reaches_the_state_though_the_tab_is_drawn_in_between(finding):
    over_video, before = find(finding, "Over the video"), finding.session.state

    async def draw(event):
        if event.client is not None:
            panel(finding, KeypointsPanel).refresh(before)

    over_video._impl.update_cb.insert(0, draw)
    send(finding, (over_video, False))
    assert before.view.show_heat and not finding.session.state.view.show_heat
    assert_soon(lambda: not over_video.value)


def test_a_click_on_a_row_chooses_the_keypoint_and_a_second_one_leaves_it(finding):
    tab = panel(finding, KeypointsPanel)
    for expected in (7, None):
        send(finding, (tab._clicks._number, 7))
        assert finding.session.state.view.keypoint == expected
        assert tab._clicks._number.value == -1
    # The same row twice, so fast that the table is not drawn in between.
    send(finding, (tab._clicks._number, 9), (tab._clicks._number, 9), (tab._clicks._number, 9))
    assert finding.session.state.view.keypoint == 9


def test_the_table_ranks_and_the_facts_sum_up(finding):
    report = finding.session.state.keypoints_now.report
    rows = keypoint_rows(report)
    off = [float(row[1]) for row in rows[:-1]]
    assert off == sorted(off, reverse=True) and len(rows) == 25
    assert rows[-1] == ("right ear", "not found", "-", "-") and NOT_FOUND == 17
    worst = report.worst_first()[0]
    share = 100.0 * report.distances_px()[worst] / report.torso_px()
    assert float(rows[0][2]) == pytest.approx(share, abs=0.5)
    assert keypoint_facts(report)[0] == ("Found", "24 of 25 keypoints")
    tab = panel(finding, KeypointsPanel)
    assert_soon(lambda: "not found" in tab._table.content and tab._picture.visible)


def test_the_view_one_has_orbited_to_is_rendered(finding):
    # The tests' browser stands at (0, 0, 3) and looks along +z: the person is too near.
    send(finding, (find(finding, "Render the 3D view"), True))
    state = wait(finding, lambda state: state.free_view_now is not None)
    assert state.view.viewpoint == Viewpoint((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 3.0))
    assert "behind the 3D view" in view_advice(state)
    finding.session.set_view(viewpoint=Viewpoint((1.0, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0)))
    state = wait(finding, lambda state: state.free_view_now is not None)
    assert view_advice(state) == "Frame 0, as seen from where the 3D view stood."
    tab = panel(finding, KeypointsPanel)
    assert_soon(lambda: tab._view_picture.visible)


def test_what_is_shown_stays_until_the_next_frame_is_there(finding):
    tab = panel(finding, KeypointsPanel)
    assert_soon(lambda: "right ear" in tab._table.content)
    finding.tasks.engine.pause_s = 1.0
    finding.tasks.seek(9)
    assert_soon(lambda: "Looking at frame 9" in tab._text.content)
    assert "Until then" in tab._text.content
    assert "right ear" in tab._table.content and tab._picture.visible
    assert_soon(lambda: "Frame 9, initial pose" in tab._text.content)


def test_the_key_turns_it_on_and_off(built):
    command = next(c for c in all_commands(built.tasks) if c.hotkey == "H")
    command.run()
    assert built.session.state.view.find_keypoints
    command.run()
    assert not built.session.state.view.find_keypoints
