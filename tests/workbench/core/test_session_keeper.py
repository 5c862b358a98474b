"""What the next launch finds of this one."""

from pathlib import Path

import numpy as np
import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import OutputError
from tests.workbench.bench import CLIP, Bench


def launch_again(bench, **options):
    """Close the workbench and start another one on the same clip."""
    bench.tasks.stop()
    again = Bench(bench.folder, **options)
    again.tasks.open(OpenRequest(clip=CLIP))
    again.wait(lambda state: state.footage is not None)
    return again


def test_the_next_launch_shows_the_refined_poses_and_goes_on(bench):
    bench.tasks.choose_anchor(5, True)
    bench.tasks.change_settings(lambda_rgb=1.5)
    bench.tasks.step(3)
    refined = bench.wait(lambda state: state.report is not None).refined
    again = launch_again(bench)
    state = again.state
    assert (state.restored.step, state.phase, state.includes) == (3, "paused", {5})
    assert state.settings.lambda_rgb == 1.5 and len(state.losses) == 3
    np.testing.assert_allclose(state.best.transl, refined.transl, atol=1e-6)
    assert again.engine.calls == ["open"] and again.titles() == ["Restored"]
    again.tasks.step()
    state = again.wait(lambda state: state.report is not None)
    assert state.report.step == 4 and len(state.losses) == 4
    again.tasks.stop()


def test_reset_also_forgets_what_was_saved(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.reset()
    bench.wait(lambda state: state.report is None)
    again = launch_again(bench)
    assert again.state.restored is None and again.titles() == []
    again.tasks.stop()


def test_an_optimizer_that_does_not_fit_starts_afresh_and_says_so(bench):
    bench.tasks.step(3)
    bench.wait(lambda state: state.report is not None)
    again = launch_again(bench)
    again.engine.failures["load"] = OutputError("belongs to another run")
    again.tasks.step()
    assert again.wait(lambda state: state.report is not None).report.step == 1
    assert "Starting from the beginning" in again.titles()
    again.tasks.stop()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"version": 99}', '{"version": 1, "settings": {"lambda_rgb": NaN}}'],
)
def test_a_damaged_session_is_left_alone(bench, content):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    (bench.folder / "turn" / "session.json").write_text(content)
    again = launch_again(bench)
    assert again.state.restored is None and again.state.initial is not None
    assert again.titles() == ["The saved session cannot be used"]
    again.tasks.stop()


def test_a_session_folder_that_cannot_be_written_is_told_once(bench):
    bench.folder = Path("/proc/no/such")
    for _ in range(3):
        bench.tasks.step()
    bench.wait(lambda state: len(state.losses) == 3)
    assert bench.titles().count("The session cannot be saved") == 1
