"""Tests of neuhmr.clip.masks."""

import numpy as np
import pytest

from neuhmr.clip.masks import pack_masks, read_masks, write_masks
from neuhmr.errors import ClipError


@pytest.fixture
def masks() -> np.ndarray:
    # 13 columns: the last byte of each row is only partly used.
    return np.random.default_rng(0).random((5, 7, 13)) > 0.5


def test_masks_survive_packing_and_the_file(masks, tmp_path):
    write_masks(tmp_path / "a.masks.npz", pack_masks(masks))
    for sequence in (pack_masks(iter(masks)), read_masks(tmp_path / "a.masks.npz")):
        assert (sequence.num_frames, sequence.height, sequence.width) == (5, 7, 13)
        for index in range(5):
            assert sequence.mask(index).dtype == bool
            np.testing.assert_array_equal(sequence.mask(index), masks[index])
        np.testing.assert_array_equal(sequence[1:5:2].mask(1), masks[3])


def test_the_file_is_what_numpy_writes_and_reads(masks, tmp_path):
    write_masks(tmp_path / "ours.npz", pack_masks(masks))
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as data:
        packed = data["masks_packed"]
        assert (int(data["height"]), int(data["width"])) == (7, 13)
    assert packed.shape == (5, 7, 2)
    np.testing.assert_array_equal(packed, np.packbits(masks, axis=-1))
    np.savez_compressed(tmp_path / "theirs.npz", masks_packed=packed, height=7, width=13)
    np.testing.assert_array_equal(read_masks(tmp_path / "theirs.npz").mask(2), masks[2])


def test_long_clips_stay_small_in_memory():
    mask = np.zeros((1080, 1920), bool)
    mask[200:900, 800:1100] = True
    sequence = pack_masks(mask for _ in range(4))
    # One frame is 259,200 bytes packed; a person's outline deflates at least tenfold.
    assert max(len(frame) for frame in sequence.deflated) < 25_920


def test_masks_of_different_sizes_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="mask 1"):
        pack_masks([np.zeros((4, 4), bool), np.zeros((4, 5), bool)])
    with pytest.raises(ValueError, match="at least one"):
        pack_masks([])


def test_bad_mask_files_are_named_with_a_remedy(masks, make_video, tmp_path):
    packed = np.packbits(masks, axis=-1)
    np.savez(tmp_path / "keys.npz", masks=packed)
    np.savez(tmp_path / "shape.npz", masks_packed=packed, height=7, width=32)
    np.savez(tmp_path / "bool.npz", masks_packed=masks, height=7, width=13)
    np.savez(tmp_path / "size.npz", masks_packed=packed, height=-7, width=13)
    np.savez(tmp_path / "object.npz", masks_packed=packed, height=np.array(None), width=13)
    write_masks(tmp_path / "whole.npz", pack_masks(masks))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:200])
    make_video("video.npz", options=("-f", "mp4"))
    expected = {
        "missing.npz": "does not exist",
        "keys.npz": r"height\.npy",
        "shape.npz": r"shape \(5, 7, 2\).*\(frames, 7, 4\)",
        "bool.npz": "type bool",
        "size.npz": "height is not one positive integer",
        "object.npz": "cannot be read",
        "cut.npz": "is not a zip file",
        "video.npz": "is a video",
    }
    for name, found in expected.items():
        with pytest.raises(ClipError, match=found + r"(.|\n)*expected.*neuhmr init") as error:
            read_masks(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)
