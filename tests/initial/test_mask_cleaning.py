import numpy as np

from neuhmr.initial.mask_cleaning import clean_mask


def test_a_speck_goes_and_a_pinhole_closes():
    mask = np.zeros((60, 50), bool)
    mask[10:50, 10:40] = True  # 1,200 px: specks are below 24 px, holes up to 6 px close.
    person = mask.copy()
    mask[30, 20:23] = False
    mask[2:4, 2:4] = True
    assert np.array_equal(clean_mask(mask), person)


def test_a_gap_between_arm_and_trunk_stays_open():
    mask = np.zeros((60, 50), bool)
    mask[10:50, 10:40] = True
    mask[20:30, 15:20] = False
    assert np.array_equal(clean_mask(mask), mask)


def test_a_limb_behind_an_obstacle_stays():
    mask = np.zeros((60, 50), bool)
    mask[5:35, 10:40] = True
    mask[45:55, 20:25] = True
    assert np.array_equal(clean_mask(mask), mask)


def test_a_hole_at_the_picture_s_edge_is_outside():
    # So large a person that the thin outside would count as a small hole.
    mask = np.ones((1000, 1000), bool)
    mask[0, 20] = False
    assert np.array_equal(clean_mask(mask), mask)


def test_an_empty_mask_stays_empty():
    assert not clean_mask(np.zeros((8, 8), bool)).any()


def test_a_full_mask_stays_full():
    assert clean_mask(np.ones((8, 8), bool)).all()
