"""`neuhmr benchmark accuracy`: how much nearer to the truth each method brings poses."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.output import note
from neuhmr.cli.outputs import OverwriteFlag, check_outputs
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.devices import choose_device

if TYPE_CHECKING:
    from neuhmr.lab.benchmarks.pose.accuracy import AccuracyConfig
    from neuhmr.lab.benchmarks.pose.benchmark_clips import ClipSet

OptionalCount = Annotated[int | None, arg(help_behavior_hint="")]
Switch = Annotated[bool, arg(help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class BenchmarkAccuracy:
    """Measure how much nearer to the truth each method brings poses.

    On people no training saw. Ctrl-C shows what has been reached; the same command goes on.
    """

    quick: Switch = False
    """Few people and frames: minutes instead of an hour."""
    set: Annotated[
        Literal["own", "wide"] | None, arg(help_behavior_hint="(default: wide with --mocap-dir)")
    ] = None
    """Clips: 8 of our own motions filmed from breast height, or 24 of six families of motion with
    errors, bodies and cameras of all kinds dealt out over them."""
    mocap_dir: OptionalPath = None
    """Folder of CMU recordings (.bvh, or .asf and .amc): the wide set's dance and ball games."""
    errors: Annotated[
        tuple[str, ...],
        arg(metavar="KIND ...", help_behavior_hint="(default: ray, for the wide set given)"),
    ] = ()
    """Initial poses: ray, isotropic, image, video, world, mirrored, own (from `neuhmr init`), given
    (beside each clip)."""
    methods: Annotated[tuple[str, ...], arg(metavar="METHOD ...", help_behavior_hint="")] = ()
    """Presets, smplify, nemo; else all (with --ablate or --figure5 the preset fast)."""
    ablate: Switch = False
    """Also take one constraint after the other away (NeuHMR's Table 4)."""
    figure5: Switch = False
    """Also compare matched joints with MediaPipe's, joint by joint (NeuHMR's Figure 5)."""
    clips: OptionalPath = None
    """A folder of clips with their truth; else people are made."""
    people: OptionalCount = None
    """Number of people, each with one clip."""
    frames: OptionalCount = None
    """Frames of each clip."""
    epochs: OptionalCount = None
    """Times refinement visits every frame; else the preset's number."""
    part: Annotated[str, arg(metavar="N/COUNT")] = "1/1"
    """Measure only these clips, others beside it; without it, all come together from the cache."""
    seed: int = 0
    """Of the errors and of the intervals."""
    cache: OptionalPath = None
    """Folder for clips and results; else neuhmr/benchmark in your cache folder."""
    fresh: Switch = False
    """Do not use results of earlier runs."""
    checkpoint: OptionalPath = None
    """Avatar weights (.safetensors); else the shipped ones."""
    markdown: OptionalPath = None
    """Also write the tables to this file."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    overwrite: OverwriteFlag = False
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Run what has not been run yet and gather the tables.

        Raises:
            NeuhmrError: an option makes no sense, or clips, weights or folders cannot be used.
        """
        from neuhmr.clip.atomic import atomic_path
        from neuhmr.lab.benchmarks.pose.accuracy import measure_accuracy
        from neuhmr.lab.benchmarks.pose.accuracy_report import accuracy_report
        from neuhmr.lab.benchmarks.pose.accuracy_tables import markdown_report

        require_at_least("--people", self.people, 1)
        require_at_least("--frames", self.frames, 2)
        require_at_least("--epochs", self.epochs, 1)
        inputs = {"--checkpoint": self.checkpoint, "--clips": self.clips}
        check_outputs({"--markdown": self.markdown}, inputs, self.overwrite)
        config = self._config()
        with stop_on_interrupt() as stop, progress_bars(stop, completes=False) as on_progress:
            found = measure_accuracy(config, on_progress)
        for line in found.notes:
            note(line)
        report = accuracy_report(found)
        if self.markdown is not None:
            with atomic_path(self.markdown) as partial:
                partial.write_text(markdown_report(report), encoding="utf-8")
        return report

    def _config(self) -> "AccuracyConfig":
        from neuhmr.lab.benchmarks.pose.accuracy import AccuracyConfig
        from neuhmr.lab.benchmarks.pose.benchmark_clips import Part
        from neuhmr.lab.benchmarks.pose.methods import ABLATED, METHODS

        clip_set = self.set or ("wide" if self.mocap_dir else "own")
        default = (ABLATED,) if self.ablate or self.figure5 else METHODS
        return AccuracyConfig(
            cache=self.cache or default_cache(),
            clips=self.clips,
            clip_set=clip_set,
            mocap_dir=self.mocap_dir,
            people=self._people(clip_set == "wide"),
            part=Part.parse(self.part),
            kinds=self.errors or (("given",) if clip_set == "wide" else ("ray",)),
            methods=self.methods or default,
            ablate=self.ablate,
            figure5=self.figure5,
            epochs=self.epochs,
            seed=self.seed,
            checkpoint=self.checkpoint,
            fresh=self.fresh,
            device=str(choose_device(self.device)),
        )

    def show(self, result: dict[str, object]) -> None:
        """Print the tables as Markdown, unwrapped, so that they can be pasted."""
        from neuhmr.lab.benchmarks.pose.accuracy_tables import markdown_report

        sys.stdout.write(markdown_report(result))

    def _people(self, is_wide: bool) -> "ClipSet":
        from neuhmr.lab.benchmarks.pose.benchmark_clips import QUICK, WHOLE, WIDE

        base = QUICK if self.quick else WIDE if is_wide else WHOLE
        return replace(
            base,
            people=self.people or base.people,
            frames=self.frames or base.frames,
        )


def default_cache() -> Path:
    """Where caches belong on this machine."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "neuhmr" / "benchmark"
