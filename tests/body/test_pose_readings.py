from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.pose_readings import depth_reading, read_as
from neuhmr.errors import PoseFileError

PELVIS = torch.tensor([0.0, -0.25, 0.05])


def motion() -> Motion:
    quiet = Motion.from_axisangle(
        torch.tensor([[0.3, -0.2, 0.1]]), torch.zeros(1, 69), torch.zeros(1, 3), torch.zeros(10)
    )
    return replace(quiet, transl=torch.tensor([[0.4, 0.55, 3.95]]))


def test_units_divide_translations():
    torch.testing.assert_close(
        read_as(motion(), "millimeters", PELVIS).transl, torch.tensor([[0.0004, 0.00055, 0.00395]])
    )
    torch.testing.assert_close(
        read_as(motion(), "centimeters", PELVIS).transl, torch.tensor([[0.004, 0.0055, 0.0395]])
    )
    torch.testing.assert_close(read_as(motion(), "given", PELVIS).transl, motion().transl)


def test_another_depth_leaves_the_pelvis_where_it_is_beside_the_axis():
    # The pelvis at (0.4, 0.3, 4.0) comes to (0.4, 0.3, 2.0).
    found = read_as(motion(), depth_reading(0.5), PELVIS)
    torch.testing.assert_close(found.transl + PELVIS, torch.tensor([[0.4, 0.3, 2.0]]))
    torch.testing.assert_close(found.global_orient, motion().global_orient)


def test_axes_that_point_up_are_turned_by_half_about_x():
    model = load_body_model()
    pelvis = model.with_shape(motion().betas).joints_rest[0]
    before = motion().pose(model).vertices
    after = read_as(motion(), "y-up", pelvis).pose(model).vertices
    expected = before * torch.tensor([1.0, -1.0, -1.0])
    torch.testing.assert_close(after, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("reading", ["", "feet", "depth*", "depth*0", "depth*-2", "depth*1e3"])
def test_other_readings_are_refused(reading: str):
    with pytest.raises(PoseFileError, match="given, millimeters, centimeters, y-up or depth"):
        read_as(motion(), reading, PELVIS)
