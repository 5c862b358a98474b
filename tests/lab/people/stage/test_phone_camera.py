import numpy as np
import pytest

from neuhmr.lab.people.stage.phone_camera import (
    PhoneCamera,
    sample_conditions,
    sample_phone,
    take_picture,
)
from neuhmr.lab.people.stage.stage_renderer import Picture

STILL = np.zeros(2)


def rng():
    return np.random.default_rng(0)


@pytest.fixture
def picture():
    ramp = np.linspace(20, 180, 64).astype(np.uint8)
    image = np.stack(
        [np.tile(ramp, (48, 1)), np.tile(ramp[::-1], (48, 1)), np.full((48, 64), 90)], -1
    )
    coverage = np.zeros((48, 64))
    coverage[12:36, 20:40] = 1.0
    return Picture(image.astype(np.uint8), coverage)


def test_a_perfect_phone_changes_nothing(picture):
    taken = take_picture(picture, PhoneCamera(), 1.0, STILL, rng())
    assert np.abs(taken.astype(int) - picture.image).max() <= 1


def test_a_stop_more_doubles_the_light(picture):
    # Values stay under the shoulder: sqrt of light is the tone.
    darker = take_picture(picture, PhoneCamera(), 0.5, STILL, rng()).astype(float)
    np.testing.assert_allclose(darker, picture.image / np.sqrt(2.0), atol=1.0)


def test_exposure_drifts_slowly_around_one():
    phone = PhoneCamera(exposure_drift=0.1)
    exposure = sample_conditions(rng(), phone, 200).exposure
    assert 0.03 < np.log2(exposure).std() < 0.2
    assert np.abs(np.diff(np.log2(exposure))).max() < 0.05


def test_shake_blurs_along_its_path_only(picture):
    across = take_picture(picture, PhoneCamera(shake=1.0), 1.0, np.array([0.0, 8.0]), rng())
    # The picture does not vary downwards.
    assert np.abs(across[4:-4].astype(int) - picture.image[4:-4]).max() <= 2
    step = np.zeros((64, 64, 3), np.uint8)
    step[:, 32:] = 200
    sharp = Picture(step, np.zeros((64, 64)))
    blurred = take_picture(sharp, PhoneCamera(), 1.0, np.array([16.0, 0.0]), rng())
    assert len(np.unique(blurred[32, :, 0])) > 3


def test_a_blurred_background_leaves_the_person_sharp(picture):
    image = picture.image.copy()
    image[::2] = 0
    striped = Picture(image, picture.coverage)
    taken = take_picture(striped, PhoneCamera(background_blur=8.0), 1.0, STILL, rng())
    inside = picture.coverage > 0
    assert np.abs(taken[inside].astype(int) - image[inside]).max() <= 1
    outside = taken[4:8, 4:60, 2].astype(float)
    assert outside.std() < 0.5 * image[4:8, 4:60, 2].std()


def test_noise_has_the_strength_that_was_asked_for(picture):
    flat = Picture(np.full((96, 96, 3), 115, np.uint8), np.zeros((96, 96)))
    taken = take_picture(flat, PhoneCamera(noise=4.0), 1.0, STILL, rng())
    assert taken.astype(float).std() == pytest.approx(4.0, rel=0.2)


def test_the_same_seed_films_the_same_picture(picture):
    phone = sample_phone(np.random.default_rng(5))
    first = take_picture(picture, phone, 1.1, np.array([1.0, 0.5]), rng())
    again = take_picture(picture, phone, 1.1, np.array([1.0, 0.5]), rng())
    np.testing.assert_array_equal(first, again)
    assert phone == sample_phone(np.random.default_rng(5))
    assert phone != sample_phone(np.random.default_rng(6))


def test_phones_differ_but_show_something(picture):
    for seed in range(12):
        taken = take_picture(picture, sample_phone(np.random.default_rng(seed)), 1.0, STILL, rng())
        assert 15 < taken.mean() < 240
        assert taken.std() > 8
