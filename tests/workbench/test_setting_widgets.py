"""Widgets that are made from the table of settings: all of them, and what browsers may send."""

import math
import re

import pytest

from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings import SETTINGS, preset
from neuhmr.refine.settings.table import values_of
from tests.workbench.driven_window import find, send, widgets
from tests.workbench.patience import assert_soon
from workbench.panels.setting_widgets import hint_of, label_of, position_of, positions_of, value_at

PRESETS = ("fast", "paper")
NO_VALUES = (math.nan, math.inf, -math.inf, "perhaps", "", None, [1.0], {"value": 1})
"""What no setting can be."""
NUMBERS = [row for row in SETTINGS.values() if row.kind in (int, float)]
WORDS = [row for row in SETTINGS.values() if row.kind not in (int, float)]


def named(row):
    return row.name


def setting_widgets(window):
    """Pair each widget of a setting with the setting's name, which ends its hint."""
    found = [
        (re.search(r"\((\w+(?:\.\w+)?)\)$", getattr(w, "hint", "") or ""), w)
        for w in widgets(window)
    ]
    return [(match.group(1), w) for match, w in found if match and match.group(1) in SETTINGS]


def is_on_slider(row, value):
    low, high, _ = positions_of(row)
    if row.declared.scale == "log":
        return value > 0 and low <= math.log10(value) <= high
    return low <= value <= high


def shows(row, widget, value):
    if row not in NUMBERS:
        return widget.value == value
    return abs(widget.value - position_of(row, value)) <= 0.51 * positions_of(row)[2]


SHOWN_TWICE = {"matching.epsilon", "anchors.candidates_per_anchor"}
"""Settings that a stage's own tab shows once more, beside what they change there."""


def test_every_setting_has_exactly_one_widget_or_one_more_where_its_effect_is_seen(window):
    found = setting_widgets(window)
    assert sorted(name for name, _ in found) == sorted([*SETTINGS, *SHOWN_TWICE])
    for name, widget in found:
        row = SETTINGS[name]
        assert widget.label == label_of(row)
        assert row.declared.help in widget.hint and row.declared.unit in widget.hint
        kinds = {bool: "Checkbox", str: "Dropdown"}
        assert kinds.get(row.kind, "Slider") in type(widget).__name__, name


@pytest.mark.parametrize("row", NUMBERS, ids=named)
def test_a_slider_reaches_the_presets_to_half_a_step(row):
    low, high, step = positions_of(row)
    reached = [row.value_of_preset(name) for name in PRESETS]
    reached = [value for value in reached if is_on_slider(row, value)]
    assert reached or row.default == 0, "no preset lies on the slider"
    for value in reached:
        # A dragged slider stops at whole steps only.
        stop = low + round((position_of(row, value) - low) / step) * step
        found = value_at(row, min(stop, high))
        assert type(found) is row.kind
        if row.declared.scale == "log":
            rounding = 0.5 / value if row.kind is int else 0.0
            assert abs(math.log10(found / value)) <= 0.5001 * step + rounding
        else:
            assert abs(found - value) <= 0.5001 * step


@pytest.mark.parametrize("row", NUMBERS, ids=named)
def test_positions_beyond_the_slider_count_as_its_ends(row):
    low, high, _ = positions_of(row)
    for beyond, end in ((-1e300, low), (1e300, high)):
        assert value_at(row, beyond) == value_at(row, end)
        assert row.declared.low <= value_at(row, beyond) <= row.declared.high


@pytest.mark.parametrize("row", SETTINGS.values(), ids=named)
def test_what_is_no_value_is_refused_by_name(row):
    for hostile in (*NO_VALUES, 10**400):
        with pytest.raises(NeuhmrError, match=re.escape(row.name)):
            value_at(row, hostile)


def test_hostile_values_leave_the_settings_usable(window):
    before = window.session.state.config
    found = dict(setting_widgets(window))
    beyond = (-1e300, 1e300)
    send(window, *((found[row.name], v) for row in NUMBERS for v in (*NO_VALUES, *beyond)))
    send(window, *((found[row.name], v) for row in WORDS for v in (*NO_VALUES, *beyond, 0, 1)))
    after = values_of(window.session.state.config)
    for row in NUMBERS:
        # The last of them was far too large, which a slider takes for its right end.
        assert after[row.name] == value_at(row, positions_of(row)[1]), row.name
    assert {row.name: after[row.name] for row in WORDS} == {
        row.name: row.value_in(before) for row in WORDS
    }
    send(window, (found["weights.rgb"], 1.25))
    assert window.session.state.config.weights.rgb == 1.25


def test_boxes_and_lists_change_their_setting(window):
    found = dict(setting_widgets(window))
    send(window, (found["draft.enabled"], False), (found["matching.search"], "grid"))
    config = window.session.state.config
    assert config.draft.enabled is False and config.matching.search == "grid"


@pytest.mark.parametrize("name", PRESETS)
def test_widgets_show_what_is_set_and_change_nothing_by_showing_it(window, name):
    config = preset(name)
    window.session.set(config=config)

    def wrong():
        return [
            name
            for name, widget in setting_widgets(window)
            if not shows(SETTINGS[name], widget, SETTINGS[name].value_in(config))
        ]

    assert_soon(lambda: not wrong(), lambda: f"shown wrongly: {wrong()}")
    assert window.session.state.config is config


def test_the_defaults_come_back_for_all_tabs(window):
    window.tasks.change_setting("draft.camera_height", 2.0)
    window.tasks.change_setting("guard.bias", 1.0)
    send(window, (find(window, "All settings back to the defaults"), True))
    assert window.session.state.config == window.tasks.engine.default_config()


def test_a_power_of_ten_is_told_in_the_label():
    assert label_of(SETTINGS["schedule.learning_rate"]) == "Learning rate, 10^x"
    assert label_of(SETTINGS["matching.sigma_px"]) == "Search width σ"
    assert label_of(SETTINGS["weights.rgb"]) == "Color λ_rgb"
    assert hint_of(SETTINGS["weights.rgb"]).endswith(" λ_rgb in the papers. (weights.rgb)")
    assert hint_of(SETTINGS["schedule.learning_rate"]).count("papers") == 0
