"""Training of the GHN on people with known poses (NeuHMR sections 3.2 and 4.3)."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from neuhmr.body.model_files import load_body_model
from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import NonFiniteError
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghn.config import GhnPreset, ghn_preset
from neuhmr.ghn.model import Ghn
from neuhmr.people.training_person import read_training_person
from neuhmr.training.ghn_batches import PreparedPerson, draw_pixels, draw_rows, prepare_person
from neuhmr.training.ghn_losses import GhnLoss, rendering_loss
from neuhmr.training.ghn_validation import validate_ghn
from neuhmr.training.people_files import people_files

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class GhnTrainingConfig:
    """How a GHN is trained."""

    data: Path
    """Folder of training people, written by `neuhmr people --preset train`."""
    val: Path
    """Folder of validation people, written by `neuhmr people --preset val`."""
    out: Path
    """Run folder: checkpoints, log, pictures, weights."""
    start: Path | None = None
    """Weights to begin with; random ones if None."""
    preset: GhnPreset = "open"
    """`open` (small enough to ship) or `paper`."""
    band_width: float | None = None
    """How far from the body density may be (m); None keeps the start's or the preset's."""
    steps: int = 35_000
    """Optimization steps; the paper's 35,000 by default."""
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
    validate_every: int = 1000
    """Steps between validations with a picture."""
    checkpoint_every: int = 250
    """Steps between checkpoints."""
    val_people: int = 8
    """People validated on."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    seed: int = 0
    """Seed of initialization and of every draw."""
    device: str = "cpu"
    """Where to train."""


@dataclass(frozen=True)
class TrainingSnapshot:
    """One step's outcome."""

    step: int
    color_loss: float
    mask_loss: float
    learning_rate: float
    seconds: float


def learning_rate_at(step: int, config: GhnTrainingConfig) -> float:
    """Exponential decay from the initial to the final rate, after a linear warm-up."""
    decay = (config.final_learning_rate / config.learning_rate) ** (step / max(config.steps, 1))
    return config.learning_rate * decay * min(1.0, (step + 1) / max(config.warmup, 1))


def load_people(folder: Path, ghn: Ghn, limit: int | None = None) -> list[PreparedPerson]:
    """Read and prepare the people of a folder.

    Raises:
        DatasetError: the folder holds none.
    """
    paths, model = people_files(folder, limit), load_body_model()
    return [prepare_person(read_training_person(path), model, ghn) for path in paths]


def step_loss(
    ghn: Ghn, person: PreparedPerson, config: GhnTrainingConfig, generator: torch.Generator
) -> GhnLoss:
    """Condition on two drawn anchors and render rays of drawn targets (Eq. 7)."""
    anchors, targets = draw_rows(person, config.targets, generator)
    gain = 0.8 + 0.4 * torch.rand(3, generator=generator)
    views = person.cut_views(anchors, gain, generator)
    avatar = ghn.condition(views, person.body, person.plan)
    terms = []
    for view in (person.views(targets[i : i + 1], gain)[0] for i in range(len(targets))):
        rays = config.rays // len(targets)
        pixels, weights = draw_pixels(view.masks > 0.5, rays, generator)
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


class GhnTrainer:
    """Network, optimizer and random state of one run; everything that resuming needs."""

    def __init__(self, config: GhnTrainingConfig) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.ghn = begin(config)
        self.optimizer = torch.optim.AdamW(
            trained_parameters(self.ghn),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )
        self.generator = torch.Generator().manual_seed(config.seed)
        self.step = 0

    @property
    def checkpoint_path(self) -> Path:
        """Where the run is kept."""
        return self.config.out / "checkpoint.pt"

    def save(self) -> None:
        """Write the run's state atomically."""
        state = {
            "ghn": self.ghn.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
        }
        with atomic_path(self.checkpoint_path) as partial:
            torch.save(state, partial)

    def load(self) -> None:
        """Go on from the run folder's checkpoint."""
        state = torch.load(self.checkpoint_path, weights_only=True, map_location="cpu")
        self.ghn.load_state_dict(state["ghn"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.step = state["step"]

    def train_step(self, person: PreparedPerson) -> TrainingSnapshot:
        """Take one step.

        Raises:
            NonFiniteError: a loss is not a number.
        """
        start = time.perf_counter()
        rate = learning_rate_at(self.step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = step_loss(self.ghn, person, self.config, self.generator)
        for name, term in loss._asdict().items():
            if not torch.isfinite(term):
                raise NonFiniteError(
                    f"the {name} loss is {term.item()} at step {self.step}; resume from "
                    f"{self.checkpoint_path} with a lower --learning-rate"
                )
        self.optimizer.zero_grad(set_to_none=True)
        loss.total().backward()
        torch.nn.utils.clip_grad_norm_(trained_parameters(self.ghn), 1.0)
        self.optimizer.step()
        self.step += 1
        seconds = time.perf_counter() - start
        return TrainingSnapshot(self.step, loss.color.item(), loss.mask.item(), rate, seconds)


def train_ghn(config: GhnTrainingConfig) -> Iterator[TrainingSnapshot]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: no people to train or validate on.
        NonFiniteError: a loss stopped being a number.
    """
    trainer = GhnTrainer(config)
    people = load_people(config.data, trainer.ghn)
    val_people = load_people(config.val, trainer.ghn, config.val_people)
    config.out.mkdir(parents=True, exist_ok=True)
    if config.resume and trainer.checkpoint_path.is_file():
        trainer.load()
    logger.info("%d people, %d to validate on", len(people), len(val_people))
    try:
        yield from _steps(trainer, people, val_people)
    finally:
        # Also when the caller stops: nothing learnt is lost.
        trainer.save()


def _steps(
    trainer: GhnTrainer, people: list[PreparedPerson], val_people: list[PreparedPerson]
) -> Iterator[TrainingSnapshot]:
    config = trainer.config
    while trainer.step < config.steps:
        person = people[int(torch.randint(len(people), (1,), generator=trainer.generator))]
        snapshot = trainer.train_step(person)
        if snapshot.step % config.checkpoint_every == 0:
            trainer.save()
        if snapshot.step % config.validate_every == 0 or snapshot.step == config.steps:
            _validate(trainer, val_people)
        yield snapshot


def _validate(trainer: GhnTrainer, people: list[PreparedPerson]) -> None:
    out, step = trainer.config.out, trainer.step
    scores = validate_ghn(trainer.ghn, people, picture=out / f"val_{step:06d}.png")
    entry = {"step": step, "psnr_db": scores.psnr_db, "iou": scores.iou}
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(entry) + "\n")
    logger.info("step %d: PSNR %.2f dB, IoU %.4f", step, scores.psnr_db, scores.iou)
    notes = {"step": str(step), "psnr_db": f"{scores.psnr_db:.3f}", "iou": f"{scores.iou:.4f}"}
    save_ghn(trainer.ghn, out / "ghn.safetensors", notes)
