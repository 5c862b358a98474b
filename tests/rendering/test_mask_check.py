from dataclasses import replace

import pytest
import torch

from neuhmr.errors import ClipError
from neuhmr.rendering.mask_check import check_masks
from refine.bare_clip import bare_clip


def check(masks: torch.Tensor, **changes: torch.Tensor) -> None:
    clip = bare_clip()
    body = clip.model.with_shape(clip.truth.betas)
    motion = replace(clip.truth, **changes)
    check_masks(replace(clip.crops, masks=masks), motion, body, "clip.mp4")


def test_masks_of_the_person_pass_also_where_some_are_wrong():
    masks = bare_clip().crops.masks
    check(masks)
    some = masks.clone()
    some[::3] = 1.0
    check(some)
    check(torch.zeros_like(masks))
    some[1::3] = 1.0
    with pytest.raises(ClipError, match="the masks cover"):
        check(some)


def test_masks_of_everything_are_refused():
    with pytest.raises(ClipError, match=r"clip\.mp4: the masks cover \d+\.\d times .* --masks"):
        check(torch.ones_like(bare_clip().crops.masks))


def test_inverted_masks_are_refused():
    with pytest.raises(ClipError, match="different places"):
        check(1.0 - bare_clip().crops.masks)


def test_poses_of_somebody_elsewhere_are_refused():
    clip = bare_clip()
    aside = clip.truth.transl + torch.tensor([1.2, 0.0, 0.0])
    with pytest.raises(ClipError, match="check that the poses are of this clip"):
        check(clip.crops.masks, transl=aside)


def test_rows_without_a_pose_are_not_looked_at():
    clip = bare_clip()
    masks = torch.ones_like(clip.crops.masks)
    masks[0] = clip.crops.masks[0]
    valid = torch.zeros(len(clip.truth), dtype=torch.bool)
    valid[0] = True
    check(masks, valid=valid)
    with pytest.raises(ClipError, match="the masks cover"):
        check(masks)
