"""An open clip, with a window and without one."""

import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.bench import CLIP, Bench
from tests.workbench.driven_window import find, wait
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.patience import assert_soon
from workbench.app import Workbench


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
        assert_soon(lambda: not find(running, "Build avatar").disabled)
        yield running
