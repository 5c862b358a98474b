"""People are made alike wherever that is done."""

import numpy as np
import pytest

from neuhmr.lab.training.motion_prior.batches import see
from neuhmr.lab.training.motion_prior.estimates import LONGEST_LAG
from neuhmr.lab.training.motion_prior.tracks import draw_windows
from neuhmr.motion_prior.beliefs import hip_aligned
from tests.lab.training.motion_prior.scenes import bodies, tracks


@pytest.mark.gpu
def test_a_gpu_makes_people_as_wrong_as_the_cpu_does():
    windows = draw_windows([tracks()], 256, 16 + LONGEST_LAG, np.random.default_rng(0))
    errors = []
    for device in ("cpu", "cuda"):
        made = see(windows, bodies().to(device), seed=0)
        assert {made.rotmat.device.type, made.view.places.device.type} == {device}
        found, true = hip_aligned(made.view.joints()), hip_aligned(made.joints)
        errors.append(float((found - true).norm(dim=-1).mean()))
    assert errors[1] == pytest.approx(errors[0], rel=0.15)
