import math

import numpy as np
import pytest

from neuhmr.refine.time_means import gaussian_means


def test_neighbors_in_time_are_heard():
    votes = gaussian_means([1.0, 1.0, -5.0, 1.0], [0, 1, 2, 50], 2.0)
    assert votes[0] < 0.0 and votes[2] > -5.0 and votes[3] == pytest.approx(1.0)
    assert gaussian_means([1.0, -1.0], [3, 4], 0.0) == [1.0, -1.0]


def smooth_by_definition(votes, frames, deviation):
    smooth = []
    for frame in frames:
        weights = [math.exp(-0.5 * ((frame - other) / deviation) ** 2) for other in frames]
        total = sum(weight * vote for weight, vote in zip(weights, votes, strict=True))
        smooth.append(total / sum(weights))
    return smooth


@pytest.mark.parametrize("deviation", [0.2, 1.0, 3.0, 40.0])
@pytest.mark.parametrize("count", [1, 2, 250])
def test_smoothing_minds_gaps_and_agrees_with_its_definition(deviation, count):
    numbers = np.random.default_rng(count)
    # Gaps of one frame mostly, of many sometimes.
    frames = np.cumsum(numbers.choice([1, 1, 1, 2, 9, 300], count)).tolist()
    votes = (20.0 * numbers.standard_normal(count)).tolist()
    wanted = smooth_by_definition(votes, frames, deviation)
    assert gaussian_means(votes, frames, deviation) == pytest.approx(wanted, rel=0, abs=1e-9)


def test_smoothing_a_long_clip_weighs_neighbors_only(monkeypatch):
    weighed, exp = [], np.exp
    monkeypatch.setattr(np, "exp", lambda x: weighed.append(np.size(x)) or exp(x))
    frames = list(range(18_000))
    votes = gaussian_means([1.0] * len(frames), frames, 3.0)
    assert votes == pytest.approx([1.0] * len(frames))
    # Eight deviations to each side.
    assert 0 < sum(weighed) <= 49 * len(frames)
