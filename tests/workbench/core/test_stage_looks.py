"""What the stages' tabs lack is computed in the background, once, and for as long as it holds."""

import numpy as np
import pytest

from tests.workbench.patience import assert_soon
from tests.workbench.synthetic_figure import NUM_FRAMES
from workbench.core.identity import SameObjects
from workbench.core.looks import Looks
from workbench.core.stage_looks import matches_key, quality_key
from workbench.core.stage_results import PerFrame
from workbench.core.stage_tasks import set_stages
from workbench.engine.free_view import Viewpoint


@pytest.fixture
def looking(bench):
    """A registered clip with a step behind it, and looks that can be ticked."""
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    return bench, Looks(bench.session, bench.tasks)


def tick_until(bench, looks, condition):
    def found():
        looks.tick(bench.state, 0.0)
        return condition(bench.state)

    return assert_soon(found)


def known_matches(state):
    return state.stage_results.matches.of(matches_key(state))


def test_values_of_other_things_are_dropped():
    one, other = SameObjects(1), SameObjects(2)
    values = PerFrame().plus(one, 3, "a").plus(one, 5, "b")
    assert dict(values.of(one)) == {3: "a", 5: "b"} and not values.of(other)
    assert dict(values.plus(other, 7, "c").values) == {7: "c"}


def test_keys_of_keys_are_equal_where_their_parts_are():
    part = object()
    assert SameObjects(SameObjects(part), 1) == SameObjects(SameObjects(part), 1)
    assert hash(SameObjects(SameObjects(part), 1)) == hash(SameObjects(SameObjects(part), 1))
    assert SameObjects(SameObjects(part), 1) != SameObjects(SameObjects(object()), 1)


def test_matches_are_kept_of_the_frames_that_were_looked_at(looking):
    bench, looks = looking
    tick_until(bench, looks, lambda state: set(known_matches(state)) == {0})
    bench.tasks.seek(7)
    tick_until(bench, looks, lambda state: set(known_matches(state)) == {0, 7})
    summary = known_matches(bench.state)[7]
    report = bench.tasks.stages.inspect(7)
    np.testing.assert_array_equal(summary.similarity, report.similarity)
    bench.tasks.change_setting("matching.sigma_px", 9.0)
    assert not known_matches(bench.state), "matches of another search were shown"


def test_all_frames_are_filled_in_nearest_first_until_it_is_switched_off(looking):
    bench, looks = looking
    set_stages(bench.tasks, fill_matches=True, fill_quality=True)
    bench.tasks.seek(20)
    tick_until(bench, looks, lambda state: {19, 20, 21} <= set(known_matches(state)))
    assert 45 not in known_matches(bench.state)
    set_stages(bench.tasks, fill_matches=False)
    tick_until(
        bench,
        looks,
        lambda state: len(state.stage_results.quality.of(quality_key(state))) == NUM_FRAMES,
    )
    assert len(known_matches(bench.state)) < NUM_FRAMES
    assert bench.engine.calls.count("quality") == NUM_FRAMES


def test_nothing_is_asked_for_while_the_optimizer_runs_or_the_clip_plays(looking):
    bench, looks = looking
    bench.session.set_view(is_playing=True)
    looks.tick(bench.state, 0.0)
    bench.wait()
    assert not {"quality", "depth_tests"} & set(bench.engine.calls)


def test_similarity_maps_come_only_where_they_are_wanted(looking):
    bench, looks = looking
    tick_until(bench, looks, lambda state: state.stage_results.depths_of(state.anchors))
    assert "similarity_map" not in bench.engine.calls
    set_stages(bench.tasks, show_similarity=True)

    def found(state):
        return state.stage_results.similarity_of(state.anchors, 0, state.view.joint) is not None

    tick_until(bench, looks, found)
    assert bench.state.stage_results.similarity_of(bench.state.anchors, 1, 21) is None


def test_the_free_view_is_coarse_while_the_3d_view_moves_and_fine_once_it_rests(looking):
    bench, looks = looking
    set_stages(
        bench.tasks, compare="free view", orbit=Viewpoint((1.0, 0.0, 0.0, 0.0), (0.2, 0.0, 0.0))
    )
    looks.tick(bench.state, 0.0)
    coarse = assert_soon(lambda: bench.state.stage_results.orbit)
    assert not coarse.is_fine and coarse.image.shape[0] < 150
    looks.tick(bench.state, 1.0)
    assert_soon(lambda: bench.state.stage_results.orbit.is_fine)
    calls = bench.engine.calls.count("view")
    looks.tick(bench.state, 2.0)
    bench.wait()
    assert bench.engine.calls.count("view") == calls == 2
    set_stages(bench.tasks, orbit=Viewpoint((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 9.0)))
    looks.tick(bench.state, 3.0)
    assert assert_soon(lambda: bench.state.stage_results.orbit.problem)
