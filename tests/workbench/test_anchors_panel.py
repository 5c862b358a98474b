"""The Anchors tab over the toy engine: cards, wishes by click, and dots of the sphere."""

import re

import numpy as np
import pytest

from tests.workbench.driven_window import find, panel, send, wait
from tests.workbench.patience import assert_soon
from workbench.panels.anchor_cards import anchor_cards, angle_of, next_wish
from workbench.panels.anchors_panel import AnchorsPanel, anchor_summary
from workbench.scene.orientation_sphere import RADIUS_M, dots_of, middle_of_person
from workbench.scene.sphere_clicks import SphereClicks, dot_at_ray


@pytest.fixture
def registered(window):
    window.tasks.register()
    wait(window, lambda state: state.anchors is not None)
    return window


def cards_of(window):
    state = window.session.state
    return {card.frame: card for card in anchor_cards(state, state.avatar, state.anchors)}


def test_anchors_come_first_then_candidates_the_best_first(registered):
    cards = list(cards_of(registered).values())
    kinds = [card.is_anchor for card in cards]
    assert kinds == sorted(kinds, reverse=True) and sum(kinds) == 6
    for part in (True, False):
        scores = [c.score for c in cards if c.is_anchor is part and c.score is not None]
        assert scores == sorted(scores)
    assert {card.frame for card in cards if card.is_conditioning} == {3, 27}
    assert cards_of(registered)[3].score is None


def test_angles_go_around_the_body(registered):
    anchors = registered.session.state.anchors
    # The toy shows its back in frame 0, its left a quarter of a turn later, its front at 24.
    assert [round(angle_of(anchors, frame)) for frame in (12, 24, 36)] == [90, 0, -90]
    assert np.isnan(angle_of(anchors, 999))


def test_a_click_on_a_card_turns_the_frame_over_and_back(registered):
    anchors = panel(registered, AnchorsPanel)
    for frame, field in ((8, "excludes"), (12, "includes")):
        send(registered, (anchors._cards._number, frame))
        assert_soon(lambda f=frame, n=field: f in getattr(registered.session.state, n))
    assert next_wish(cards_of(registered)[8]) is None
    assert_soon(lambda: "✕" in anchors._html.content and "+</span>" in anchors._html.content)
    registered.tasks.register()
    state = wait(registered, lambda state: 12 in state.anchors.anchors)
    assert 8 not in state.anchors.anchors
    send(registered, (anchors._cards._number, 8))
    assert_soon(lambda: 8 not in registered.session.state.excludes)
    # A frame without a card is nobody's wish.
    send(registered, (anchors._cards._number, 999_999))
    assert registered.session.state.includes == {12}


def test_a_click_on_a_number_goes_to_the_frame(registered):
    send(registered, (panel(registered, AnchorsPanel)._frames._number, 24))
    assert_soon(lambda: registered.session.state.view.frame == 24)


def test_every_card_says_score_and_angle(registered):
    html = assert_soon(lambda: panel(registered, AnchorsPanel)._html.content)
    assert len(re.findall(r"data-frame", html)) == len(cards_of(registered)) == 14
    assert "-1.20<br>∠ +120°" in html and "not tried" in html
    summary = anchor_summary(registered.session.state.anchors)
    assert summary.startswith("N = 6 anchors of N̂ = 12 candidates")


def test_any_frame_can_be_wished_for_by_the_buttons(registered):
    registered.tasks.seek(13)
    send(registered, (find(registered, "Shown frame"), "Use"))
    assert_soon(lambda: registered.session.state.includes == {13})
    assert_soon(lambda: 'data-frame="13"' in panel(registered, AnchorsPanel)._html.content)


def test_a_ray_meets_the_nearest_dot_and_not_one_at_the_back():
    dots = np.array([[0.0, 0.0, 3.0], [0.0, 0.0, 2.2], [0.5, 0.0, 3.0]])
    assert dot_at_ray(dots, (0.0, 0.0, 0.0), (0.0, 0.0, 2.0)) == 1
    assert dot_at_ray(dots, (0.0, 0.0, 0.0), (0.5, 0.01, 3.0)) == 2
    assert dot_at_ray(dots, (0.0, 0.0, 0.0), (0.0, 1.0, 0.0)) is None
    for hostile in (None, "x", (np.nan, 0, 1), (0, 0, 0)):
        assert dot_at_ray(dots, (0.0, 0.0, 0.0), hostile) is None
    assert dot_at_ray(np.zeros((0, 3)), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)) is None


def test_a_click_on_a_dot_goes_to_its_frame_while_the_sphere_is_shown(registered):
    clicks = SphereClicks(registered.server.viser.scene, registered.tasks)
    state = registered.session.state
    dots = dots_of(state.anchors, middle_of_person(state))
    eye = dots[24] - np.array([0.0, 0.0, 2.0])
    clicks._rays.append((eye, dots[24] - eye))
    clicks.tick(registered.session.state)
    assert registered.session.state.view.frame == 0, "there was no sphere to click at"
    registered.session.set_view(show_sphere=True)
    clicks._rays.append((eye, dots[24] - eye))
    clicks.tick(registered.session.state)
    assert registered.session.state.view.frame == 24
    middle = dots.mean(axis=0)
    np.testing.assert_allclose(np.linalg.norm(dots - middle, axis=1), RADIUS_M, rtol=0.05)
