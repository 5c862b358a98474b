"""The descent of a draft over one stretch."""

import functools
from dataclasses import replace

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.refine.draft.draft_fit import DraftFit
from neuhmr.refine.draft.outlines import Outlines, collect_outlines
from neuhmr.refine.settings.draft import DraftConfig
from refine.bare_clip import BareClip, bare_clip

CONFIG = DraftConfig(steps=30, camera_height=1.0, outline_interval=5)
SIDEWAYS, UP, AWAY = 0, 1, 2


@functools.cache
def outlines() -> Outlines:
    clip = bare_clip()
    return collect_outlines(clip.crops, clip.model, clip.truth.betas)


def shifted(motion: Motion, axis: int, by: float) -> Motion:
    """Move a person (m, camera axes)."""
    return replace(motion, transl=motion.transl + by * torch.eye(3)[axis])


def fit(clip: BareClip, initial: Motion, config: DraftConfig = CONFIG) -> DraftFit:
    pose = LocalPose.from_motion(initial)
    body = clip.model.with_shape(initial.betas)
    return DraftFit(
        pose, initial.frame_index, clip.crops.cameras, body, outlines(), None, config
    )  # fmt: skip


@pytest.mark.parametrize(("axis", "by"), [(SIDEWAYS, 0.05), (UP, -0.05)])
def test_a_person_beside_the_mask_is_moved_into_it(axis: int, by: float) -> None:
    clip = bare_clip()
    found = fit(clip, shifted(clip.truth, axis, by))
    before = found.misfit()
    for number in range(CONFIG.steps):
        found.step(number)
    error = (found.result()[0].transl - clip.truth.transl)[:, axis].abs().mean()
    assert error < 0.8 * abs(by), f"{error:.3f} m of {abs(by)} m are left"
    assert found.misfit() < before
