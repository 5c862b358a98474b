import numpy as np
import pytest

from neuhmr.lab.people.errors.mask_errors import Segmenter, sample_segmenter, segment


@pytest.fixture
def mask():
    rows, columns = np.mgrid[0:256, 0:256]
    return np.hypot(rows - 128, columns - 128) < 60


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_a_perfect_segmenter_finds_the_mask(mask):
    found = segment(mask, Segmenter(bias=0.0, wobble=0.0, defects=0.0), np.random.default_rng(0))
    assert iou(found, mask) > 0.995


@pytest.mark.parametrize("bias", [-1.5, 1.5])
def test_bias_moves_the_edge_by_that_many_pixels(mask, bias):
    found = segment(mask, Segmenter(bias=bias, wobble=0.0, defects=0.0), np.random.default_rng(0))
    assert np.sqrt(found.sum() / np.pi) - 60 == pytest.approx(bias, abs=0.35)


def test_the_edge_wobbles_by_a_pixel_or_two(mask):
    segmenter = Segmenter(wobble=0.8, defects=0.0)
    found = segment(mask, segmenter, np.random.default_rng(0))
    rows, columns = np.mgrid[0:256, 0:256]
    changed = np.abs(np.hypot(rows - 128, columns - 128) - 60)[found != mask]
    assert len(changed) > 30
    assert changed.max() < 4.0


def test_defects_are_small_and_rare(mask):
    rng = np.random.default_rng(0)
    segmenter = Segmenter(wobble=0.0, defects=0.5)
    wrong = np.array([(segment(mask, segmenter, rng) ^ mask).sum() for _ in range(40)])
    assert 0.1 < (wrong > 8).mean() < 0.9
    assert wrong.max() < 400


def test_the_same_seed_errs_alike_and_masks_stay_usable(mask):
    for seed in range(8):
        segmenter = sample_segmenter(np.random.default_rng(seed))
        first = segment(mask, segmenter, np.random.default_rng(seed))
        again = segment(mask, segmenter, np.random.default_rng(seed))
        np.testing.assert_array_equal(first, again)
        assert 0.9 < iou(first, mask) < 1.0
