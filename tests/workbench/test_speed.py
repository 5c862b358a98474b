"""The measure of the window's speed, over the toy engine."""

import asyncio
import json

import pytest

from neuhmr.cli.lab import benchmark_window
from neuhmr.cli.lab.benchmark_window import BenchmarkWindow
from neuhmr.errors import NeuhmrError
from tests.workbench.patience import PATIENCE_S
from workbench.speed import measures
from workbench.speed.hand import Hand

RESULT = {
    "first_picture_s": 1.234, "scrub_hz": 29.96, "to_callback_ms": 1.04, "to_picture_ms": 44.4,
    "first_step_s": 20.0, "pause_heard_ms": 2.0, "pause_s": 0.5, "device": "cpu",
}  # fmt: skip


CANCELLED = {
    "avatar_s": 7.9, "register_s": 3.0, "cancel_avatar_ms": 20.0, "cancel_avatar_most_ms": 51.0,
    "cancel_register_ms": None, "cancel_register_most_ms": None, "cancel_sweep_ms": 40.0,
    "cancel_sweep_most_ms": 90.0,
}  # fmt: skip
REMEMBERED = {"rss_mb": [812.2, 815.9], "played_hz": 28.04, "steps": 144}


def test_what_a_hand_does_is_timed(window, monkeypatch):
    monkeypatch.setattr(measures, "SCRUB_S", 1.5)
    monkeypatch.setattr(measures, "ROUNDS", 3)
    hand = Hand(window)
    figures = asyncio.run(measures.scrub_and_slide(hand))
    assert figures["scrub_hz"] > 0.0 and hand.num_pictures >= 3
    assert 0.0 < figures["to_callback_ms"] < figures["to_picture_ms"]
    window.tasks.engine.pause_s = 0.05
    figures = asyncio.run(measures.pause(hand, 2))
    assert figures["first_step_s"] > 0.05 and 0.0 < figures["pause_s"] < 30.0
    assert window.session.state.phase == "paused" and window.session.state.report.step >= 2


def test_long_jobs_are_cancelled_at_several_moments(window, monkeypatch):
    monkeypatch.setattr(measures, "CANCEL_SHARES", (0.1, 0.5))
    window.tasks.engine.pause_s = 0.15
    figures = asyncio.run(measures.cancel(Hand(window)))
    calls = window.tasks.engine.calls
    assert (calls.count("build_avatar"), calls.count("register")) == (3, 3)
    assert figures["avatar_s"] > 8 * 0.15 and window.session.state.sweep is not None
    for job in ("avatar", "register", "sweep"):
        middle, most = figures[f"cancel_{job}_ms"], figures[f"cancel_{job}_most_ms"]
        assert 0.0 < middle <= most < 1000.0 * PATIENCE_S
    assert window.session.state.job is None


def test_memory_is_read_while_the_clip_plays_and_is_refined(window, monkeypatch):
    monkeypatch.setattr(measures, "_MINUTE_S", 1.5)
    window.tasks.engine.total_steps = 4
    figures = asyncio.run(measures.remember(Hand(window), 2))
    assert len(figures["rss_mb"]) == 2 and min(figures["rss_mb"]) > 10.0
    assert figures["steps"] > 4, "it began anew when it was done"
    assert figures["played_hz"] > 0.0
    assert not window.session.state.view.is_playing and window.session.state.job is None


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
    assert "Cancel" not in printed and "Memory" not in printed


def test_cancelling_and_memory_are_measured_where_they_are_asked_for(monkeypatch, capsys, tmp_path):
    asked = []

    def run(command, **_options):
        asked.append(command)
        return Done(0, json.dumps(RESULT | CANCELLED | REMEMBERED))

    monkeypatch.setattr(benchmark_window.subprocess, "run", run)
    command = BenchmarkWindow(
        clip=tmp_path / "own.mp4", poses=tmp_path / "own.npz", cancel=True, minutes=2
    )
    command.show(command.run())
    said = " ".join(asked[0])
    assert f"--clip {tmp_path / 'own.mp4'}" in said and f"--poses {tmp_path / 'own.npz'}" in said
    assert "--minutes 2" in said and "--cancel" in said
    printed = capsys.readouterr().out
    assert "20 ms, at most 51 ms" in printed and "it was done sooner" in printed
    assert "812, 816 MB" in printed and "7.9 s" in printed and "144" in printed


@pytest.mark.parametrize("options", [{"minutes": -1}, {"minutes": 601}, {"steps": 0}])
def test_impossible_options_are_refused(options):
    with pytest.raises(NeuhmrError, match="were expected"):
        BenchmarkWindow(**options).run()


def test_a_mistake_of_the_users_is_told_in_its_own_words(monkeypatch):
    failed = Done(2, "", "something else\nturn.mp4 is no video; check the path.\n")
    monkeypatch.setattr(benchmark_window.subprocess, "run", lambda *_a, **_k: failed)
    with pytest.raises(NeuhmrError, match="is no video"):
        BenchmarkWindow().run()
