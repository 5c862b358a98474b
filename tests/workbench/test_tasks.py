import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_engine import GIVEN_UP, NUM_FRAMES, FakeEngine

from neuhmr.errors import ClipError, NonFiniteError, OutputError
from workbench.engine import ExportRequest
from workbench.errors import WorkbenchError
from workbench.looks import Looks, joint_distances_mm, score_frames
from workbench.notices import Notices
from workbench.open_request import OpenRequest
from workbench.playback import Playback
from workbench.session import Session, SessionState
from workbench.session_keeper import SessionKeeper
from workbench.tasks import Tasks

PATIENCE_S = 10.0
CLIP = Path("turn.mp4")


class Bench:
    """Tasks over a fake engine, without any window."""

    def __init__(self, folder, **options):
        self.engine = FakeEngine(**options)
        self.session = Session(SessionState())
        self.notices = Notices()
        self.folder = folder
        keeper = SessionKeeper(self.engine, self.notices, lambda clip: self.folder / clip.stem)
        self.tasks = Tasks(self.session, self.engine, self.notices, Playback(), keeper)
        self.tasks.worker.start()

    @property
    def state(self):
        return self.session.state

    def wait(self, condition=lambda state: True):
        """Wait until nothing is under way and the condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if not self.tasks.worker.is_busy and self.state.job is None and condition(self.state):
                return self.state
            time.sleep(0.002)
        raise AssertionError(f"never came to rest: {self.state.job}, {self.titles()}")

    def titles(self):
        return [notice.title for notice in self.notices.recent]


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


def test_opening_shows_the_clip_and_the_default_settings(bench):
    state = bench.state
    assert state.num_frames == NUM_FRAMES and state.initial is not None
    assert state.settings == bench.engine.default_settings()
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
    expected = ["open", "build_avatar", "register", "make_refiner", "step"]
    assert bench.engine.calls[:5] == expected
    assert state.phase == "paused" and state.report.step == 1
    assert state.refined is not state.initial


def test_step_does_the_missing_stages_first(bench):
    bench.tasks.step(3)
    state = bench.wait(lambda state: state.report is not None)
    assert bench.engine.calls[1:4] == ["build_avatar", "register", "make_refiner"]
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
    bench.tasks.change_settings(lambda_rgb=3.0, sigma_px=9.0)
    bench.tasks.step()
    bench.wait(lambda state: len(state.losses) == 2)
    used = bench.tasks.stages._optimizer.settings
    assert [s.lambda_rgb for s in used] == [0.2, 3.0] and used[1].sigma_px == 9.0
    bench.tasks.reset_settings()
    assert bench.state.settings == bench.engine.default_settings()


def test_the_users_anchors_reach_the_engine(bench):
    bench.tasks.choose_anchor(5, True)
    bench.tasks.choose_anchor(8, False)
    bench.tasks.choose_anchor(16, False)
    bench.tasks.choose_anchor(16, None)
    bench.tasks.register()
    anchors = bench.wait(lambda state: state.anchors is not None).anchors.anchors
    assert 5 in anchors and 8 not in anchors and 16 in anchors


@pytest.mark.parametrize("verb", ["build_avatar", "register", "make_refiner", "step"])
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


def test_export_writes_the_refined_poses_and_lists_the_file(bench, tmp_path):
    bench.tasks.step()
    refined = bench.wait(lambda state: state.report is not None).refined
    path = tmp_path / "out.npz"
    bench.tasks.export(ExportRequest(kind="motion", path=path), is_guarded=False)
    state = bench.wait(lambda state: state.exported != ())
    assert state.exported == (str(path),)
    np.testing.assert_array_equal(np.load(path)["transl"], refined.transl.numpy())
    assert "judge" not in bench.engine.calls


def test_a_guarded_export_judges_the_frames_and_leaves_the_refined_poses_on_show(bench, tmp_path):
    bench.tasks.step()
    refined = bench.wait(lambda state: state.report is not None).refined
    path = tmp_path / "out.npz"
    bench.tasks.export(ExportRequest(kind="motion", path=path))
    state = bench.wait(lambda state: state.exported != ())
    written, kept = np.load(path)["transl"], np.ones(NUM_FRAMES, bool)
    kept[list(GIVEN_UP)] = False
    np.testing.assert_array_equal(written[kept], refined.transl.numpy()[kept])
    assert (np.abs(written - refined.transl.numpy())[~kept].max(axis=1) > 0.5).all()
    assert state.refined is refined and state.judged.given_up == GIVEN_UP
    bench.tasks.export(ExportRequest(kind="motion", path=tmp_path / "again.npz"))
    bench.wait(lambda state: len(state.exported) == 2)
    assert bench.engine.calls.count("judge") == 1


def test_verdicts_hold_until_the_next_step(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.judge()
    assert bench.wait(lambda state: state.judged is not None).judged.iou_after == 0.9
    bench.tasks.step()
    state = bench.wait(lambda state: state.report.step == 2)
    assert state.judged is None
    bench.tasks.reset()
    assert bench.wait(lambda state: state.refined is None).verdicts is None


def test_a_finished_run_is_judged_by_itself(tmp_path):
    bench = Bench(tmp_path, total_steps=3)
    bench.tasks.open(OpenRequest(clip=CLIP))
    bench.wait(lambda state: state.footage is not None)
    bench.tasks.run()
    state = bench.wait(lambda state: state.phase == "finished")
    assert state.judged is not None and bench.engine.calls.count("judge") == 1
    bench.tasks.stop()


def test_an_export_that_fails_is_a_notice(bench, tmp_path):
    bench.tasks.export(ExportRequest(kind="motion", path=tmp_path / "missing" / "out.npz"))
    bench.wait(lambda state: bench.titles() != [])
    assert bench.titles() == ["The result cannot be written"] and bench.state.exported == ()


def test_without_a_clip_nothing_can_be_exported_or_built(tmp_path):
    bench = Bench(tmp_path)
    with pytest.raises(WorkbenchError):
        bench.tasks.export(ExportRequest(kind="motion", path=Path("x.npz")))
    bench.tasks.build_avatar()
    bench.wait(lambda state: bench.titles() != [])
    assert "no clip" in bench.notices.recent[-1].body
    bench.tasks.stop()


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


def test_opening_another_clip_starts_over(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.seek(7)
    bench.tasks.open(OpenRequest(clip=Path("other.mp4")))
    state = bench.wait(lambda state: state.footage.path.name == "other.mp4")
    assert (state.avatar, state.anchors, state.report, state.view.frame) == (None, None, None, 0)


def test_torch_work_stays_on_the_compute_thread(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    assert bench.engine.threads == {"compute"}


def test_a_rendering_comes_coarse_first_and_fine_once_the_view_rests(bench):
    looks = Looks(bench.session, bench.engine, bench.tasks)
    bench.tasks.build_avatar()
    bench.wait(lambda state: state.avatar is not None)
    looks.tick(bench.state, 0.0)
    deadline = time.monotonic() + PATIENCE_S
    while bench.state.preview is None and time.monotonic() < deadline:
        time.sleep(0.002)
    assert bench.state.preview.stride == 4
    looks.tick(bench.state, 1.0)
    while bench.state.preview.stride != 1 and time.monotonic() < deadline:
        time.sleep(0.002)
    renderings = bench.engine.calls.count("preview")
    for tick in range(5):
        looks.tick(bench.state, 2.0 + tick)
    time.sleep(0.05)
    assert bench.engine.calls.count("preview") == renderings == 2


def test_joints_of_the_present_frame_are_inspected(bench):
    looks = Looks(bench.session, bench.engine, bench.tasks)
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.seek(11)
    looks.tick(bench.state, 0.0)
    deadline = time.monotonic() + PATIENCE_S
    while bench.state.joints is None and time.monotonic() < deadline:
        time.sleep(0.002)
    assert bench.state.joints.frame == 11


def test_scores_come_from_the_truth_else_from_the_change_else_from_the_masks(bench):
    bench.tasks.step()
    state = bench.wait(lambda state: state.report is not None)
    with_truth = score_frames(bench.engine, state.footage, state.refined, state.avatar)
    assert with_truth.meaning.startswith("Joint error")
    without = replace(state.footage, truth=None)
    moved = score_frames(bench.engine, without, state.refined, state.avatar)
    assert moved.meaning.startswith("How far") and (moved.values > 0).all()
    masks = score_frames(bench.engine, without, without.initial, state.avatar)
    worst = masks.worst_first()[0]
    assert state.avatar.silhouette_iou[worst] == min(state.avatar.silhouette_iou.values())
    assert score_frames(bench.engine, without, without.initial, None) is None


def test_joint_distances_ignore_where_the_person_stands(bench):
    footage = bench.state.footage
    moved = replace(footage.initial, transl=footage.initial.transl + 0.5)
    values = joint_distances_mm(bench.engine, footage, moved, footage.initial)["values"]
    np.testing.assert_allclose(values, 0.0, atol=1e-3)
