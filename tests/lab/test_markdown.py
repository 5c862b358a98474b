"""Numbers in tables, and the tables."""

import pytest

from neuhmr.lab.markdown import (
    averaged_over,
    estimate,
    figure_table,
    number,
    plain,
    share,
    table,
)

ROW = {"name": "a", "error": 12.345, "error_ci": [11.0, 14.06], "part": 0.256, "none": None}


@pytest.mark.parametrize(
    ("figure", "written"),
    [
        (number("error"), "12.3"),
        (number("error", 0), "12"),
        (share("part"), "26 %"),
        (estimate("error", 2), "12.35 [11.00, 14.06]"),
        (estimate("error", 0, 10.0, " mm"), "123 mm [110, 141]"),
        (estimate("part", 1), "0.3"),
        (estimate("none"), "–"),
        (number("missing"), "–"),
        (share("none"), "–"),
    ],
)
def test_figures_are_written_with_their_digits_unit_and_interval(figure, written) -> None:
    assert figure(ROW) == written
    assert plain(2.0, 1, 3.0, " s") == "6.0 s"


def test_an_interval_alone_is_no_figure() -> None:
    assert estimate("error")({"error": None, "error_ci": [1.0, 2.0]}) == "–"
    assert estimate("error")({"error": 1.0, "error_ci": None}) == "1.0"


def test_names_stand_to_the_left_and_figures_to_the_right() -> None:
    figures = {"error (px)": number("error"), "part": share("part")}
    lines = figure_table("method", figures, [ROW], lambda row: row["name"]).splitlines()
    assert lines == [
        "| method | error (px) | part |", "|---|---:|---:|", "| a | 12.3 | 26 % |",
    ]  # fmt: skip
    assert table("joint", ["x"], iter([("knee", iter(["1"]))])).splitlines()[2] == "| knee | 1 |"


def test_the_foot_says_what_means_are_over() -> None:
    assert averaged_over("clips") == "means over clips, in brackets 95 % intervals over clips."
