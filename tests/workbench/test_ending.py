"""The program is ended in all ways there are, in the middle of a step, as a real process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench.bench import Bench
from tests.workbench.patience import PATIENCE_S, assert_soon
from workbench.core.session_lock import LOCK_NAME, SessionLock

pytestmark = pytest.mark.slow  # Each starts the whole program.
ROOT = Path(__file__).parents[2]
STEP_S = 0.3


@pytest.fixture
def start(tmp_path: Path):
    """Start windows on one session folder, which refine at once."""
    (tmp_path / "turn.mp4").write_bytes(b"x")
    started = []

    def launch(seconds: float = STEP_S) -> subprocess.Popen[str]:
        words = [str(seconds), str(tmp_path / "turn.mp4"), "--session", str(tmp_path / "session")]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.workbench.run_toy", *words, "--port", "0"],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


def saved_step(folder: Path) -> int:
    """How far the saved session is; 0 where there is none."""
    path = folder / "session" / "session.json"
    return json.loads(path.read_text())["step"] if path.is_file() else 0


def wait_for_step(folder: Path, step: int) -> None:
    assert_soon(lambda: saved_step(folder) >= step, lambda: f"saved step {saved_step(folder)}")


def leave_of(folder: Path) -> None:
    """The session is whole: its poses, its optimizer, and nothing half written."""
    data = json.loads((folder / "session" / "session.json").read_text())
    optimizer = folder / "session" / f"optimizer{data['slot']}.safetensors"
    assert int(optimizer.read_text()) == data["step"]
    assert (folder / "session" / f"refined{data['slot']}.npz").is_file()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_of_a_step_saves_it_and_ends_cleanly(
    number: signal.Signals, code: int, start, tmp_path: Path
) -> None:
    process = start(seconds=1.5)
    wait_for_step(tmp_path, 1)
    amidst = tmp_path / "turn.step"
    assert_soon(lambda: amidst.read_text() not in ("", "1"), lambda: "no second step")
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, said
    assert "Stopping after the step in hand" in said and "has stopped" in said
    assert "Traceback" not in said and "terminate called" not in said
    assert saved_step(tmp_path) == int(amidst.read_text()) > 1, "the step in hand was dropped"
    leave_of(tmp_path)
    names = {path.name for path in (tmp_path / "session").iterdir()}
    assert LOCK_NAME not in names and not any(name.startswith(".") for name in names)


def test_a_second_signal_ends_at_once(start, tmp_path: Path) -> None:
    process = start(seconds=3.0)
    wait_for_step(tmp_path, 1)
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert_soon(lambda: "once more" in process.stderr.readline(), lambda: "no word of it")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE_S) == -signal.SIGTERM
    leave_of(tmp_path)


def test_a_killed_window_has_lost_one_long_step_at_most(start, tmp_path: Path) -> None:
    process = start(seconds=1.2)
    wait_for_step(tmp_path, 3)
    process.kill()
    process.wait()
    assert saved_step(tmp_path) >= 3
    leave_of(tmp_path)
    # The lock that it leaves behind is nobody's, and the next window takes it.
    assert (tmp_path / "session" / LOCK_NAME).is_file()
    assert SessionLock().hold(tmp_path / "session") is None


def test_short_steps_are_saved_every_few_seconds(start, tmp_path: Path) -> None:
    process = start(seconds=0.05)
    wait_for_step(tmp_path, 2)
    first = saved_step(tmp_path)
    wait_for_step(tmp_path, first + 1)
    process.kill()
    process.wait()
    leave_of(tmp_path)
    assert first > 10 and saved_step(tmp_path) > first + 10, "every step was saved"


def test_a_second_window_is_told_whose_the_session_is_and_saves_nothing(
    start, tmp_path: Path
) -> None:
    process = start(seconds=1.2)
    wait_for_step(tmp_path, 1)
    (tmp_path / "turn").symlink_to(tmp_path / "session")
    bench = Bench(tmp_path)  # Its session folder is named after the clip.
    bench.open_clip()
    assert bench.state.restored is not None, "it shows what was saved"
    bench.tasks.reset()
    bench.wait(lambda state: state.restored is None)
    bench.tasks.step(2)
    bench.wait(lambda state: state.report is not None)
    told = [n.body for n in bench.notices.recent if n.title == "This session is open elsewhere"]
    assert len(told) == 1 and f"process {process.pid} on " in told[0]
    assert "--session" in told[0]
    bench.tasks.stop()
    reached = saved_step(tmp_path)
    wait_for_step(tmp_path, reached + 1)
    leave_of(tmp_path)
