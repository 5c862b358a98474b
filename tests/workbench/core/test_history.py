"""Undo and redo: by name, without limit, over edits, settings, locks, runs; poses are shared."""

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from tests.workbench.bench import edit, launch_again
from workbench.core.history import History
from workbench.core.session import Session, SessionState
from workbench.core.shared_poses import SharedPoses
from workbench.errors import WorkbenchError


@pytest.fixture
def editing(bench):
    bench.session.set_view(frame=12, joint=20)
    return edit(bench)


def rotmat(state):
    return LocalPose.from_motion(state.best).rotmat


def flip(bench, editing, times=1):
    for _ in range(times):
        count = bench.state.history.position
        editing.fixing.flip_depth()
        bench.wait(lambda state, count=count: state.history.position > count)


def test_an_edit_is_an_entry_that_goes_back_bit_for_bit_and_on_again(bench, editing):
    before = rotmat(bench.state)
    flip(bench, editing)
    after = rotmat(bench.state)
    assert not torch.equal(before, after)
    assert bench.state.history.names == ("Open turn.mp4", "Flip the left forearm, frame 12")
    editing.undo()
    assert torch.equal(rotmat(bench.state), before)
    assert bench.state.refined is None and bench.state.corrections.frames == frozenset()
    editing.redo()
    assert torch.equal(rotmat(bench.state), after)
    assert bench.state.corrections.frames == {12}
    with pytest.raises(WorkbenchError, match="nothing to redo"):
        editing.redo()
    editing.undo()
    with pytest.raises(WorkbenchError, match="nothing to undo"):
        editing.undo()


def test_one_can_jump_to_any_entry_and_a_new_edit_drops_those_after_it(bench, editing):
    states = [rotmat(bench.state)]
    for frame in (10, 20, 30):
        bench.session.set_view(frame=frame)
        flip(bench, editing)
        states.append(rotmat(bench.state))
    for position in (1, 3, 0, 2):
        editing.jump(position)
        assert torch.equal(rotmat(bench.state), states[position])
        assert bench.state.history.position == position
    flip(bench, editing)
    assert len(bench.state.history.names) == 4
    with pytest.raises(WorkbenchError, match="not there any more"):
        editing.jump(4)


def test_settings_are_entries_and_a_dragged_slider_is_one(bench):
    now = [0.0]
    History(bench.session, clock=lambda: now[0])
    bench.session.set()
    for value in (0.3, 0.5, 0.7):
        bench.tasks.change_setting("weights.rgb", value)
        now[0] += 0.1
    names = bench.state.history.names
    assert len(names) == 2 and names[1].endswith("0.2 to 0.7"), names
    now[0] += 5.0
    bench.tasks.change_setting("weights.rgb", 0.9)
    bench.tasks.change_setting("matching.sigma_px", 9.0)
    assert len(bench.state.history.names) == 4
    bench.tasks.reset_settings()
    assert bench.state.history.names[-1] == "2 settings"


def test_a_run_is_one_entry_whose_undo_gives_the_poses_before(bench, editing):
    bench.tasks.step(3)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    after = rotmat(bench.state)
    assert bench.state.history.names[1:] == ("Refine to step 3 of 40",)
    editing.undo()
    assert bench.state.report is None and bench.state.refined is None
    editing.redo()
    assert torch.equal(rotmat(bench.state), after)
    bench.tasks.step()
    assert bench.wait(lambda state: state.report.step == 4).phase == "paused"
    assert bench.engine.calls.count("make_optimizer") == 1, "it stood where the optimizer stands"


def test_a_run_after_an_undo_starts_at_the_poses_shown(bench, editing):
    bench.tasks.step(2)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    shown = bench.state.best
    bench.tasks.step(5)
    bench.wait(lambda state: state.report.step == 7 and state.phase == "paused")
    editing.undo()
    assert bench.state.report.step == 2
    bench.tasks.step()
    state = bench.wait(lambda state: state.report.step == 1)
    assert bench.tasks.stages._optimizer.start is shown
    assert state.corrections.start is shown


def test_reset_can_be_undone(bench, editing):
    bench.tasks.step(2)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    shown = bench.state.best
    bench.tasks.reset()
    bench.wait(lambda state: state.refined is None)
    assert bench.state.history.names[-1] == "Back to the initial poses"
    editing.undo()
    assert bench.state.best is shown
    bench.tasks.step()
    bench.wait(lambda state: state.phase == "paused" and state.report.step == 1)
    assert bench.tasks.stages._optimizer.start is shown


def test_an_undone_restored_session_goes_on_from_its_poses(bench):
    bench.tasks.step(2)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    again = launch_again(bench)
    editing = edit(again)
    again.session.set()
    again.tasks.step(3)
    again.wait(lambda state: state.report is not None and state.phase == "paused")
    editing.undo()
    restored = again.state.restored
    assert restored is not None and again.state.report is None
    again.tasks.step()
    again.wait(lambda state: state.report is not None and state.phase == "paused")
    assert again.tasks.stages._optimizer.start is restored.motion
    again.tasks.stop()


def test_nothing_is_undone_while_a_run_is_under_way(slow_bench):
    bench = slow_bench
    editing = edit(bench)
    bench.tasks.change_setting("weights.rgb", 0.4)
    bench.tasks.run()
    while bench.state.phase != "running":
        pass
    with pytest.raises(WorkbenchError, match="press Pause"):
        editing.undo()
    with pytest.raises(WorkbenchError, match="press Pause"):
        editing.fixing.flip_depth()
    bench.tasks.cancel()
    bench.wait()


def test_locks_and_anchors_are_entries(bench, editing):
    editing.fixing.lock_frame(True)
    editing.fixing.lock_joint(True)
    bench.tasks.choose_anchor(5, True)
    bench.tasks.change_scope(first=4)
    assert bench.state.history.names[1:] == (
        "Lock frame 12",
        "Lock the left wrist",
        "Choose frame 5 as an anchor, or not",
        "Change what may be refined",
    )
    editing.jump(1)
    assert bench.state.scope.locked_joints == frozenset() and bench.state.includes == frozenset()
    assert bench.state.scope.locked_frames == {12}


def test_another_clip_begins_another_history(bench, editing):
    from neuhmr.clip.open_request import OpenRequest

    flip(bench, editing)
    bench.tasks.open(OpenRequest(clip=bench.state.footage.path.with_name("other.mp4")))
    state = bench.wait(lambda state: state.footage.path.name == "other.mp4")
    assert state.history.names == ("Open other.mp4",) and state.refined is None


def test_frames_that_no_edit_touched_are_kept_once(bench, editing):
    editing.fixing.set_options(radius=0)
    flip(bench, editing, times=6)
    entries = [entry.poses for entry in editing.history._entries[1:]]
    for frame in range(48):
        kept = {id(poses.rows[frame]) for poses in entries}
        assert len(kept) == (6 if frame == 12 else 1)


def test_shared_poses_give_the_motion_bit_for_bit_also_where_it_is_no_number(bench):
    motion = bench.state.initial
    motion.transl[3, 0] = torch.nan
    motion.valid[3] = False
    first = SharedPoses.of(motion)
    second = SharedPoses.of(motion, first)
    assert all(a is b for a, b in zip(first.rows, second.rows, strict=True))
    back = second.motion()
    for name in ("global_orient", "body_pose", "transl", "valid"):
        old, new = getattr(motion, name), getattr(back, name)
        assert torch.equal(old.nan_to_num(), new.nan_to_num())
    assert torch.isnan(back.transl[3, 0])


def test_a_session_without_a_clip_has_a_history_of_nothing():
    session = Session(SessionState())
    history = History(session)
    session.set(device="cuda")
    with pytest.raises(WorkbenchError):
        history.undo()


def test_stages_that_move_no_poses_are_no_entries(bench, editing):
    bench.tasks.build_avatar()
    bench.wait(lambda state: state.avatar is not None)
    bench.tasks.register()
    bench.wait(lambda state: state.anchors is not None)
    assert bench.state.history.names == ("Open turn.mp4",)
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    assert bench.state.history.names == ("Open turn.mp4", "Refine to step 1 of 40")
