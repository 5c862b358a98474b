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


def test_feet_that_stand_in_the_picture_stop_gliding_along_the_ray() -> None:
    clip = bare_clip()
    one = torch.zeros(len(clip.truth), dtype=torch.long)
    still = replace(clip.truth[one], frame_index=clip.truth.frame_index)
    # In the same place of the picture, but nearer and nearer.
    share = torch.linspace(0.97, 1.03, len(still))[:, None]
    body = clip.model.with_shape(still.betas)
    gliding = replace(still, transl=(still.transl + body.joints_rest[0]) * share)
    gliding = replace(gliding, transl=gliding.transl - body.joints_rest[0])

    def glide(**changes: float) -> float:
        config = replace(CONFIG, outline_weight=0.0, floor_weight=0.0, steps=60, **changes)
        found = fit(clip, gliding, config)
        for number in range(config.steps):
            found.step(number)
        joints = found.result()[0].bones(body).apply(body.joints_rest)
        return float(joints[:, [7, 8], AWAY].std(dim=0).mean())

    assert glide() < 0.6 * glide(slip_weight=0.0)
    assert glide(sigma_slip=0.5) > 1.2 * glide()
