"""Heatmaps are rendered for what the user rests on, and for nothing else."""

from dataclasses import replace

import pytest

from neuhmr.errors import CheckpointError
from tests.workbench.patience import assert_soon
from workbench.core.keypoint_looks import KeypointLooks
from workbench.core.worker import Look
from workbench.engine.free_view import Viewpoint
from workbench.errors import WorkbenchError

ASIDE = Viewpoint((0.924, 0.0, -0.383, 0.0), (2.0, 0.0, 1.0))


class Wishes:
    """Takes looks instead of the compute thread; keeps the newest of each slot."""

    def __init__(self):
        self.slots: dict[str, Look] = {}

    def take(self, slot, look):
        self.slots[slot] = look

    def done(self):
        for slot in list(self.slots):
            self.slots.pop(slot).compute()


@pytest.fixture
def ready(bench):
    bench.tasks.build_avatar()
    bench.wait(lambda state: state.avatar is not None)
    bench.session.set_view(find_keypoints=True)
    wishes = Wishes()
    return bench, wishes, KeypointLooks(bench.session, wishes.take)


def rest(bench, looks):
    looks.tick(bench.state, 0.0)
    looks.tick(bench.state, 1.0)


def test_only_a_frame_that_was_rested_on_is_looked_at(ready):
    bench, wishes, looks = ready
    for tick, frame in enumerate((3, 9, 21)):
        bench.tasks.seek(frame)
        looks.tick(bench.state, 0.1 * tick)
    assert wishes.slots == {}, "the user was still scrubbing"
    looks.tick(bench.state, 1.0)
    wishes.done()
    assert bench.state.keypoints_now.report.frame == 21
    assert bench.engine.calls.count("keypoints") == 1
    bench.tasks.seek(4)
    assert bench.state.keypoints_now is None


@pytest.mark.parametrize("reason", ["off", "playing", "refining", "no avatar", "no weights"])
def test_nothing_is_looked_at_where_it_cannot_or_should_not(ready, reason):
    bench, wishes, looks = ready
    state = bench.state
    state = {
        "off": replace(state, view=replace(state.view, find_keypoints=False)),
        "playing": replace(state, view=replace(state.view, is_playing=True)),
        "refining": replace(state, phase="running"),
        "no avatar": replace(state, avatar=None),
        "no weights": replace(state, avatar=replace(state.avatar, heatmaps_missing="none")),
    }[reason]
    looks.tick(state, 0.0)
    looks.tick(state, 1.0)
    assert wishes.slots == {}


def test_the_source_and_the_shown_poses_are_asked_for(ready):
    bench, wishes, looks = ready
    bench.tasks.step()
    refined = bench.wait(lambda state: state.report is not None).refined
    bench.session.set_view(keypoint_source="anchors")
    rest(bench, looks)
    wishes.done()
    look = bench.state.keypoints_now
    assert look.motion is refined and look.report.source == "anchors"
    bench.session.set_view(shown="initial")
    assert bench.state.keypoints_now is None
    rest(bench, looks)
    wishes.done()
    assert bench.state.keypoints_now.motion is bench.state.initial


def test_a_new_avatar_makes_old_keypoints_stale(ready):
    bench, wishes, looks = ready
    rest(bench, looks)
    wishes.done()
    assert bench.state.keypoints_now is not None
    bench.session.set(avatar=replace(bench.state.avatar))
    assert bench.state.keypoints_now is None


def test_a_free_view_follows_the_frame_but_not_another_viewpoint(ready):
    bench, wishes, looks = ready
    bench.session.set_view(viewpoint=ASIDE)
    rest(bench, looks)
    wishes.done()
    assert bench.state.free_view_now.rendering.image.max() > 50
    bench.tasks.seek(7)
    assert bench.state.free_view_now is None
    looks.tick(bench.state, 2.0)
    looks.tick(bench.state, 3.0)
    wishes.done()
    assert bench.state.free_view_now.frame == 7
    bench.session.set_view(viewpoint=replace(ASIDE, position=(2.0, 0.1, 1.0)))
    assert bench.state.free_view_now is None


def test_failures_that_the_user_can_mend_are_told_in_place(ready):
    bench, wishes, looks = ready
    bench.engine.failures["keypoints"] = CheckpointError("no heatmap weights")
    bench.engine.failures["view_heatmaps"] = WorkbenchError("turn the view")
    bench.session.set_view(viewpoint=ASIDE)
    rest(bench, looks)
    wishes.done()
    assert bench.state.keypoints_now.problem == "no heatmap weights"
    assert bench.state.free_view_now.problem == "turn the view"
    assert [n for n in bench.notices.recent if n.kind == "error"] == []


def test_the_compute_thread_drops_wishes_that_are_stale(bench):
    bench.tasks.build_avatar()
    bench.wait(lambda state: state.avatar is not None)
    bench.session.set_view(find_keypoints=True)
    looks = KeypointLooks(bench.session, bench.tasks.worker.request_look)
    bench.engine.pause_s = 0.1
    for number, frame in enumerate((1, 2, 3, 4, 5, 6)):
        bench.tasks.seek(frame)
        looks.tick(bench.state, 10.0 * number)
        looks.tick(bench.state, 10.0 * number + 1.0)
    assert_soon(lambda: bench.state.keypoints_now is not None)
    assert bench.state.keypoints_now.frame == 6
    # The first may have been begun; those in between never are.
    assert bench.engine.calls.count("keypoints") <= 2
    assert bench.engine.threads == {"compute"}
