"""Makes the workbench tests' own modules (`fake_engine`, `viser_client`) importable."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bench import CLIP, Bench
from driven_window import find, settle, wait
from fake_engine import FakeEngine

from workbench.app import Workbench
from workbench.open_request import OpenRequest


@pytest.fixture
def bench(tmp_path):
    running = Bench(tmp_path)
    running.tasks.open(OpenRequest(clip=CLIP))
    running.wait(lambda state: state.footage is not None)
    yield running
    running.tasks.stop()


@pytest.fixture
def slow_bench(tmp_path):
    running = Bench(tmp_path, pause_s=0.02)
    running.tasks.open(OpenRequest(clip=CLIP))
    running.wait(lambda state: state.footage is not None)
    yield running
    running.tasks.stop()


@pytest.fixture
def window(tmp_path):
    clip = tmp_path / "turn.mp4"
    clip.touch()
    with Workbench(FakeEngine(), port=0) as running:
        running.open(OpenRequest(clip=clip))
        wait(running, lambda state: state.footage is not None)
        settle(lambda: not find(running, "Build avatar").disabled)
        yield running
