"""Where the joint was let go arrives as one number."""

import numpy as np
import pytest

from workbench.core.fix_looks import picture_box
from workbench.core.fix_view import FixView
from workbench.core.joint_now import JointNow
from workbench.panels.fix_picture import FINENESS, code_of, fix_picture, position_of


def now(pixels):
    return JointNow(
        position=(0.0, 0.0, 3.0), wxyz=(1.0, 0.0, 0.0, 0.0), degrees=(0.0,) * 3, pixels=pixels
    )


@pytest.mark.parametrize("pixel", [(0.0, 0.0), (639.75, 10.25), (640.0, 359.5), (3.5, 0.25)])
def test_every_position_has_a_number_of_its_own(pixel):
    across, down = (round(FINENESS * part) for part in pixel)
    assert position_of(code_of(across, down, 640), 640) == pixel


def test_the_picture_stays_inside_the_video_and_shows_the_joint():
    pixels = tuple((10.0 * joint, 12.0 * joint) for joint in range(24))
    for joint in (0, 12, 23):
        left, top, width, height = picture_box(now(pixels), joint, (360, 640))
        assert left >= 0 and top >= 0 and left + width <= 640 and top + height <= 360
        u, v = pixels[joint]
        assert left <= u <= left + width and top <= v <= top + height
    assert picture_box(None, 0, (360, 640)) == (0, 0, 640, 360)


def test_without_a_pose_nothing_can_be_dragged():
    picture = np.zeros((36, 64, 3), np.uint8)
    parts = {"frame": 0, "joint": 20, "motion": None, "picture": picture, "left": 0, "top": 0}
    drawn = fix_picture(FixView(now=now(((1.0, 2.0),) * 24), **parts), 640, "send(code)")
    assert "onpointerup" in drawn and "send(code)" in drawn and 'class="dot"' in drawn
    empty = fix_picture(FixView(now=None, **parts), 640, "send(code)")
    assert "onpointer" not in empty and "dot" not in empty
