"""The verbs of fixing: what they do to the session, and what a run makes of it."""

import numpy as np
import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import euler_to_rotmat, rotmat_to_wxyz
from tests.workbench.bench import Bench, edit
from tests.workbench.patience import assert_soon
from workbench.core.joint_now import degrees_of, joint_now
from workbench.engine.exchange import ExportRequest
from workbench.errors import WorkbenchError

FRAME = 12


@pytest.fixture
def editing(bench):
    made = edit(bench)
    bench.session.set_view(frame=FRAME, joint=20)
    bench.session.set()
    return made


def rotmat(motion):
    return LocalPose.from_motion(motion).rotmat


def edited(bench, said):
    return bench.wait(lambda state: state.corrections.said == said)


def now(bench, joint=20, motion=None):
    state = bench.state
    return joint_now(state.footage, motion or state.best, FRAME, joint)


def test_a_flip_keeps_the_pixel_and_mirrors_the_depth(bench, editing):
    before = now(bench)
    editing.fixing.flip_depth()
    state = edited(bench, "Flip the left forearm, frame 12")
    after = now(bench)
    assert after.pixels[20] == pytest.approx(before.pixels[20], abs=1.0)
    assert abs(after.position[2] - before.position[2]) > 0.02
    changed = (rotmat(state.best) != rotmat(state.initial)).flatten(1).any(dim=1)
    first, last = FRAME - 4 - 3, FRAME + 4 + 3
    assert changed.nonzero()[:, 0].tolist() == list(range(first, last + 1))
    assert state.corrections.frames == {FRAME} and state.refined is state.best


def test_a_joint_of_no_limb_cannot_be_flipped(bench, editing):
    bench.session.set_view(joint=15)
    with pytest.raises(Exception, match="belongs to no limb"):
        editing.fixing.flip_depth()
    assert bench.state.refined is None


def test_exact_angles_arrive_and_read_back(bench, editing):
    editing.fixing.turn_to(18, (10.0, -50.0, 30.0))
    state = edited(bench, "Turn the left elbow, frame 12")
    assert now(bench, 18).degrees == pytest.approx((10.0, -50.0, 30.0), abs=1e-3)
    wanted = euler_to_rotmat(torch.deg2rad(torch.tensor([10.0, -50.0, 30.0])))
    assert torch.equal(rotmat(state.best)[FRAME, 18], wanted)


@pytest.mark.parametrize("degrees", [(20.0, 90.0, 0.0), (-30.0, -90.0, 0.0), (5.0, 89.0, -7.0)])
def test_angles_read_back_also_where_two_axes_are_one(degrees):
    made = euler_to_rotmat(torch.deg2rad(torch.tensor(degrees)))
    again = euler_to_rotmat(torch.deg2rad(torch.tensor(degrees_of(made))))
    assert torch.allclose(again, made, atol=1e-3)


def test_a_dragged_slider_is_one_entry_and_leaves_no_trace_of_its_way(bench, editing):
    for angle in (5.0, 80.0, -40.0, 20.0):
        editing.fixing.turn_to(18, (0.0, angle, 0.0))
        assert_soon(lambda angle=angle: now(bench, 18).degrees[1] == pytest.approx(angle, abs=1e-3))
    direct = edit(bench)
    dragged = rotmat(bench.state.best)
    names = editing.history._list().names
    assert names[1:] == ("Turn the left elbow, frame 12",)
    editing.jump(0)
    direct.fixing.turn_to(18, (0.0, 20.0, 0.0))
    edited(bench, "Turn the left elbow, frame 12")
    assert torch.equal(rotmat(bench.state.best), dragged)


def test_the_gizmo_turns_bones_in_the_cameras_axes_as_one_entry(bench, editing):
    fixing = editing.fixing
    fixing.begin_stroke()
    wanted = euler_to_rotmat(torch.tensor([0.5, -0.2, 1.0]))
    for turn in (torch.eye(3), wanted):
        fixing.drag_turn(18, tuple(rotmat_to_wxyz(turn).tolist()))
    asked = pytest.approx(rotmat_to_wxyz(wanted).tolist(), abs=1e-5)
    assert_soon(lambda: now(bench, 18).wxyz == asked)
    state = edited(bench, "Turn the left elbow, frame 12")
    fixing.begin_stroke()
    fixing.drag_turn(18, (1.0, 0.0, 0.0, 0.0))
    bench.wait(lambda later: later.best is not state.best)
    assert len(bench.state.history.names) == 3


def test_a_joint_dragged_in_the_picture_moves_at_its_depth(bench, editing):
    before = now(bench)
    wanted = tuple(np.add(0.8 * np.array(before.pixels[20]), 0.2 * np.array(before.pixels[16])))
    editing.fixing.move_to_pixel(20, tuple(map(float, wanted)))
    edited(bench, "Move the left wrist in the picture, frame 12")
    after = now(bench)
    assert after.pixels[20] == pytest.approx(wanted, abs=0.2)
    assert after.position[2] == pytest.approx(before.position[2], abs=1e-3)
    assert after.pixels[16] == pytest.approx(before.pixels[16], abs=1e-3)


def test_the_root_moves_with_everything_on_it(bench, editing):
    before = now(bench, 0)
    point = tuple(np.add(before.position, (0.1, 0.0, -0.2)).tolist())
    editing.fixing.begin_stroke()
    editing.fixing.drag_move(0, point)
    edited(bench, "Move the pelvis, frame 12")
    assert now(bench, 0).position == pytest.approx(point, abs=1e-5)


def test_limbs_swap_in_the_window_only(bench, editing):
    editing.fixing.set_options(limbs="legs", radius=2)
    editing.fixing.swap_sides()
    state = edited(bench, "Swap left and right of the legs, frame 12")
    old, new = rotmat(state.initial), rotmat(state.best)
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
    assert torch.equal(new[FRAME, 4], mirror @ old[FRAME, 5] @ mirror)
    assert torch.equal(new[0], old[0]) and torch.equal(new[FRAME, 16], old[FRAME, 16])


def test_a_neighbors_pose_is_copied_and_the_ends_have_none(bench, editing):
    editing.fixing.copy_neighbor(-1)
    state = edited(bench, "Copy the pose before, frame 12")
    assert torch.equal(rotmat(state.best)[FRAME], rotmat(state.initial)[FRAME - 1])
    bench.session.set_view(frame=0)
    editing.fixing.copy_neighbor(-1)
    bench.wait()
    assert "No frame before" in bench.notices.recent[-1].body


def test_invalid_frames_are_marked_filled_and_unmarked(bench, editing):
    for frame in (11, 12, 13):
        bench.session.set_view(frame=frame)
        editing.fixing.mark_invalid(True)
        edited(bench, f"Mark frame {frame} invalid")
    state = bench.state
    assert state.corrections.invalid == {11, 12, 13} and not bool(state.best.valid[12])
    assert state.footage.pose(state.best, 12) is None
    editing.fixing.flip_depth()
    bench.wait()
    assert "has no pose" in bench.notices.recent[-1].body
    editing.fixing.fill()
    state = edited(bench, "Fill 3 frames")
    assert bool(state.best.valid.all()) and state.corrections.invalid == frozenset()
    assert state.corrections.frames == {11, 12, 13}
    editing.fixing.fill()
    bench.wait()
    assert "nothing to fill" in bench.notices.recent[-1].body


def test_locked_frames_and_joints_cannot_be_edited(bench, editing):
    editing.fixing.lock_frame(True)
    editing.fixing.flip_depth()
    bench.wait()
    assert "Frame 12 is locked" in bench.notices.recent[-1].body
    editing.fixing.lock_frame(False)
    bench.session.set_view(joint=18)
    editing.fixing.lock_joint(True)
    bench.session.set_view(joint=20)
    editing.fixing.flip_depth()
    bench.wait()
    assert "left elbow" in bench.notices.recent[-1].body
    assert bench.state.refined is None


def test_refining_around_an_edit_starts_there_and_holds_it(bench, editing):
    bench.tasks.step(2)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    editing.fixing.flip_depth()
    state = edited(bench, "Flip the left forearm, frame 12")
    assert state.may_change_scope and state.judged is None
    put_right = rotmat(state.best)
    editing.fixing.refine_around()
    state = bench.wait(lambda state: state.phase == "finished")
    optimizer = bench.tasks.stages._optimizer
    assert optimizer.scope.locked_frames == {FRAME}
    assert torch.equal(rotmat(optimizer.start), put_right)
    assert torch.equal(rotmat(state.best)[FRAME], put_right[FRAME])
    assert not torch.equal(rotmat(state.best)[FRAME + 1], put_right[FRAME + 1])
    assert state.corrections.frames == {FRAME} and state.scope.locked_frames == frozenset()
    with pytest.raises(WorkbenchError, match="Nothing was put right"):
        editing.fixing.refine_around()


def test_frames_that_are_not_held_may_move_again(bench, editing):
    editing.fixing.set_options(holds=False)
    editing.fixing.flip_depth()
    edited(bench, "Flip the left forearm, frame 12")
    editing.fixing.refine_around()
    bench.wait(lambda state: state.phase == "finished")
    assert bench.tasks.stages._optimizer.scope.locked_frames == frozenset()


def test_locking_after_a_run_begins_the_next_run_there(bench, editing):
    bench.tasks.step(2)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    shown = bench.state.best
    editing.fixing.lock_frame(True)
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None and state.report.step == 1)
    assert bench.tasks.stages._optimizer.start is shown
    assert bench.tasks.stages._optimizer.scope.locked_frames == {FRAME}


def test_the_guard_has_no_say_on_what_was_put_right(bench, editing, tmp_path):
    bench.tasks.run()
    state = bench.wait(lambda state: state.phase == "finished")
    assert state.judged is not None
    given_up = state.judged.given_up[0]
    bench.session.set_view(frame=given_up + 1, joint=0)
    editing.fixing.set_options(radius=0)
    editing.fixing.begin_stroke()
    editing.fixing.drag_move(0, (0.5, 0.5, 4.0))
    bench.wait(lambda state: state.corrections.motion is not None)
    out = tmp_path / "poses.npz"
    bench.tasks.export(ExportRequest(kind="motion", path=out))
    bench.wait(lambda state: state.exported != ())
    written = np.load(out)["transl"]
    assert np.array_equal(written[given_up], state.judged.motion.transl[given_up].numpy())
    here = bench.state.best.transl[given_up + 1].numpy()
    assert np.array_equal(written[given_up + 1], here) and here[2] > 3.9


def test_building_the_avatar_anew_keeps_what_was_put_right(bench, editing):
    editing.fixing.flip_depth()
    put_right = rotmat(edited(bench, "Flip the left forearm, frame 12").best)
    bench.tasks.build_avatar()
    state = bench.wait(lambda state: state.avatar is not None)
    assert torch.equal(rotmat(state.best), put_right)


def test_nothing_can_be_put_right_without_poses(tmp_path):

    empty = Bench(tmp_path)
    with pytest.raises(WorkbenchError, match="no poses to put right"):
        edit(empty).fixing.flip_depth()
    empty.tasks.stop()
