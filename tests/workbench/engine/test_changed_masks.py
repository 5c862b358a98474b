"""The real engine's silhouettes follow the masks as the user changes them."""

import numpy as np
import pytest

from neuhmr.clip.masks import pack_masks, read_masks, write_masks
from neuhmr.clip.open_request import OpenRequest
from tests.workbench.short_clip import FRAMES, short_engine, write_short_clip
from workbench.core.config import SAMPLE_CLIP

pytestmark = pytest.mark.slow


def silhouettes(footage, engine):
    built = footage.build_avatar(engine.default_config(), lambda progress: None)
    return np.array([built.silhouette_iou[frame] for frame in sorted(built.silhouette_iou)])


def test_grown_masks_cover_more_than_the_body_and_are_told_apart(tmp_path):
    clip = write_short_clip(tmp_path)
    masks = read_masks(SAMPLE_CLIP.with_name("turn.masks.npz"))
    write_masks(tmp_path / "short.masks.npz", pack_masks(masks.mask(frame) for frame in FRAMES))
    engine = short_engine()
    plain = engine.open(OpenRequest(clip=clip), lambda progress: None)
    grown = engine.open(OpenRequest(clip=clip, grow_masks=9), lambda progress: None)
    assert plain.masks_digest != grown.masks_digest
    assert grown.masks.mask(3).sum() > 1.2 * plain.masks.mask(3).sum()
    assert silhouettes(grown, engine).mean() < silhouettes(plain, engine).mean() - 0.05
