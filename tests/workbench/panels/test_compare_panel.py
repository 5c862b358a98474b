"""What the Compare tab says while poses move."""

from tests.workbench.driven_window import panel, wait
from tests.workbench.patience import assert_soon
from workbench.core.comparison import INITIAL, SHOWN
from workbench.panels.compare_panel import ComparePanel


def test_numbers_of_before_a_run_are_said_to_be_old_while_it_moves_the_poses(window):
    compare = panel(window, ComparePanel)
    compare._editing.comparisons.choose(INITIAL, SHOWN)
    wait(window, lambda state: state.comparison is not None and state.comparison.second == SHOWN)
    assert_soon(lambda: compare._old.content == "")
    window.tasks.engine.pause_s = 0.15
    window.tasks.run()
    assert_soon(lambda: "the poses have moved since" in compare._old.content)
    window.tasks.pause()
    wait(window, lambda state: state.phase == "paused")
    assert_soon(lambda: compare._old.content == "")
