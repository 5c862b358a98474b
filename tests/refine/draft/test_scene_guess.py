import math

import pytest
import torch

from neuhmr.refine.draft.scene_guess import SceneGuess
from neuhmr.refine.settings.draft import DraftConfig

CONFIG = DraftConfig()


def feet_seen_by(pitch: float, height: float, distance: float = 4.0) -> torch.Tensor:
    """Where feet are in the frame of a camera that looks down by `pitch` from `height`."""
    down, ahead = height, distance
    # The stage's axes in an OpenCV camera that is turned about its x axis.
    y = down * math.cos(pitch) - ahead * math.sin(pitch)
    z = down * math.sin(pitch) + ahead * math.cos(pitch)
    return torch.tensor([[0.0, y, z], [0.1, y, z]])


@pytest.mark.parametrize("pitch", [0.0, 0.1, 0.25])
def test_a_camera_at_breast_height_tells_its_pitch(pitch: float):
    feet = feet_seen_by(pitch, CONFIG.camera_height)
    ground = SceneGuess(lambda up: feet @ up, CONFIG).ground().detach()
    # Up in the camera: (0, -cos, -sin) for one that looks down. The guess leans to no pitch.
    assert float(-ground.up[2]) == pytest.approx(math.sin(pitch), abs=0.06)
    assert float(ground.height) == pytest.approx(-CONFIG.camera_height, abs=0.25)
    assert float(ground.up.norm()) == pytest.approx(1.0, abs=1e-6)


def test_an_upright_camera_at_breast_height_costs_least():
    feet = feet_seen_by(0.0, CONFIG.camera_height)
    guess = SceneGuess(lambda up: feet @ up, CONFIG)
    least = float(guess.cost().detach())
    assert least == pytest.approx(0.0, abs=0.02)
    for index in range(3):
        changed = SceneGuess(lambda up: feet @ up, CONFIG)
        with torch.no_grad():
            changed.parameters[index] += 2.0
        assert float(changed.cost().detach()) > least + 0.3


def test_the_guess_follows_its_parameters():
    feet = feet_seen_by(0.1, 1.4)
    guess = SceneGuess(lambda up: feet @ up, CONFIG)
    guess.ground().up[0].backward()
    assert guess.parameters.grad is not None
    assert float(guess.parameters.grad[1]) == pytest.approx(CONFIG.sigma_roll, rel=0.05)
