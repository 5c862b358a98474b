"""The motion prior believes the same wherever it is."""

import dataclasses

import torch

from neuhmr.motion_prior.checkpoint import load_motion_prior
from tests.motion_prior.scene import random_sightings, random_view


def test_beliefs_are_the_same(elsewhere: str) -> None:
    view = random_view(9, 0, random_sightings(9)).map(lambda t: t[None])
    times = torch.arange(9.0)[None]
    here = load_motion_prior()(view, times)
    there = load_motion_prior(device=elsewhere)(view.to(elsewhere), times.to(elsewhere))
    for field in dataclasses.fields(here):
        wanted, found = getattr(here, field.name), getattr(there, field.name)
        torch.testing.assert_close(found.cpu(), wanted, rtol=1e-3, atol=1e-4, msg=field.name)
    assert float((here.rotmat - view.rotmat).abs().max()) > 1e-2
