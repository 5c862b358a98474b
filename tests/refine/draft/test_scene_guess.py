import math
from dataclasses import replace

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


@pytest.mark.parametrize(("pitch", "height"), [(0.45, 3.0), (-0.05, 0.4), (0.2, 1.4)])
def test_who_walks_towards_the_camera_tells_its_height_wherever_it_is(pitch: float, height: float):
    places = torch.linspace(3.0, 6.0, 40).tolist()
    feet = torch.cat([feet_seen_by(pitch, height, place)[:1] for place in places])
    ground = SceneGuess(lambda up: feet @ up, CONFIG).ground().detach()
    assert float(-ground.up[2]) == pytest.approx(math.sin(pitch), abs=0.03)
    assert float(ground.height) == pytest.approx(-height, abs=0.15)


def test_a_camera_that_may_be_anywhere_costs_less_on_a_roof():
    feet = feet_seen_by(0.5, 3.5)

    def cost(share: float) -> float:
        config = replace(CONFIG, camera_anywhere=share)
        guess = SceneGuess(lambda up: feet @ up, config)
        with torch.no_grad():
            guess.parameters.copy_(torch.tensor([-0.5 / CONFIG.sigma_pitch, 0.0, -35.0]))
        return float(guess.cost().detach())

    held = (2.1 / CONFIG.sigma_camera_height) ** 2 + (0.5 / CONFIG.sigma_pitch) ** 2
    assert cost(0.0) == pytest.approx(held, rel=1e-4)
    assert cost(0.2) < 0.5 * held
    assert cost(1.0) == pytest.approx(2.1**2 + (0.5 / CONFIG.sigma_pitch) ** 2, rel=1e-4)
