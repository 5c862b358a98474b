"""Masks that are changed in the window: seen at once, used when asked to, nothing old is kept."""

import numpy as np
import pytest

from neuhmr.clip.mask_changes import MaskChanges
from workbench.core.open_tasks import use_masks
from workbench.errors import WorkbenchError
from workbench.panels.mask_widgets import wished
from workbench.scene.frame_view import frame_request
from workbench.scene.mask_picture import frame_mask


def test_a_mask_tints_the_person_and_darkens_the_rest():
    image = np.full((4, 6, 3), 200, np.uint8)
    mask = np.zeros((8, 12), bool)
    mask[:, :6] = True
    seen = frame_mask(image, mask)
    # 0.6 * 200 + 0.4 * (240, 101, 149), and 0.55 * 200.
    assert seen[1, 0].tolist() == [216, 160, 179] and seen[1, 5].tolist() == [110, 110, 110]


def test_a_wish_is_seen_before_it_is_used(bench):
    bench.session.set_view(show_masks=True)
    plain = frame_request(bench.state)
    bench.session.set_view(mask_wish=MaskChanges(invert=True))
    inverted = frame_request(bench.state)
    assert plain.key != inverted.key
    assert plain.paint().mean() != inverted.paint().mean()
    assert bench.state.footage.masks.changes == MaskChanges(), "nothing is used yet"
    assert all(opacity == 0.0 for _, _, opacity in plain.bodies), "bodies are outlines"
    bench.session.set_view(show_masks=False)
    assert frame_request(bench.state).masks is None


def test_using_changed_masks_drops_what_was_built_on_the_others(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.seek(9)
    use_masks(bench.tasks, MaskChanges(grow=4))
    state = bench.wait(lambda state: state.footage.masks.changes.grow == 4)
    assert (state.avatar, state.anchors, state.refined, state.restored) == (None,) * 4
    assert state.request.grow_masks == 4 and state.view.frame == 9 and state.view.show_masks
    assert state.footage.masks.mask(9).sum() > 240 * 120
    assert wished(state) == MaskChanges(grow=4)
    kept = next(bench.folder.rglob("damaged-1"))
    assert (kept / "session.json").is_file(), "what was refined is not lost"
    bench.tasks.step()
    state = bench.wait(lambda state: state.report is not None)
    assert bench.engine.calls.count("build_avatar") == 2


def test_masks_as_they_were_leave_the_session_alone(bench):
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.open_clip()
    assert bench.wait(lambda state: state.restored is not None).refined is not None


def test_without_masks_there_is_nothing_to_change(bench):
    object.__setattr__(bench.state.footage, "masks", None)
    with pytest.raises(WorkbenchError, match="no masks"):
        use_masks(bench.tasks, MaskChanges(invert=True))
