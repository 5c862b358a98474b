"""How near the motion prior alone comes, by what it is shown, and how well it knows that.

Motions are those of performers, and of kinds, that the training did not see; cameras, bodies and
the errors of initial poses are drawn as in training. What differs from row to row is what is seen.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.errors import DatasetError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.people.splits import Split
from neuhmr.lab.training.motion_prior.batches import look, make_batch
from neuhmr.lab.training.motion_prior.estimates import (
    LONGEST_LAG,
    METERS_PER_PIXEL,
    Estimates,
    estimate,
)
from neuhmr.lab.training.motion_prior.scenes import Bodies, film
from neuhmr.lab.training.motion_prior.tracks import Track, draw_windows, recorded_tracks
from neuhmr.lab.training.motion_prior.validation import pose_errors, share_worse
from neuhmr.motion_prior.beliefs import hip_aligned
from neuhmr.motion_prior.mirroring import ask_both
from neuhmr.motion_prior.network import Belief, MotionPrior
from neuhmr.motion_prior.view import Sightings
from neuhmr.progress import OnProgress, Progress, ignore_progress

EXACT, NOISY_PX = 0.002, 2.5
"""What exact sightings are taken to miss (m), and the noise of others along each axis (px)."""
LEVELS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Multiples of the expected error at which it is checked."""


@dataclass(frozen=True, kw_only=True)
class PriorBenchmarkConfig:
    """What is measured."""

    mocap: Path
    """Folder of CMU recordings."""
    split: Split = "test"
    """Whose recordings."""
    windows: int = 96
    """Pieces of motion."""
    frames: int = 48
    """Length of each."""
    seed: int = 0
    """Of all draws."""


@dataclass(frozen=True, kw_only=True)
class PriorRow:
    """What comes out where one thing is shown."""

    shown: str
    mpjpe_mm: float
    """With hips aligned."""
    pa_mpjpe_mm: float
    along_ray_mm: float
    across_ray_mm: float
    arms_mm: float
    frames_worse: float | None
    """Share of frames that are worse than initial; None for the initial poses themselves."""
    within: dict[str, float] | None
    """Share of errors along the ray within so many expected errors."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


def expected_within(level: float) -> float:
    """Share of errors within so many of their mean, if they are as Laplace has them."""
    return float(1.0 - np.exp(-level))


def benchmark_prior(
    prior: MotionPrior, config: PriorBenchmarkConfig, on_progress: OnProgress = ignore_progress
) -> list[PriorRow]:
    """Measure one row after the other.

    Raises:
        DatasetError: the split has no recordings there.
    """
    model = load_body_model()
    tracks = recorded_tracks(
        config.mocap, config.split, model.with_shape(torch.zeros(model.num_betas)), 0.8
    )
    if not tracks:
        raise DatasetError(
            f"{config.mocap} has no recordings of the {config.split} split's performers; see "
            "SPLIT_OF_SUBJECT in neuhmr/lab/people/splits.py for who they are."
        )
    scenes = _Scenes(tracks, Bodies.of_model(model), config)
    initial = make_batch(scenes.true, scenes.estimates, None)
    first, true = hip_aligned(initial.view.joints()), hip_aligned(initial.joints)
    rows = [_row("initial poses", first, true, None, None)]
    for number, (shown, estimates, sightings) in enumerate(scenes.shown()):
        on_progress(Progress("Asking the prior", number, 6))
        batch = make_batch(scenes.true, estimates, sightings)
        with torch.no_grad():
            belief = ask_both(prior, batch.view, batch.times)
        rows.append(
            _row(shown, belief.joints(batch.view), hip_aligned(batch.joints), first, belief)
        )
    return rows


class _Scenes:
    """One set of people, cameras and estimates, shown in several ways."""

    def __init__(self, tracks: list[Track], bodies: Bodies, config: PriorBenchmarkConfig) -> None:
        rng = np.random.default_rng(config.seed)
        self._generator = torch.Generator().manual_seed(config.seed)
        windows = draw_windows(
            [tracks], config.windows, config.frames + LONGEST_LAG, rng, is_changed=False
        )
        longer = film(windows, bodies, self._generator)
        self.estimates = estimate(longer, bodies, self._generator)
        self.true = longer.after(LONGEST_LAG)

    def shown(self) -> Iterator[tuple[str, Estimates, Sightings | None]]:
        """Say what is shown, and show it."""
        exact, noisy = self._seen(EXACT), self._seen(NOISY_PX * METERS_PER_PIXEL)
        network = look(self.true, self.estimates, self._generator)
        still = self._standing()
        yield "initial poses, nothing seen", self.estimates, None
        yield "initial poses, joints as the matching network sees them", self.estimates, network
        yield f"initial poses, joints to {NOISY_PX} px", self.estimates, noisy
        yield "initial poses, exact joints", self.estimates, exact
        yield f"a person standing still, joints to {NOISY_PX} px", still, noisy
        yield "a person standing still, exact joints", still, exact

    def _seen(self, miss: float) -> Sightings:
        """See all joints, each off by so much along either axis (m at the person's distance)."""
        places = self.true.joints()[:, :, list(MATCHING_JOINTS)] + self.true.pelvis[:, :, None]
        directions = places / places[..., 2:]
        noise = torch.randn(directions[..., :2].shape, generator=self._generator)
        distance = self.true.pelvis.norm(dim=-1)[..., None, None]
        off = noise * (0.0 if miss == EXACT else miss) / distance
        directions = torch.cat([directions[..., :2] + off, directions[..., 2:]], dim=-1)
        shape = directions.shape[:-1]
        return Sightings(directions, torch.full(shape, miss), torch.ones(shape, dtype=torch.bool))

    def _standing(self) -> Estimates:
        """Know where the person is and nothing else: stand there, facing the camera."""
        facing = axisangle_to_rotmat(torch.tensor([torch.pi, 0.0, 0.0]))
        rotmat = torch.eye(3).expand_as(self.true.rotmat).clone()
        rotmat[:, :, 0] = facing
        # Arms hang.
        for joint, sign in ((16, -1.0), (17, 1.0)):
            rotmat[:, :, joint] = axisangle_to_rotmat(torch.tensor([0.0, 0.0, 1.2 * sign]))
        return replace(self.estimates, rotmat=rotmat)


def _row(
    shown: str,
    joints: Float[Tensor, "batch frames 24 3"],
    true: Float[Tensor, "batch frames 24 3"],
    first: Float[Tensor, "batch frames 24 3"] | None,
    belief: Belief | None,
) -> PriorRow:
    joints = hip_aligned(joints)
    errors = pose_errors(joints, true)
    within = None
    if belief is not None:
        along = (joints - true)[..., 2].abs()
        within = {
            f"{level:g}": float((along < level * belief.along).float().mean()) for level in LEVELS
        }
    return PriorRow(
        shown=shown,
        mpjpe_mm=errors["mpjpe"],
        pa_mpjpe_mm=errors["pa"],
        along_ray_mm=errors["along"],
        across_ray_mm=errors["across"],
        arms_mm=errors["arms"],
        frames_worse=None if first is None else share_worse(joints, first, true),
        within=within,
    )
