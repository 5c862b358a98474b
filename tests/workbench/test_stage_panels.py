"""Matches and Visibility over the toy engine: what they show, and what clicks on them do."""

import re

import numpy as np
import pytest

from tests.workbench.driven_window import panel, send, wait
from tests.workbench.fake_stages import toy_depths, toy_window
from tests.workbench.patience import assert_soon
from workbench.panels import visibility_html
from workbench.panels.matches_panel import MatchesPanel
from workbench.panels.visibility_panel import VisibilityPanel
from workbench.scene.depth_picture import BEFORE, BEHIND, NEAR, depth_colors, depth_picture
from workbench.scene.pictures import BACKGROUND

WRIST = 21


@pytest.fixture
def stepped(window):
    """A window after one step, with the anchors' depths rendered."""
    window.tasks.step()
    wait(window, lambda state: state.report is not None)
    assert_soon(lambda: window.session.state.stage_results.depths is not None)
    return window


def cells(html):
    """Read the matrix: {(joint, column): verdict}."""
    found = re.findall(r'data-c="(\d+)" data-v="([a-z ]+)"', html)
    return {divmod(int(code), visibility_html.COLUMNS): verdict for code, verdict in found}


def matrix_of(window):
    return cells(panel(window, VisibilityPanel)._matrix.content)


def test_the_matrix_follows_epsilon_without_rendering_anything(stepped):
    before = assert_soon(lambda: matrix_of(stepped))
    anchors = stepped.session.state.anchors.anchors
    assert len(before) == 24 * (1 + len(anchors))
    rendered = stepped.tasks.engine.calls.count("depth_tests")
    stepped.tasks.change_setting("matching.epsilon", 0.6)
    after = assert_soon(lambda: matrix_of(stepped) != before and matrix_of(stepped))
    assert sum(v == "visible" for v in after.values()) > sum(
        v == "visible" for v in before.values()
    )
    assert stepped.tasks.engine.calls.count("depth_tests") == rendered == 1
    assert_soon(lambda: "registered with 0.20" in panel(stepped, VisibilityPanel)._gauge.content)


def test_a_click_on_a_cell_selects_the_joint_and_goes_to_the_anchor(stepped):
    assert_soon(lambda: matrix_of(stepped))
    clicks = panel(stepped, VisibilityPanel)._clicks
    frame = stepped.session.state.anchors.anchors[2]
    send(stepped, (clicks._number, 7 * visibility_html.COLUMNS + 3))
    assert_soon(lambda: stepped.session.state.view.frame == frame)
    assert stepped.session.state.view.joint == 7
    # The first column is the frame shown, and columns beyond the last anchor are nobody's.
    send(stepped, (clicks._number, 4 * visibility_html.COLUMNS))
    send(stepped, (clicks._number, 5 * visibility_html.COLUMNS + 999))
    assert_soon(lambda: stepped.session.state.view.joint == 5)
    assert stepped.session.state.view.frame == frame


def test_a_gauge_says_the_verdict_and_both_numbers():
    now = toy_depths((3,), np.full((1, 24, 2), 50.0))
    # In the toy's frame 3, joint 9 lies 0.24 m behind the surface.
    hidden = visibility_html.gauge(now, None, 9, 0.2, 0.2)
    assert "hidden" in hidden and "0.240 m ≥ ε = 0.20 m" in hidden
    visible = visibility_html.gauge(now, None, 9, 0.3, 0.2)
    assert "0.240 m &lt; ε = 0.30 m" in visible and "registered with 0.20" in visible


def test_depths_are_colored_by_the_test():
    depths = np.float32([[2.5, 3.1, 3.5, np.nan]])
    colors = depth_colors(depths, joint_depth=3.0, epsilon=0.2).astype(float)
    for index, wanted in enumerate((BEFORE, NEAR, BEHIND)):
        shade = colors[0, index] / np.array(wanted)
        assert np.ptp(shade) < 0.02 and 0.4 < shade.mean() <= 1.0, index
    assert tuple(colors[0, 3]) == BACKGROUND
    assert (depth_colors(np.full((2, 2), np.nan), 3.0, 0.2) == BACKGROUND).all()


def test_the_depth_picture_puts_frame_and_depth_side_by_side():
    crop = np.full((240, 180, 3), 200, np.uint8)
    picture = depth_picture(crop, toy_window(0, WRIST), 3.0, 0.2)
    assert picture.shape == (280, 566, 3)
    assert (picture[100, 20] == 200).all() and tuple(picture[100, 300]) == BACKGROUND


def test_titles_of_the_table_sort_it_and_turn_it_over(stepped):
    matches = panel(stepped, MatchesPanel)
    assert_soon(lambda: "nh-matches" in matches._table.content)

    send(stepped, (matches._columns._number, 2))
    assert_soon(lambda: " ▴" in matches._table.content and "px ▴" in matches._table.content)
    send(stepped, (matches._columns._number, 2))
    assert_soon(lambda: "px ▾" in matches._table.content)
    assert stepped.session.state.view.stages.sort_descending
    names = re.findall(r"<tr aria-selected[^>]*><td[^>]*>([a-z0-9 ]+)</td>", matches._table.content)
    assert len(names) == 24


def test_a_joints_match_is_told_with_its_anchors_and_its_history(stepped):
    matches = panel(stepped, MatchesPanel)
    assert_soon(lambda: "Registered from" in matches._crops.content)
    assert "data:image/jpeg;base64," in matches._crops.content
    assert_soon(lambda: "r wrist" in matches._head.content)
    assert_soon(lambda: "Over time: 1 of 48 frames" in matches._over_time.content)
    stepped.session.set_view(joint=9)
    assert_soon(lambda: "takes no part" in matches._head.content)


def test_switches_inside_html_reach_the_state(stepped):
    matches = panel(stepped, MatchesPanel)
    for toggle, field in (
        (matches._similarity, "show_similarity"), (matches._fill, "fill_matches"),
    ):  # fmt: skip
        send(stepped, (toggle._box, True))
        assert_soon(lambda field=field: getattr(stepped.session.state.view.stages, field))
    assert_soon(lambda: "Over time: 48 of 48 frames" in matches._over_time.content)
    assert stepped.tasks.engine.threads >= {"compute"}


def test_epsilon_can_be_set_on_the_visibility_tab(stepped):
    sliders = panel(stepped, VisibilityPanel)._epsilon._widgets
    send(stepped, (sliders["matching.epsilon"], 0.35))
    assert_soon(lambda: stepped.session.state.config.matching.epsilon == 0.35)
