"""`neuhmr train`: weights of the avatar network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from neuhmr.cli.inputs import JsonFlag, choose_device
from neuhmr.cli.output import print_rows
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train the avatar network (GHN) on synthetic people.

    Make the people first with `neuhmr people`. Ctrl-C keeps the last checkpoint; --resume goes on.
    """

    network: Positional[Literal["ghn"]]
    """Which network."""
    data: Path
    """Folder of training people."""
    val: Path
    """Folder of validation people."""
    out: Path
    """Run folder: checkpoint, log, pictures, weights."""
    preset: Literal["open", "paper"] = "open"
    """Size of the network: small enough to ship, or the paper's."""
    steps: int = 35_000
    """Optimization steps."""
    learning_rate: float = 1e-4
    """Initial learning rate."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    seed: int = 0
    """Of every random number."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Train until done or stopped.

        Raises:
            DatasetError: no people to train or validate on.
            NonFiniteError: a loss stopped being a number.
        """
        from neuhmr.training.ghn import GhnTrainingConfig, train_ghn

        config = GhnTrainingConfig(
            data=self.data, val=self.val, out=self.out, preset=self.preset, steps=self.steps,
            learning_rate=self.learning_rate, resume=self.resume, seed=self.seed,
            device=str(choose_device(self.device)),
        )  # fmt: skip
        last = None
        with stop_on_interrupt() as stop, progress_bars(completes=False) as on_progress:
            for snapshot in train_ghn(config):
                last = snapshot
                on_progress(Progress("Training", snapshot.step, config.steps))
                if stop:
                    break
        steps = last.step if last else config.steps
        return {
            "written": str(self.out),
            "steps": steps,
            "interrupted": steps < config.steps,
            "color_loss": last.color_loss if last else None,
            "mask_loss": last.mask_loss if last else None,
        }

    def show(self, result: dict[str, object]) -> None:
        """Say where the weights are."""
        print_rows([(key.replace("_", " "), str(value)) for key, value in result.items()])
