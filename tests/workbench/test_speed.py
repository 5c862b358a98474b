"""The measure of the window's speed, over the toy engine."""

import asyncio
import json

import pytest

from neuhmr.cli.lab import benchmark_window
from neuhmr.cli.lab.benchmark_window import BenchmarkWindow
from neuhmr.errors import NeuhmrError
from workbench import speed
from workbench.speed import Hand

RESULT = {
    "first_picture_s": 1.234, "scrub_hz": 29.96, "to_callback_ms": 1.04, "to_picture_ms": 44.4,
    "first_step_s": 20.0, "pause_heard_ms": 2.0, "pause_s": 0.5, "device": "cpu",
}  # fmt: skip


def test_what_a_hand_does_is_timed(window, monkeypatch):
    monkeypatch.setattr(speed, "SCRUB_S", 0.4)
    monkeypatch.setattr(speed, "ROUNDS", 3)
    hand = Hand(window)
    figures = asyncio.run(hand.scrub_and_slide())
    assert figures["scrub_hz"] > 1.0 and hand.num_pictures >= 3
    assert 0.0 < figures["to_callback_ms"] < figures["to_picture_ms"]
    window.tasks.engine.pause_s = 0.05
    figures = asyncio.run(hand.pause(2))
    assert figures["first_step_s"] > 0.05 and 0.0 < figures["pause_s"] < 30.0
    assert window.session.state.phase == "paused" and window.session.state.report.step >= 2


class Done:
    def __init__(self, returncode, stdout="", stderr=""):
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr


def test_the_command_prints_what_the_other_process_measured(monkeypatch, capsys):
    asked = []

    def run(command, **_options):
        asked.append(command)
        return Done(0, f"noise\n{json.dumps(RESULT)}\n")

    monkeypatch.setattr(benchmark_window.subprocess, "run", run)
    command = BenchmarkWindow(steps=5)
    result = command.run()
    assert result == RESULT and asked[0][-1] == "5" and "workbench.speed" in asked[0]
    command.show(result)
    printed = capsys.readouterr().out
    assert "1.23 s" in printed and "30.0" in printed and "0.50 s" in printed


def test_a_mistake_of_the_users_is_told_in_its_own_words(monkeypatch):
    failed = Done(2, "", "something else\nturn.mp4 is no video; check the path.\n")
    monkeypatch.setattr(benchmark_window.subprocess, "run", lambda *_a, **_k: failed)
    with pytest.raises(NeuhmrError, match="is no video"):
        BenchmarkWindow().run()
