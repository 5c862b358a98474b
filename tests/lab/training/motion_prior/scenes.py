"""Tracks that need no recordings, and what is made of them."""

import functools

import numpy as np
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.training.motion_prior.batches import PriorBatch, draw_batch
from neuhmr.lab.training.motion_prior.scenes import Bodies
from neuhmr.lab.training.motion_prior.tracks import Track, generated_tracks


@functools.cache
def bodies() -> Bodies:
    return Bodies.of_model(load_body_model())


@functools.cache
def tracks() -> tuple[Track, ...]:
    model = load_body_model()
    shaped = model.with_shape(torch.zeros(model.num_betas))
    return tuple(generated_tracks("train", 3, shaped, np.random.default_rng(0)))


def batch(windows: int = 6, frames: int = 20, seed: int = 0) -> PriorBatch:
    return draw_batch([tracks()], bodies(), windows, frames, np.random.default_rng(seed))
