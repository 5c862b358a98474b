"""Training, validation and test people: seeds that never overlap, and kinds kept for the test.

Everything about a person (shape, look, room, lights, motion, cameras) is drawn from the person's
own seed, so disjoint seeds mean that no test person, garment, stage or motion was seen in
training. Some kinds of motion, fabric and stage are moreover drawn by test people only. Of recorded
motions, whole performers are kept for the test, and with them what only they do.
"""

from collections.abc import Sequence
from typing import Literal, TypeVar, get_args

from neuhmr.errors import DatasetError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
RANGE = 10_000_000
"""Number of seeds in each split."""

HELD_OUT = frozenset({"dance", "jacks", "balance", "argyle", "hall", "meadow"})
"""Kinds of motion, fabric and stage that no training or validation person has."""

SPLIT_OF_SUBJECT: dict[str, Split] = {"02": "val", "05": "test", "06": "test"}
"""Of CMU's subjects 01, 02, 05, 06, 07 and 09: modern dance (05) and basketball (06) are seen by no
training, no prior and no tuning."""

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
    """Share out the recordings of a mocap folder by who performed them.

    Args:
        split: who wants to move like that.
        name: the recording's name without folder and suffix, such as "02_05": CMU's number of the
            subject comes first. Subjects that are not listed belong to training.
    """
    return SPLIT_OF_SUBJECT.get(name.split("_", maxsplit=1)[0], "train") == split
