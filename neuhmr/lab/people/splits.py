"""Training, validation and test people: seeds that never overlap, and kinds kept for the test.

Everything about a person (shape, look, room, lights, motion, cameras) is drawn from the person's
own seed, so disjoint seeds mean that no test person, garment, stage or motion was seen in
training. Some kinds of motion, fabric and stage are moreover drawn by test people only, and half
of the recordings of a mocap folder belong to the test.
"""

import zlib
from collections.abc import Sequence
from typing import Literal, TypeVar, get_args

from neuhmr.errors import DatasetError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
RANGE = 10_000_000
"""Number of seeds in each split."""

HELD_OUT = frozenset({"dance", "jacks", "balance", "argyle", "hall", "meadow"})
"""Kinds of motion, fabric and stage that no training or validation person has."""

_Kind = TypeVar("_Kind", bound=str)


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


def kinds_of(split: Split, kinds: Sequence[_Kind]) -> tuple[_Kind, ...]:
    """Leave out the kinds that only test people have; test people have them all."""
    return tuple(kind for kind in kinds if split == "test" or kind not in HELD_OUT)


def is_recording_of(split: Split, name: str) -> bool:
    """Share out the recordings of a mocap folder by name: half train, a tenth val, the rest test.

    Args:
        split: who wants to move like that.
        name: the recording's name without folder and suffix, such as "02_05".
    """
    share = zlib.crc32(name.encode()) % 100
    return {"train": share < 50, "val": 50 <= share < 60, "test": share >= 60}[split]
