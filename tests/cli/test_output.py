"""Where a command's words go."""

import logging

import pytest

from neuhmr.cli.output import error_line, install_log_handler, note, print_result, print_rows


def test_tables_align_all_columns_but_the_first_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([("a", "1", "22"), ("bcd", "333", "4")], ("name", "x", "yy"))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["name    x  yy", "a       1  22", "bcd   333   4"]
    print_rows([("a", "[red]1")])
    assert capsys.readouterr().out.strip("\n ") == "a  [red]1", "no header, no markup"
    print_rows([("a", "1")])
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_names_stay_whole_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_rows([("draft.correlation_frames", "4.0", "frames")])
    assert capsys.readouterr().out.split() == ["draft.correlation_frames", "4.0", "frames"]


def test_errors_are_one_line_that_ends(capsys: pytest.CaptureFixture[str]) -> None:
    for message, expected in (("a\n  b", "a b."), ("a b.", "a b."), ("a b?", "a b?")):
        error_line(message)
        captured = capsys.readouterr()
        assert captured.err == expected + "\n" and captured.out == ""


def test_notices_are_told_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    note("[bold] 3 frames")
    assert capsys.readouterr().err == "[bold] 3 frames\n"


def test_only_the_first_of_several_processes_reports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    print_result({"a": 1})
    print_rows([("a", "b")])
    note("c")
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_the_librarys_notices_are_shown_and_of_others_only_warnings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    install_log_handler()
    try:
        logging.getLogger("neuhmr.clip").info("a mask is empty")
        logging.getLogger("workbench.core").info("a job began")
        logging.getLogger("elsewhere").info("chatter")
        logging.getLogger("elsewhere").warning("careful")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    said = capsys.readouterr().err
    assert "a mask is empty" in said and "a job began" in said and "careful" in said
    assert "chatter" not in said and "INFO" not in said
