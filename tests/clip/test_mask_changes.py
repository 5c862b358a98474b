"""Masks that are turned inside out, and whose outlines move."""

import numpy as np
import pytest

from neuhmr.cli.dispatch import main
from neuhmr.clip.clip import open_clip
from neuhmr.clip.mask_changes import MaskChanges
from neuhmr.clip.masks import pack_masks, read_masks, write_masks
from neuhmr.errors import ClipError
from neuhmr.refine.run_identity import identify_files
from tests.painted_clip import make_painted_clip


def box(top, bottom, left, right, size=(20, 30)):
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = True
    return mask


def test_a_single_pixel_grows_into_a_disk():
    # Centers within 2 px: 1 + 4 at 1, 4 at sqrt(2), 4 at 2; sqrt(5) is too far.
    grown = MaskChanges(grow=2).apply(box(10, 11, 15, 16))
    assert grown.sum() == 13 and grown[8, 15] and grown[10, 17] and not grown[9, 17]


def test_an_outline_moves_inward_by_whole_pixels():
    np.testing.assert_array_equal(MaskChanges(grow=-2).apply(box(4, 14, 5, 25)), box(6, 12, 7, 23))
    assert not MaskChanges(grow=-5).apply(box(4, 14, 5, 25)).any(), "nothing is left"


def test_who_is_cut_off_by_the_picture_stays_at_its_edge():
    np.testing.assert_array_equal(MaskChanges(grow=-2).apply(box(0, 14, 5, 25)), box(0, 12, 7, 23))
    np.testing.assert_array_equal(MaskChanges(grow=-3).apply(box(0, 20, 0, 30)), box(0, 20, 0, 30))


def test_inverting_comes_first():
    changed = MaskChanges(invert=True, grow=-1).apply(~box(4, 14, 5, 25))
    np.testing.assert_array_equal(changed, box(5, 13, 6, 24))
    assert not MaskChanges(grow=3).apply(np.zeros((4, 5), bool)).any()


def test_more_than_a_little_is_refused():
    with pytest.raises(ClipError, match="--grow-masks is 51, pixels from -50 to 50 were expected"):
        MaskChanges(grow=51)


def test_changed_masks_of_a_clip_are_another_part_of_a_run_and_are_written_as_seen(tmp_path):
    clip = make_painted_clip(tmp_path)
    plain, grown = (open_clip(clip, mask_changes=MaskChanges(grow=grow)) for grow in (0, 3))
    assert grown.masks is not None and plain.masks is not None
    assert grown.masks[2:].mask(0).sum() > plain.masks.mask(2).sum()
    assert identify_files(plain)["masks"] != identify_files(grown)["masks"]
    write_masks(tmp_path / "written.npz", grown.masks)
    np.testing.assert_array_equal(read_masks(tmp_path / "written.npz").mask(1), grown.masks.mask(1))


def test_inverted_masks_are_refused_until_they_are_taken_inside_out(tmp_path, capsys):
    clip = make_painted_clip(tmp_path)
    path = clip.with_name("clip.masks.npz")
    masks = read_masks(path)
    exact = [masks.mask(frame) for frame in range(len(masks))]
    small = [mask & box(*_middle(mask), mask.shape) for mask in exact]
    write_masks(path, pack_masks(~mask for mask in small))
    with pytest.raises(ClipError, match=r"cover 9\d% of the picture.*--invert-masks"):
        open_clip(clip)
    opened = open_clip(clip, mask_changes=MaskChanges(invert=True))
    assert opened.masks is not None
    np.testing.assert_array_equal(opened.masks.mask(3), small[3])
    out = tmp_path / "out.npz"
    assert main(["refine", str(clip), "--out", str(out), "--grow-masks", "99"]) == 2
    assert "--grow-masks is 99" in capsys.readouterr().err


def _middle(mask):
    """Bound a few pixels in the middle of a mask."""
    rows, columns = np.nonzero(mask)
    row, column = int(np.median(rows)), int(np.median(columns))
    return row - 5, row + 5, column - 5, column + 5
