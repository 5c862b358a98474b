import math
from dataclasses import replace

import pytest
import torch

from neuhmr.anchors import frame_features
from neuhmr.anchors.frame_features import encode_frames
from neuhmr.errors import NonFiniteError
from refine.splat_avatar import textured_network
from refine.tiny_problem import tiny_clip


def network():
    clip = tiny_clip()
    return textured_network(clip.model, clip.truth.betas)


@pytest.mark.parametrize("batch", [1, 4, 6])
def test_batches_do_not_change_the_features(batch: int):
    crops = tiny_clip().crops
    whole = network().image_features(crops.masked_images())
    found = encode_frames(network(), crops, batch=batch)
    assert torch.allclose(found.float(), whole, atol=1e-3)


def test_large_tables_are_kept_on_disk_and_read_the_same(monkeypatch: pytest.MonkeyPatch):
    in_memory = encode_frames(network(), tiny_clip().crops)
    monkeypatch.setattr(frame_features, "MOST_IN_MEMORY", 1000)
    on_disk = encode_frames(network(), tiny_clip().crops)
    assert torch.equal(in_memory, on_disk)


def test_a_frame_that_cannot_be_encoded_is_named():
    crops = tiny_clip().crops
    masks = crops.masks.clone()
    masks[4, 30, 20] = math.nan
    broken = replace(crops, masks=masks, frame_index=crops.frame_index + 20)
    with pytest.raises(NonFiniteError, match="frame 24"):
        encode_frames(network(), broken)
