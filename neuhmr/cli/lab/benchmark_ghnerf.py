"""`neuhmr benchmark ghnerf`: rendered people, heatmaps and keypoints, row by row."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.lab.benchmark_accuracy import Switch, default_cache
from neuhmr.cli.output import note
from neuhmr.cli.outputs import OverwriteFlag, check_outputs
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.devices import choose_device

if TYPE_CHECKING:
    from neuhmr.progress import OnProgress

QUICK_PEOPLE = 2


@dataclass(frozen=True, kw_only=True)
class BenchmarkGhnerf:
    """Measure GHNeRF and what it is compared with on people that no training saw.

    Pictures, heatmaps, 2D and 3D keypoints, body parts, surface embedding and speed, the paper's
    tables beside them.
    """

    data: OptionalPath = None
    """A folder of `neuhmr people --preset views-test`, or of captures; else people are made."""
    rows: Annotated[tuple[str, ...], arg(metavar="ROW ...", help_behavior_hint="")] = ()
    """ENeRF, ENeRF+heatmap, GHNeRF+ResNet18, GHNeRF+ResNet34, GHNeRF+DINO, MediaPipe,
    "zero predictor"; else all."""
    checkpoints: Annotated[tuple[str, ...], arg(metavar="ROW=PATH ...", help_behavior_hint="")] = ()
    """Weights of rows; the shipped ones belong to their own row."""
    quick: Switch = False
    """Two people, two pictures of each moment, nothing in space."""
    people: Annotated[int | None, arg(help_behavior_hint="(default: 8)")] = None
    """People or captures to measure at most."""
    pictures: int = 4
    """Target views of each moment."""
    sources: int = 3
    """Source views of each picture, the nearest of every other camera."""
    size: int = 256
    """Pixels along the person's larger side; larger pictures are made smaller, as the papers halve
    theirs."""
    vgg_weights: OptionalPath = None
    """torchvision's VGG16 weights (vgg16-397923af.pth), to measure LPIPS; else it is left out."""
    seed: int = 0
    """Of the intervals."""
    markdown: OptionalPath = None
    """Also write the tables to this file."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    overwrite: OverwriteFlag = False
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Measure.

        Raises:
            NeuhmrError: an option makes no sense, or data or weights cannot be used.
        """
        from neuhmr.clip.atomic import atomic_path
        from neuhmr.lab.benchmarks.ghnerf.benchmark import (
            GhnerfBenchmarkConfig,
            measure_ghnerf,
            quick,
        )
        from neuhmr.lab.benchmarks.ghnerf.rows import parse_checkpoints, require_rows
        from neuhmr.lab.benchmarks.ghnerf.scores import MeasureConfig
        from neuhmr.lab.benchmarks.ghnerf.tables import ghnerf_markdown
        from neuhmr.lab.moments.moments import read_moments

        for option, value in (
            ("--people", self.people), ("--pictures", self.pictures), ("--sources", self.sources),
        ):  # fmt: skip
            require_at_least(option, value, 1)
        require_at_least("--size", self.size, 32)
        checkpoints = parse_checkpoints(self.checkpoints)
        inputs = {"--vgg-weights": self.vgg_weights, "--data": self.data, **checkpoints}
        check_outputs({"--markdown": self.markdown}, inputs, self.overwrite)
        config = GhnerfBenchmarkConfig(
            rows=require_rows(self.rows),
            checkpoints=checkpoints,
            measure=MeasureConfig(sources=self.sources, targets=self.pictures, size=self.size),
            vgg_weights=self.vgg_weights,
            seed=self.seed,
            device=str(choose_device(self.device)),
        )
        people = self.people
        if self.quick:
            config = quick(config)
            people = people or QUICK_PEOPLE
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            folder = self.data or _made_people(people, on_progress)
            report = measure_ghnerf(config, read_moments(folder, people), on_progress)
        for line in _notes(report):
            note(line)
        if self.markdown is not None:
            with atomic_path(self.markdown) as partial:
                partial.write_text(ghnerf_markdown(report), encoding="utf-8")
        return report

    def show(self, result: dict[str, object]) -> None:
        """Print the tables as Markdown, unwrapped, so that they can be pasted."""
        from neuhmr.lab.benchmarks.ghnerf.tables import ghnerf_markdown

        sys.stdout.write(ghnerf_markdown(result))


def _made_people(people: int | None, on_progress: "OnProgress") -> Path:
    """Make test people, the same ones every time, in the cache folder; those there are kept."""
    from neuhmr.lab.people.presets import people_preset
    from neuhmr.lab.people.training_set import TrainingSetConfig, generate_training_set

    preset = people_preset("views-test")
    folder = default_cache() / f"views_test_{preset.height}"
    config = TrainingSetConfig(
        out_dir=folder, split=preset.split, num_people=people or preset.people,
        camera=preset.camera, masks=preset.masks, poses=preset.poses, views=preset.sides,
        placing=preset.placing, size=preset.height,
    )  # fmt: skip
    generate_training_set(config, on_progress)
    return folder


def _notes(report: dict[str, object]) -> list[str]:
    notes = report["notes"]
    assert isinstance(notes, list), "measure_ghnerf makes a list"
    return notes
