"""`neuhmr train all`: every network in turn, in the time that there is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.output import note
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.devices import choose_device
from neuhmr.errors import NeuhmrError
from neuhmr.lab.training.course.stage_names import StageName
from neuhmr.progress import Progress


@dataclass(frozen=True, kw_only=True)
class TrainAll:
    """Train all networks, or some, in turn, from the shipped weights, within --minutes.

    People are made first, by all cores. Each network has a share of the time, which its learning
    rate follows. Leaves weights, a table of scores before and after, and the configuration. Ctrl-C
    keeps what is done; --resume goes on, and the time already spent counts.
    """

    data: Path
    """Folder of CMU recordings (.bvh, or .amc beside their .asf), subject 02 among them."""
    minutes: float
    """For everything."""
    out: Path
    """Folder of the results, and of everything on the way."""
    networks: Annotated[tuple[StageName, ...], arg(help_behavior_hint="")] = ()
    """Which of them; else all."""
    people: OptionalPath = None
    """Folder of people with train, val, views and views-val in it; what is missing is made there.
    Else OUT/people."""
    resume: Annotated[bool, arg(help_behavior_hint="")] = False
    """Go on with the training in OUT."""
    seed: int = 0
    """Of every random number."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1. On CUDA convolutions compute in 16-bit floats."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Train until done or stopped.

        Raises:
            DatasetError: there are no recordings, or people that cannot be used.
            NeuhmrError: no time, or OUT holds a training already.
            NonFiniteError: a loss stopped being a number.
        """
        if not 0.0 < self.minutes < float("inf"):
            raise NeuhmrError(
                f"--minutes is {self.minutes:g}, more than 0 was expected; change it."
            )
        device = str(choose_device(self.device))
        from neuhmr.lab.training.course.course import CourseConfig, train_all
        from neuhmr.lab.training.course.plan import chosen_stages
        from neuhmr.lab.training.course.summary import TABLE_NAME

        config = CourseConfig(
            data=self.data, out=self.out, seconds=60.0 * self.minutes, people=self.people,
            resume=self.resume, seed=self.seed, device=device,
            stages=chosen_stages(self.networks),
        )  # fmt: skip
        result: dict[str, object] = {"written": str(self.out), "interrupted": False}
        with stop_on_interrupt() as stop, progress_bars(stop, completes=False) as on_progress:
            for step in train_all(config, on_progress):
                if stop:
                    return result | {"interrupted": True, "steps": step.outcome.step}
                label = f"Training {step.stage.name}"
                on_progress(Progress(label, round(step.spent), round(config.seconds)))
        return result | {"table": str(self.out / TABLE_NAME)}

    def show(self, result: dict[str, object]) -> None:
        """Print the table, or how to go on."""
        if result["interrupted"]:
            note(f"Stopped; --resume goes on in {self.out}.")
        else:
            print(Path(str(result["table"])).read_text(encoding="utf-8"))
