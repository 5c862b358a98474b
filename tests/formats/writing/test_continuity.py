"""The same rotations, without jumps."""

import numpy as np
import pytest

from neuhmr.formats.writing.continuity import (
    MOST_WINDING,
    unwrap_axisangles,
    wxyz_over_time,
    zxy_angles,
)
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats, rotmats_from_axisangles

ROUNDING = 1e-6


def about(axis: str, angles: np.ndarray) -> np.ndarray:
    vectors = np.zeros((*np.shape(angles), 3))
    vectors[..., "xyz".index(axis)] = angles
    return rotmats_from_axisangles(vectors)


def test_a_turn_past_half_a_turn_goes_on():
    angles = np.linspace(0.0, 5.0, 60)
    shortest = axisangles_from_rotmats(about("z", angles))[:, None]
    assert np.abs(np.diff(shortest[:, 0, 2])).max() > 6.0, "the test must begin with a jump"
    unwrapped = unwrap_axisangles(shortest)
    np.testing.assert_allclose(unwrapped[:, 0, 2], angles, atol=ROUNDING)


def test_unwrapping_keeps_every_rotation():
    rng = np.random.default_rng(4)
    steps = rotmats_from_axisangles(0.4 * rng.standard_normal((200, 5, 3)))
    rotmats = np.stack([np.eye(3)[None].repeat(5, 0), *steps])
    for row in range(1, len(rotmats)):
        rotmats[row] = rotmats[row - 1] @ rotmats[row]
    shortest = axisangles_from_rotmats(rotmats)
    unwrapped = unwrap_axisangles(shortest)
    np.testing.assert_allclose(rotmats_from_axisangles(unwrapped), rotmats, atol=ROUNDING)
    before, after = (np.linalg.norm(np.diff(v, axis=0), axis=-1) for v in (shortest, unwrapped))
    assert after.max() < before.max() and after.sum() < before.sum()


def test_passing_through_no_turn_at_all_keeps_its_side():
    # -0.2, -0.1, 0, 0.1 about x have the axes -x, -x, none, x.
    angles = np.array([-0.2, -0.1, 0.0, 0.1])
    unwrapped = unwrap_axisangles(axisangles_from_rotmats(about("x", angles))[:, None])
    np.testing.assert_allclose(unwrapped[:, 0, 0], angles, atol=ROUNDING)


def test_what_has_no_jump_stays_bit_for_bit():
    vectors = np.random.default_rng(1).uniform(-0.5, 0.5, (9, 4, 3))
    np.testing.assert_array_equal(unwrap_axisangles(vectors), vectors)


def test_winding_ends_before_readers_take_it_for_degrees():
    angles = np.linspace(0.0, 40.0, 400)
    unwrapped = unwrap_axisangles(axisangles_from_rotmats(about("y", angles))[:, None])
    assert np.linalg.norm(unwrapped, axis=-1).max() < MOST_WINDING
    np.testing.assert_allclose(
        rotmats_from_axisangles(unwrapped[:, 0]), about("y", angles), atol=ROUNDING
    )


def test_zxy_angles_by_hand():
    a, b, c = 0.3, -0.4, 0.5
    rotmats = (about("z", np.array(a)) @ about("x", np.array(b)) @ about("y", np.array(c)))[None]
    np.testing.assert_allclose(zxy_angles(rotmats[None])[0, 0], [a, b, c], atol=ROUNDING)


@pytest.mark.parametrize("axis", "xyz")
def test_turning_round_and_round_never_jumps(axis):
    angles = np.linspace(0.0, 15.0, 200)
    found = zxy_angles(about(axis, angles)[:, None])
    assert np.abs(np.diff(found, axis=0)).max() < 0.1
    wanted = np.zeros((200, 3))
    wanted[:, "zxy".index(axis)] = angles
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-4)  # arcsin near its ends


def test_zxy_angles_compose_to_the_rotations_also_at_the_lock():
    rng = np.random.default_rng(2)
    rotmats = rotmats_from_axisangles(2.0 * rng.standard_normal((50, 6, 3)))
    lock = about("z", rng.uniform(-3, 3, (50, 6))) @ about("x", np.full((50, 6), np.pi / 2))
    for wanted in (rotmats, lock):
        found = zxy_angles(wanted)
        parts = [about(name, found[..., i]) for i, name in enumerate("zxy")]
        np.testing.assert_allclose(parts[0] @ parts[1] @ parts[2], wanted, atol=ROUNDING)


def test_quaternions_stay_in_the_half_of_the_one_before():
    angles = np.linspace(0.0, 15.0, 100)
    wxyz = wxyz_over_time(about("y", angles)[:, None])[:, 0]
    np.testing.assert_allclose(wxyz[:, 0], np.cos(angles / 2), atol=ROUNDING)
    np.testing.assert_allclose(wxyz[:, 2], np.sin(angles / 2), atol=ROUNDING)
