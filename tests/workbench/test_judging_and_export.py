"""Which poses are written, and what becomes of failures."""

from pathlib import Path

import numpy as np
import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.bench import CLIP, Bench
from tests.workbench.fake_optimizer import GIVEN_UP
from tests.workbench.synthetic_figure import NUM_FRAMES
from workbench.engine.exchange import ExportRequest
from workbench.errors import WorkbenchError
from workbench.panels.refine_panel import frame_verdict


def test_export_writes_the_refined_poses_and_lists_the_file(bench, tmp_path):
    bench.tasks.step()
    refined = bench.wait(lambda state: state.report is not None).refined
    path = tmp_path / "out.npz"
    bench.tasks.export(ExportRequest(kind="motion", path=path), is_guarded=False)
    state = bench.wait(lambda state: state.exported != ())
    assert state.exported == (str(path),)
    assert state.export_remarks == ("The toy knows no world.",)
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


def test_the_shown_frames_verdict_is_one_line(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    assert frame_verdict(bench.state) == ""
    bench.tasks.judge()
    bench.wait(lambda state: state.judged is not None)
    kept = "Frame 0: 100 % refined · silhouette 0.71→0.93 · joints 0.52→0.81"
    assert kept in frame_verdict(bench.state)
    bench.tasks.seek(GIVEN_UP[0])
    assert "Frame 3: 20 % refined · silhouette 0.71→0.66" in frame_verdict(bench.state)
