"""Training of the GHN on people with known poses (NeuHMR sections 3.2 and 4.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghn.config import GhnPreset, ghn_preset
from neuhmr.ghn.model import Ghn
from neuhmr.lab.training.ghn.batches import PreparedPerson, draw_pixels, draw_rows, prepare_person
from neuhmr.lab.training.ghn.losses import MASK_WEIGHT, GhnLoss, rendering_loss
from neuhmr.lab.training.ghn.validation import validate_ghn
from neuhmr.lab.training.mixed_precision import narrow
from neuhmr.lab.training.people_files import prepared_people
from neuhmr.lab.training.run import StepOutcome, TrainingRun, draw_one, run_steps
from neuhmr.lab.training.run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class GhnTrainingConfig(RunConfig):
    """How a GHN is trained."""

    preset: GhnPreset = "open"
    """`open` (small enough to ship) or `paper`."""
    band_width: float | None = None
    """How far from the body density may be (m); None keeps the start's or the preset's."""
    steps: int = 35_000
    """The paper's 35,000 by default."""
    learning_rate: float = 1e-4
    """Initial rate of AdamW; the paper's 1e-4 by default."""
    final_learning_rate: float = 1e-5
    """Rate at the end of the exponential decay."""
    weight_decay: float = 1e-4
    """AdamW's weight decay."""
    warmup: int = 100
    """Steps over which the rate rises from zero."""
    rays: int = 1024
    """Rays per step: on the person, on its edge and beside it."""
    targets: int = 1
    """Target frames per step, which share the conditioning."""
    val_people: int = 8
    """People validated on."""


def learning_rate_at(step: int, config: GhnTrainingConfig) -> float:
    """Exponential decay from the initial to the final rate, after a linear warm-up."""
    decay = (config.final_learning_rate / config.learning_rate) ** (step / max(config.steps, 1))
    return config.learning_rate * decay * min(1.0, (step + 1) / max(config.warmup, 1))


def load_people(folder: Path, ghn: Ghn, limit: int | None = None) -> list[PreparedPerson]:
    """Read and prepare the people of a folder.

    Raises:
        DatasetError: the folder holds none.
    """
    return prepared_people(folder, partial(prepare_person, ghn=ghn), limit)


def step_loss(
    ghn: Ghn, person: PreparedPerson, config: GhnTrainingConfig, generator: torch.Generator
) -> GhnLoss:
    """Condition on two drawn anchors and render rays of drawn targets (Eq. 7)."""
    anchors, targets = draw_rows(person, config.targets, generator)
    gain = 0.8 + 0.4 * torch.rand(3, generator=generator)
    views = person.cut_views(anchors, gain, generator)
    device = next(ghn.parameters()).device
    avatar = person.condition(ghn, views)
    terms = []
    for view in (person.views(targets[i : i + 1], gain)[0] for i in range(len(targets))):
        rays = config.rays // len(targets)
        drawn = draw_pixels(view.masks > 0.5, rays, generator)
        (pixels, weights), view = (part.to(device) for part in drawn), view.to(device)
        rendering = avatar.render(view.posed, view.cameras, pixels, generator)
        layers = torch.cat([view.images, view.masks[None]])
        truth = sample_at_pixels(layers, pixels, (view.cameras.height, view.cameras.width))
        loss = rendering_loss(rendering, truth[:, :3], truth[:, 3], weights)
        terms.append(torch.stack(loss))
    return GhnLoss(*torch.stack(terms).mean(dim=0))


def trained_parameters(ghn: Ghn) -> list[nn.Parameter]:
    """List what rendering trains: all but the matching encoder."""
    return [p for name, p in ghn.named_parameters() if not name.startswith("matcher.")]


def begin(config: GhnTrainingConfig) -> Ghn:
    """Make the network, with the weights to start from if there are any.

    Raises:
        CheckpointError: the weights cannot be read.
    """
    start = None if config.start is None else load_ghn(config.start, config.device)
    shape = ghn_preset(config.preset) if start is None else start.config
    if config.band_width is not None:
        shape = replace(shape, band_width=config.band_width)
    ghn = Ghn(shape).to(config.device)
    if start is not None:
        ghn.load_state_dict(start.state_dict())
    return ghn


def begin_run(ghn: Ghn, config: GhnTrainingConfig) -> TrainingRun:
    """Make the optimizer of a network and the run's random state."""
    optimizer = torch.optim.AdamW(
        trained_parameters(ghn), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    return TrainingRun(ghn, optimizer, config)


def train_ghn(config: GhnTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: no people to train or validate on.
        CheckpointError: the weights to start with cannot be read.
        NonFiniteError: a loss stopped being a number.
    """
    torch.manual_seed(config.seed)
    ghn = begin(config)
    run = begin_run(ghn, config)
    if config.mixed:
        narrow(ghn.encoder, config.device)
    people = load_people(config.data, ghn)
    val_people = load_people(config.val, ghn, config.val_people)
    run.begin(people, val_people, "people")

    def losses() -> dict[str, Tensor]:
        loss = step_loss(ghn, draw_one(people, run.generator), config, run.generator)
        return {"color": loss.color, "mask": MASK_WEIGHT * loss.mask}

    yield from run_steps(
        run,
        losses,
        learning_rate=lambda step: learning_rate_at(step, config),
        validate=lambda: _validate(run, config.out, val_people),
    )


def _validate(run: TrainingRun, out: Path, people: list[PreparedPerson]) -> None:
    ghn = cast(Ghn, run.result)
    scores = validate_ghn(ghn, people, picture=out / f"val_{run.step:06d}.png")
    notes = run.report({"psnr_db": scores.psnr_db, "iou": scores.iou})
    save_ghn(ghn, out / "ghn.safetensors", notes)
