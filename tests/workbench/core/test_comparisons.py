"""Two versions side by side, measured by hand."""

import numpy as np
import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.refine.correction.edits import Place, mark_frames, turn_joint
from tests.workbench.bench import edit
from workbench.core.comparison import compare
from workbench.core.comparisons import comparable, is_current
from workbench.errors import WorkbenchError


def test_a_turned_elbow_moves_what_hangs_on_it_and_nothing_else(bench):
    footage = bench.state.footage
    initial = footage.initial
    quarter = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    wanted = LocalPose.from_motion(initial).rotmat[12, 18] @ quarter
    changed = turn_joint(initial, Place(frame=12), 18, wanted)
    found = compare(footage, "a", "b", (initial, changed))
    assert found.turned_deg[12, 18] == pytest.approx(90.0, abs=1e-2)
    assert found.apart_mm[11].max() == 0.0
    moved = np.flatnonzero(found.apart_mm[12] > 1e-3).tolist()
    assert set(moved) == {20, 22}
    joints = footage.joints(initial)[12], footage.joints(changed)[12]
    off = 1000.0 * np.linalg.norm(joints[0][20] - joints[1][20])
    assert found.apart_mm[12, 20] == pytest.approx(off, rel=1e-3)


def test_errors_are_against_the_truth_and_missing_where_there_is_none(bench):
    footage = bench.state.footage
    some = mark_frames(footage.initial, {3}, is_valid=False)
    found = compare(footage, "initial", "truth", (some, footage.truth))
    assert 3 not in found.frames and len(found.frames) == 47
    assert found.errors_mm[1] is None
    assert np.allclose(found.errors_mm[0], found.apart_mm, atol=1e-6)
    assert found.errors_mm[0].mean() > 1.0


def test_the_chosen_comparison_follows_the_poses_shown(bench):
    editing = edit(bench)
    editing.comparisons.choose("initial", "shown")
    state = bench.wait(lambda state: state.comparison is not None)
    assert state.comparison.apart_mm.max() == 0.0 and is_current(state)
    bench.session.set_view(frame=12, joint=20)
    editing.fixing.flip_depth()
    state = bench.wait(lambda state: state.refined is not None)
    assert not is_current(state)
    editing.comparisons.tick(state)
    state = bench.wait(is_current)
    assert state.comparison.apart_mm.max() > 10.0


def test_versions_are_compared_by_their_ids_and_named_apart(bench):
    editing = edit(bench)
    for _ in range(2):
        editing.versions.keep_now("same")
    state = bench.wait(lambda state: len(state.versions) == 2)
    ids = [v.id for v in state.versions]
    names = comparable(state)
    assert [names[i] for i in ids] == ["same", "same (2)"] and "Truth" in names.values()
    editing.comparisons.choose(ids[0], "truth")
    state = bench.wait(lambda state: state.comparison is not None)
    assert (state.comparison.first, state.comparison.second) == (ids[0], "truth")
    with pytest.raises(WorkbenchError, match="not there any more"):
        editing.comparisons.choose("none", "truth")


def test_a_version_that_is_gone_is_said(bench):
    editing = edit(bench)
    editing.versions.keep_now()
    version = bench.wait(lambda state: state.versions != ()).versions[0].id
    next((bench.folder / "turn" / "versions").glob("*.safetensors")).unlink()
    editing.comparisons.choose(version, "truth")
    bench.wait(lambda _: any("does not exist" in n.body for n in bench.notices.recent))
    assert bench.state.comparison is None
