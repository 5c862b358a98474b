import itertools

import pytest

from neuhmr.errors import DatasetError
from neuhmr.people.splits import RANGE, SPLITS, person_seed, split_of


def test_splits_never_share_a_seed():
    ranges = [(person_seed(split, 0, 0), person_seed(split, RANGE - 1, 0)) for split in SPLITS]
    for (_, last), (first, _) in itertools.pairwise(ranges):
        assert last < first


@pytest.mark.parametrize("split", SPLITS)
def test_split_of_finds_the_split_a_seed_came_from(split):
    assert split_of(person_seed(split, 123, 45)) == split


def test_people_are_numbered_on_from_the_first():
    assert person_seed("train", 7, 3) == 10


@pytest.mark.parametrize("number", [-1, RANGE])
def test_a_person_outside_the_split_is_refused_with_the_number(number):
    with pytest.raises(DatasetError, match=str(number)):
        person_seed("val", number, 0)


def test_a_seed_of_no_split_is_refused():
    with pytest.raises(DatasetError):
        split_of(3 * RANGE)
