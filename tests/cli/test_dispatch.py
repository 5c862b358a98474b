"""From words to commands: help, mistakes, what goes to stdout."""

import json

import pytest

from neuhmr.cli import main
from neuhmr.cli.dispatch import COMMANDS
from neuhmr.cli.output import print_result

SCREEN_LINES = 66  # Of a tall window: refine has an option for every main setting.


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in out
    assert len(out.splitlines()) < 25


@pytest.mark.parametrize("name", COMMANDS)
def test_each_commands_help_fits_a_screen(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"neuhmr {name}" in lines[0]
    assert len(lines) <= SCREEN_LINES, f"{name}'s help has {len(lines)} lines"


def test_a_mistyped_command_gets_the_likely_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evalute"]) == 2
    captured = capsys.readouterr()
    assert captured.err == 'There is no command "evalute"; did you mean "evaluate"?\n'
    assert captured.out == ""


def test_a_missing_option_ends_with_code_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "a.npz"])
    assert ended.value.code == 2


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_result({"a": float("nan"), "b": [1.5, float("inf")], "c": {"d": None}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [1.5, None], "c": {"d": None}}


def test_rare_options_are_shown_when_all_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {}
    for option in ("--help", "--help-all"):
        with pytest.raises(SystemExit) as ended:
            main(["refine", option])
        assert ended.value.code == 0
        shown[option] = capsys.readouterr().out
    for rare in ("--camera-name", "--focal", "--fov"):
        assert rare not in shown["--help"] and rare in shown["--help-all"]
    assert "--help-all" in shown["--help"]
