"""Seeds of training, validation and test people: three ranges that never overlap.

Everything about a person (shape, look, room, lights, motion, cameras) is drawn from the person's
own seed, so disjoint seeds mean that no test person, garment, room or motion was seen in
training.
"""

from typing import Literal, get_args

from neuhmr.errors import DatasetError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
RANGE = 10_000_000
"""Number of seeds in each split."""


def person_seed(split: Split, seed: int, index: int) -> int:
    """Number the people of a split.

    Args:
        split: whose range to draw from.
        seed: first person; runs whose seeds differ by less than their numbers of people share some.
        index: which person after the first.

    Raises:
        DatasetError: the number lies outside the split's range.
    """
    offset = seed + index
    if not 0 <= offset < RANGE:
        raise DatasetError(
            f"Person {offset} was asked for, but the {split} split has people 0 to {RANGE - 1}; "
            "choose a smaller seed or fewer people."
        )
    return SPLITS.index(split) * RANGE + offset


def split_of(seed: int) -> Split:
    """Tell which split a person's seed belongs to.

    Raises:
        DatasetError: it belongs to none.
    """
    if not 0 <= seed < RANGE * len(SPLITS):
        raise DatasetError(f"Seed {seed} belongs to no split; expected 0 to {RANGE * 3 - 1}.")
    return SPLITS[seed // RANGE]
