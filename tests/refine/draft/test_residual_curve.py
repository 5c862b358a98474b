from dataclasses import replace

import pytest
import torch

from neuhmr.refine.draft.residual_curve import ResidualCurve
from neuhmr.refine.settings.draft import DraftConfig

CONFIG = DraftConfig()


def drawn(frames: int, config: DraftConfig, draws: int = 300) -> torch.Tensor:
    """Shifts along the ray of curves whose numbers are drawn at random."""
    curve = ResidualCurve(torch.arange(frames), config)
    found = []
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(draws):
            for parameter in curve.parameters:
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
            found.append(curve.corrections()[1][:, 2])
    return torch.stack(found)


def test_a_new_curve_corrects_nothing_and_costs_nothing():
    curve = ResidualCurve(torch.arange(5), CONFIG)
    turns, shifts = curve.corrections()
    assert not turns.any() and not shifts.any() and float(curve.cost().detach()) == 0.0


def test_independent_numbers_give_the_configured_spread_and_correlation():
    shifts = drawn(40, CONFIG)
    assert float(shifts.std()) == pytest.approx(CONFIG.sigma_depth, rel=0.1)

    def correlation(distance: int) -> float:
        near, far = shifts[:, :-distance], shifts[:, distance:]
        return float((near * far).mean() / shifts.square().mean())

    share = CONFIG.constant_share
    # exp(-d^2 / (4 c^2)) of the changing half at d = 2 c: e^-1.
    expected = share + (1.0 - share) * 0.368
    assert correlation(int(2 * CONFIG.correlation_frames)) == pytest.approx(expected, abs=0.1)
    assert correlation(30) == pytest.approx(share, abs=0.12)


def test_gaps_in_time_break_the_correlation():
    curve = ResidualCurve(torch.tensor([0, 1, 100]), replace(CONFIG, constant_share=0.0))
    with torch.no_grad():
        curve.changing[0] = 1.0
    shifts = curve.corrections()[1].detach()
    assert float(shifts[1, 2]) == pytest.approx(float(shifts[0, 2]), rel=0.05)
    assert float(shifts[2, 2]) == pytest.approx(0.0, abs=1e-6)
