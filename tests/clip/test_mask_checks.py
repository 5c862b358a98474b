"""Masks that cannot be of a person."""

from pathlib import Path

import numpy as np
import pytest

from neuhmr.cli import main
from neuhmr.clip.clip import open_clip
from neuhmr.clip.mask_checks import mask_problem, sample_of
from neuhmr.clip.masks import pack_masks, read_masks, write_masks
from neuhmr.errors import ClipError
from tests.painted_clip import make_painted_clip

HEIGHT, WIDTH = 60, 80


def nobody() -> np.ndarray:
    return np.zeros((HEIGHT, WIDTH), bool)


def box(rows: slice, columns: slice) -> np.ndarray:
    mask = nobody()
    mask[rows, columns] = True
    return mask


def person() -> np.ndarray:
    """A trunk with a head on it."""
    return box(slice(20, 55), slice(30, 50)) | box(slice(5, 20), slice(36, 44))


PERSON = 8 * [person()]


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        ([], "show nobody"),
        (5 * [nobody()], "show nobody in any frame"),
        (5 * [~nobody()], "cover 100% of the picture"),
        (5 * [box(slice(1, 60), slice(1, 80))], "cover 97% of the picture"),
        ([*PERSON, *(9 * [~nobody()])], "cover 100% of the picture in most frames"),
        (5 * [box(slice(5, 55), slice(30, 50))], "are filled boxes in most frames"),
        (PERSON, None),
        ([*PERSON, *(7 * [~nobody()])], None),
        ([*(9 * [nobody()]), person()], None),
        (5 * [box(slice(5, 15), slice(5, 15))], None),
    ],
)
def test_what_no_person_can_be_is_named(masks: list[np.ndarray], found: str | None) -> None:
    said = mask_problem(masks)
    assert said is None if found is None else said is not None and found in said


def test_the_few_frames_that_show_somebody_are_found() -> None:
    every = [nobody() for _ in range(100)]
    every[37] = person()
    assert [int(mask.sum()) for mask in sample_of(pack_masks(every))] == [int(person().sum())]
    assert sample_of(pack_masks(3 * [nobody()])) == []
    assert len(sample_of(pack_masks(100 * [person()]))) == 12
    assert len(sample_of(pack_masks(3 * [person()]))) == 3


@pytest.mark.parametrize("kind", ["everything", "nothing", "boxes"])
@pytest.mark.parametrize("command", ["refine", "render"])
def test_commands_refuse_such_masks_before_any_work(
    command: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_painted_clip(tmp_path)
    masks = read_masks(clip.with_name("clip.masks.npz"))
    shape = (masks.height, masks.width)
    changed = []
    for frame in range(len(masks)):
        rows, columns = np.nonzero(masks.mask(frame))
        filled = np.zeros(shape, bool)
        filled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        changed.append(
            {"everything": np.ones(shape, bool), "nothing": np.zeros(shape, bool), "boxes": filled}[
                kind
            ]
        )
    write_masks(clip.with_name("clip.masks.npz"), pack_masks(changed))
    poses = [str(clip.with_name("clip.poses.npz"))] if command == "render" else []
    out = tmp_path / "out.mp4"
    assert main([command, str(clip), *poses, "--out", str(out)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "clip.masks.npz holds masks that" in said and said.count(". ") == 0
    assert not out.exists()
    with pytest.raises(ClipError, match="outlines of one person were expected"):
        open_clip(clip)  # As the window does.
