"""The video camera's frustum."""

from dataclasses import replace

import pytest

from tests.workbench.patience import assert_soon
from workbench.scene.camera_frustum import frustum_size


def test_the_frustum_is_small_beside_a_person_however_near_they_are(window):
    footage = window.session.state.footage
    initial = footage.initial
    at = {
        meters: replace(footage, initial=replace(initial, transl=_before_camera(initial, meters)))
        for meters in (2.0, 4.0, 50.0)
    }
    assert frustum_size(at[4.0]) == pytest.approx(2.0 * frustum_size(at[2.0]), rel=1e-3)
    assert frustum_size(at[50.0]) == frustum_size(replace(footage, initial=None)) == 0.45
    frustum = assert_soon(lambda: window.server.viser.scene.get_handle_by_name("/camera"))
    assert_soon(lambda: frustum.scale == frustum_size(footage))


def _before_camera(motion, meters):
    transl = motion.transl.clone()
    transl[:] = transl.new_tensor([0.0, 0.0, meters])
    return transl
