"""A step of the optimization goes the same way wherever it is taken."""

from dataclasses import replace

import pytest
import torch

from neuhmr.pipeline import make_subject, prepare
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.settings.config import USUAL_RATE
from refine.splat_clip import wrong_by_rotations
from refine.tiny_problem import TINY_CONFIG, tiny_clip
from tests.ghn.scene import make_ghn

WHOLE = replace(
    TINY_CONFIG, draft=replace(TINY_CONFIG.draft, enabled=True, steps=2, learning_rate=1e-4)
)
"""With a draft, whose floor and beliefs are terms of their own.

Adam's first steps go by signs, which are rounding's where a gradient is nothing: they are small.
"""


def step_on(device: str) -> tuple[dict[str, float], torch.Tensor, torch.Tensor]:
    """Terms of a step, and the poses after it."""
    clip = tiny_clip()
    initial = wrong_by_rotations(clip.truth, 10.0, 0.05)
    network = make_ghn().to(device)
    subject = make_subject(clip.crops, initial, clip.model, network, USUAL_RATE, device)
    refiner = Refiner(prepare(subject, WHOLE), WHOLE)
    terms = dict(refiner.step().terms)
    motion = refiner.motion()
    return terms, motion.body_pose.cpu(), motion.transl.cpu()


def test_a_step_has_the_same_terms_and_leads_to_the_same_poses(elsewhere: str) -> None:
    here, there = step_on("cpu"), step_on(elsewhere)
    assert there[0] == pytest.approx(here[0], rel=2e-2, abs=1e-3)
    torch.testing.assert_close(there[1], here[1], rtol=0, atol=5e-3)
    torch.testing.assert_close(there[2], here[2], rtol=0, atol=5e-3)
