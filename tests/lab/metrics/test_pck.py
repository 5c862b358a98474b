import pytest
import torch

from neuhmr.lab.metrics.pck import count_correct, no_keypoints, torso_diameter

LEFT_SHOULDER, RIGHT_SHOULDER, RIGHT_HIP, LEFT_HIP, NOSE = 5, 2, 9, 12, 0


def person() -> torch.Tensor:
    """A torso whose diagonal is 50 px (30, 40), so that 10 px are allowed."""
    points = torch.zeros(25, 2)
    points[LEFT_SHOULDER] = torch.tensor([80.0, 20.0])
    points[RIGHT_HIP] = torch.tensor([50.0, 60.0])
    points[RIGHT_SHOULDER] = torch.tensor([50.0, 20.0])
    points[LEFT_HIP] = torch.tensor([110.0, 100.0])  # Its diagonal is 100 px.
    return points


def all_valid() -> torch.Tensor:
    return torch.ones(25, dtype=torch.bool)


def test_torso_runs_from_left_shoulder_to_right_hip() -> None:
    assert torso_diameter(person(), all_valid()).item() == 50.0


@pytest.mark.parametrize("missing", [LEFT_SHOULDER, RIGHT_HIP])
def test_the_other_diagonal_stands_in(missing: int) -> None:
    valid = all_valid()
    valid[missing] = False
    assert torso_diameter(person(), valid).item() == 100.0


def test_without_a_torso_nothing_counts() -> None:
    valid = all_valid()
    valid[[LEFT_SHOULDER, LEFT_HIP]] = False
    assert torso_diameter(person(), valid).isnan()
    count = count_correct(person(), all_valid(), person(), valid)
    assert count.pck is None
    assert count.per_keypoint()["nose"] is None


def test_a_fifth_of_the_torso_is_allowed() -> None:
    points = person()
    points[NOSE] += torch.tensor([10.0, 0.0])
    assert count_correct(points, all_valid(), person(), all_valid()).pck == 1.0
    points[NOSE] += torch.tensor([0.1, 0.0])
    count = count_correct(points, all_valid(), person(), all_valid())
    assert count.pck == 24 / 25
    assert count.per_keypoint()["nose"] == 0.0
    assert count.per_keypoint()["neck"] == 1.0


def test_a_keypoint_that_was_not_found_is_wrong() -> None:
    found = all_valid()
    found[:5] = False
    assert count_correct(person(), found, person(), all_valid()).pck == 20 / 25


def test_a_keypoint_without_truth_does_not_count() -> None:
    valid = all_valid()
    valid[NOSE] = False
    points = person()
    points[NOSE] += 500.0
    count = count_correct(points, all_valid(), person(), valid)
    assert count.pck == 1.0
    assert int(count.counted.sum()) == 24


def test_pictures_are_added_by_keypoint() -> None:
    far = person() + 500.0
    batch = torch.stack([person(), far])
    twice = count_correct(batch, all_valid().expand(2, 25), person().expand(2, 25, 2),
                          all_valid().expand(2, 25))  # fmt: skip
    one = count_correct(person(), all_valid(), person(), all_valid())
    other = count_correct(far, all_valid(), person(), all_valid())
    assert twice.pck == (one + other + no_keypoints()).pck == 0.5


def test_some_keypoints_can_be_chosen() -> None:
    points = person()
    points[NOSE] += 500.0
    count = count_correct(points, all_valid(), person(), all_valid())
    assert count.of([NOSE]).pck == 0.0
    assert count.of([1, 2]).pck == 1.0
