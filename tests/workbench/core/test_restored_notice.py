"""What is told of a session that was restored, and the way back from it."""

import os
import time

import pytest
import torch

from tests.workbench.bench import edit, launch_again
from workbench.core.value_words import ago


def refined_and_put_right(bench):
    """Take three steps, put a frame right, and say when that was."""
    editing = edit(bench)
    bench.tasks.step(3)
    bench.wait(lambda state: state.report is not None)
    bench.tasks.seek(7)
    editing.fixing.flip_depth()
    bench.wait(lambda state: state.corrections.frames == {7})
    bench.wait(lambda _state: (bench.folder / "turn" / "corrections.safetensors").is_file())
    bench.tasks.worker.stop()
    then = time.time() - 4 * 60
    for path in (bench.folder / "turn").iterdir():
        os.utime(path, (then, then))


def reopen(bench):
    """Launch again with everything that edits."""
    bench.tasks.stop()
    again = type(bench)(bench.folder)
    editing = edit(again)
    again.open_clip()
    return again, editing


def test_what_was_restored_is_told_with_a_way_back(bench):
    refined_and_put_right(bench)
    again, _ = reopen(bench)
    (notice,) = [notice for notice in again.notices.recent if notice.title == "Restored"]
    assert notice.body == (
        "Step 3 of 40, 1 frame put right by hand, saved 4 minutes ago. Run goes on from there."
    )
    assert (notice.offer.label, notice.offer.press) == ("Start over", "start over")
    assert notice.offer.is_due(again.state)
    again.tasks.seek(3)
    again.tasks.change_setting("weights.rgb", 0.7)
    assert notice.offer.is_due(again.state), "looking around keeps the offer"
    again.tasks.step()
    state = again.wait(lambda state: state.report is not None)
    assert not notice.offer.is_due(state), "what was done since is not to be dropped by it"
    again.tasks.stop()


def test_starting_over_keeps_versions_and_is_undone(bench):
    refined_and_put_right(bench)
    again, editing = reopen(bench)
    before, versions = again.state.refined, again.state.versions
    assert len(versions) == 1
    again.tasks.start_over()
    state = again.wait(lambda state: state.refined is None)
    assert state.versions == versions and state.restored is None
    assert state.best is state.initial
    assert again.titles()[-1] == "Back at the first poses"
    editing.undo()
    state = again.wait(lambda state: state.refined is not None)
    torch.testing.assert_close(state.refined.body_pose, before.body_pose)
    assert state.corrections.frames == {7}
    again.tasks.stop()


def test_after_starting_over_the_next_launch_begins_with_the_first_poses(bench):
    refined_and_put_right(bench)
    again, _ = reopen(bench)
    again.tasks.start_over()
    again.wait(lambda state: state.refined is None)
    third, _ = reopen(again)
    assert third.state.refined is None and len(third.state.versions) == 1
    assert third.titles() == []
    third.tasks.stop()


def test_who_does_nothing_keeps_what_was_restored(bench):
    refined_and_put_right(bench)
    again, _ = reopen(bench)
    before = again.state.refined
    third, _ = reopen(again)
    torch.testing.assert_close(third.state.refined.body_pose, before.body_pose)
    third.tasks.stop()


def test_there_is_nothing_to_start_over_from_at_the_first_poses(bench):
    bench.tasks.start_over()
    assert bench.titles() == ["These are the first poses"] and not bench.tasks.worker.is_busy
    again = launch_again(bench)
    assert again.titles() == []
    again.tasks.stop()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "just now"), (29.0, "just now"), (61.0, "1 minute ago"), (240.0, "4 minutes ago"),
     (3600.0, "1 hour ago"), (7300.0, "2 hours ago"), (3 * 86_400.0, "3 days ago")],
)  # fmt: skip
def test_times_are_told_roughly(seconds, words):
    assert ago(seconds) == words
