"""From a clip to refined poses: the window's verbs, one after the other."""

import time
from pathlib import Path

import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError, NonFiniteError
from tests.workbench.bench import CLIP, Bench
from tests.workbench.synthetic_figure import NUM_FRAMES
from workbench.core.worker import MAX_WAITING_JOBS
from workbench.errors import WorkbenchError


def test_opening_shows_the_clip_and_the_default_settings(bench):
    state = bench.state
    assert state.num_frames == NUM_FRAMES and state.initial is not None
    assert state.config == bench.engine.default_config()
    assert bench.engine.calls == ["open"]


def test_a_clip_without_poses_is_initialized_by_itself(tmp_path):
    bench = Bench(tmp_path, has_poses=False)
    bench.tasks.open(OpenRequest(clip=CLIP))
    state = bench.wait(lambda state: state.initial is not None)
    assert bench.engine.calls == ["open", "initialise"]
    assert state.footage.source == "initializer"
    assert bench.titles() == ["No poses beside the clip", "First poses found"]
    bench.tasks.stop()


def test_cancelling_the_initializer_leaves_the_clip_open(tmp_path):
    bench = Bench(tmp_path, has_poses=False, pause_s=0.05)
    bench.tasks.open(OpenRequest(clip=CLIP))
    while "initialise" not in bench.engine.calls:
        time.sleep(0.002)
    bench.tasks.cancel()
    state = bench.wait()
    assert state.footage is not None and state.initial is None
    assert bench.titles()[-1] == "Cancelled"
    bench.tasks.stop()


def test_stages_build_on_each_other(bench):
    bench.tasks.build_avatar()
    bench.tasks.register()
    bench.tasks.step()
    state = bench.wait(lambda state: state.report is not None)
    expected = ["open", "build_avatar", "register", "make_optimizer", "step"]
    assert bench.engine.calls[:5] == expected
    assert state.phase == "paused" and state.report.step == 1
    assert state.refined is not state.initial


def test_step_does_the_missing_stages_first(bench):
    bench.tasks.step(3)
    state = bench.wait(lambda state: state.report is not None)
    assert bench.engine.calls[1:4] == ["build_avatar", "register", "make_optimizer"]
    assert state.report.step == 3 and len(state.losses) == 3


def test_run_goes_to_the_end_and_says_so(bench):
    bench.tasks.run()
    state = bench.wait(lambda state: state.phase == "finished")
    assert state.report.step == bench.engine.total_steps
    assert "Refinement finished" in bench.titles()
    bench.tasks.run()
    bench.tasks.step()
    assert bench.titles()[-2:] == ["Already finished", "Already finished"]
    assert bench.wait().report.step == bench.engine.total_steps


def test_pause_stops_within_150_ms_and_run_goes_on(slow_bench):
    bench = slow_bench
    bench.tasks.run()
    while bench.state.report is None or bench.state.report.step < 3:
        time.sleep(0.002)
    started = time.monotonic()
    bench.tasks.pause()
    state = bench.wait(lambda state: state.phase == "paused")
    assert time.monotonic() - started < 0.15
    at_pause = state.report.step
    assert 3 <= at_pause < bench.engine.total_steps
    bench.tasks.step()
    assert bench.wait(lambda state: state.report.step > at_pause).report.step == at_pause + 1


def test_pause_does_nothing_when_nothing_runs(bench):
    before = bench.state
    bench.tasks.pause()
    assert bench.state is before


def test_reset_goes_back_to_the_initial_poses_and_keeps_the_stages(bench):
    bench.tasks.step(2)
    anchors = bench.wait(lambda state: state.report is not None).anchors
    bench.tasks.reset()
    state = bench.wait(lambda state: state.report is None)
    assert state.phase == "idle" and state.losses == () and state.best is state.initial
    assert state.anchors is anchors and state.joints is None
    bench.tasks.step()
    assert bench.wait(lambda state: state.report is not None).report.step == 1
    assert bench.engine.calls.count("build_avatar") == 1


def test_reset_while_running_stops_first(slow_bench):
    bench = slow_bench
    bench.tasks.run()
    while bench.state.report is None:
        time.sleep(0.002)
    bench.tasks.reset()
    state = bench.wait(lambda state: state.report is None)
    assert state.phase == "idle"


def test_building_again_drops_what_was_built_on_the_old_avatar(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.build_avatar()
    state = bench.wait(lambda state: state.report is None)
    assert state.avatar is not None and state.anchors is None and state.phase == "idle"


def test_sliders_act_on_the_next_step(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.change_setting("weights.rgb", 3.0)
    bench.tasks.change_setting("matching.sigma_px", 9.0)
    bench.tasks.step()
    bench.wait(lambda state: len(state.losses) == 2)
    used = bench.tasks.stages._optimizer.configs
    assert [config.weights.rgb for config in used] == [0.2, 3.0]
    assert used[1].matching.sigma_px == 9.0
    bench.tasks.reset_settings()
    assert bench.state.config == bench.engine.default_config()


def test_the_users_anchors_reach_the_engine(bench):
    bench.tasks.choose_anchor(5, True)
    bench.tasks.choose_anchor(8, False)
    bench.tasks.choose_anchor(16, False)
    bench.tasks.choose_anchor(16, None)
    bench.tasks.register()
    anchors = bench.wait(lambda state: state.anchors is not None).anchors.anchors
    assert 5 in anchors and 8 not in anchors and 16 in anchors


@pytest.mark.parametrize("verb", ["build_avatar", "register", "make_optimizer", "step"])
def test_a_failure_is_a_notice_and_the_next_job_works(bench, verb):
    bench.engine.failures[verb] = ClipError("turn.mp4 shows nobody; choose another clip.")
    bench.tasks.step()
    bench.wait(lambda state: bench.titles() != [])
    assert bench.titles() == ["The clip cannot be used"]
    assert bench.state.phase == "idle" and bench.state.footage is not None
    del bench.engine.failures[verb]
    bench.tasks.step()
    assert bench.wait(lambda state: state.report is not None).report.step == 1


def test_a_clip_that_cannot_be_opened_leaves_the_present_one(bench):
    before = bench.state.footage
    bench.tasks.open(OpenRequest(clip=Path("notes.txt")))
    bench.wait(lambda state: bench.titles() != [])
    assert bench.state.footage is before
    assert "notes.txt" in bench.notices.recent[-1].body


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_poses(bench):
    bench.tasks.step(2)
    good = bench.wait(lambda state: state.report is not None).refined
    bench.engine.failures["step"] = NonFiniteError("The term rgb is NaN in frame 4.")
    bench.tasks.run()
    state = bench.wait(lambda state: state.phase == "failed")
    assert state.refined is good and bench.titles()[-1] == "The optimizer stopped"
    del bench.engine.failures["step"]
    bench.tasks.step()
    assert bench.wait(lambda state: state.report.step == 3).phase == "paused"


def test_opening_another_clip_starts_over(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.seek(7)
    bench.tasks.open(OpenRequest(clip=Path("other.mp4")))
    state = bench.wait(lambda state: state.footage.path.name == "other.mp4")
    assert (state.avatar, state.anchors, state.report, state.view.frame) == (None, None, None, 0)


def test_settings_are_kept_when_another_clip_is_opened(bench):
    bench.tasks.change_setting("weights.rgb", 3.0)
    bench.tasks.open(OpenRequest(clip=Path("other.mp4")))
    state = bench.wait(lambda state: state.footage.path.name == "other.mp4")
    assert state.config.weights.rgb == 3.0 and state.device == bench.engine.device


def test_torch_work_stays_on_the_compute_thread(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    assert bench.engine.threads == {"compute"}


def test_one_button_plays_and_pauses_at_the_frame_that_is_shown(bench):
    bench.tasks.seek(5)
    bench.tasks.toggle_playing()
    assert bench.state.view.is_playing and bench.tasks.playback.is_playing
    assert bench.state.view.frame == 5
    time.sleep(0.1)
    bench.tasks.toggle_playing()
    assert not bench.state.view.is_playing and not bench.tasks.playback.is_playing
    # At 24 frames a second, at least two frames have passed.
    assert bench.state.view.frame == bench.tasks.playback.frame(time.monotonic()) >= 7


def test_pressing_run_twice_is_one_run_and_pause_ends_it(slow_bench):
    slow_bench.tasks.build_avatar()
    slow_bench.tasks.run()
    slow_bench.tasks.run()
    slow_bench.tasks.step()
    while slow_bench.state.report is None:
        time.sleep(0.002)
    slow_bench.tasks.pause()
    state = slow_bench.wait(lambda state: state.phase == "paused")
    reached = state.report.step
    assert reached < 40 and slow_bench.engine.calls.count("step") == reached


def test_a_run_that_is_paused_while_it_waits_does_not_begin(slow_bench):
    slow_bench.tasks.build_avatar()
    slow_bench.tasks.run()
    slow_bench.tasks.pause()
    state = slow_bench.wait(lambda state: state.avatar is not None and state.phase == "idle")
    assert state.report is None and "step" not in slow_bench.engine.calls


def test_a_run_that_waits_for_a_clip_begins_when_it_is_open(slow_bench):
    slow_bench.tasks.open(OpenRequest(clip=CLIP))
    slow_bench.tasks.run()
    while slow_bench.state.report is None:
        time.sleep(0.002)
    slow_bench.tasks.pause()
    assert slow_bench.wait(lambda state: state.phase == "paused").report.step >= 1


def test_a_run_that_is_cancelled_while_it_waits_saves_nothing(slow_bench):
    settled = []
    slow_bench.tasks.stages.on_settled = settled.append
    slow_bench.tasks.build_avatar()
    slow_bench.tasks.run()
    slow_bench.tasks.cancel()
    state = slow_bench.wait(lambda state: state.phase == "idle" and state.job is None)
    assert state.report is None and settled == [] and "step" not in slow_bench.engine.calls


def test_a_run_that_finds_no_place_leaves_the_state_as_it_was(slow_bench):
    for _ in range(MAX_WAITING_JOBS + 1):
        slow_bench.tasks.build_avatar()
        time.sleep(0.01)
    with pytest.raises(WorkbenchError, match="Too much is waiting"):
        slow_bench.tasks.run()
    assert slow_bench.state.phase == "idle"
    slow_bench.tasks.cancel()
