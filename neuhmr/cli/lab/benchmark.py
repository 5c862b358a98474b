"""`neuhmr benchmark`: figures of this machine."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import subcommand

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least, sample_clip
from neuhmr.cli.lab.benchmark_accuracy import BenchmarkAccuracy
from neuhmr.cli.lab.benchmark_formats import BenchmarkFormats
from neuhmr.cli.lab.benchmark_ghnerf import BenchmarkGhnerf
from neuhmr.cli.lab.benchmark_prior import BenchmarkPrior
from neuhmr.cli.lab.benchmark_real import BenchmarkReal
from neuhmr.cli.lab.benchmark_views import BenchmarkViews
from neuhmr.cli.lab.benchmark_window import BenchmarkWindow
from neuhmr.cli.output import print_rows
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.devices import choose_device


@dataclass(frozen=True, kw_only=True)
class BenchmarkSpeed:
    """Measure how fast refinement is on this machine."""

    clip: OptionalPath = None
    """A clip with poses and masks beside it; else the sample clip."""
    checkpoint: OptionalPath = None
    """Avatar weights (.safetensors); else the shipped ones."""
    frames: int = 16
    """Frames of the clip that are used."""
    steps: int = 16
    """Timed optimization steps."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Measure.

        Raises:
            NeuhmrError: the clip, its poses or the weights cannot be used.
        """
        from neuhmr.lab.benchmarks.pose.speed import SpeedConfig, measure_speed

        require_at_least("--frames", self.frames, 2)
        require_at_least("--steps", self.steps, 1)
        config = SpeedConfig(
            clip=self.clip or sample_clip(),
            checkpoint=self.checkpoint,
            frames=self.frames,
            steps=self.steps,
            device=str(choose_device(self.device)),
        )
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            return measure_speed(config, on_progress).as_dict()

    def show(self, result: dict[str, object]) -> None:
        """Print the figures with what they stand for."""
        size = f"{result['height']} x {result['width']}"
        rows = [
            (f"One optimization step of one frame, {size} pixels", f"{result['step_s']:.3f} s"),
            (f"One preview, {size} pixels", f"{result['preview_s']:.3f} s"),
            ("Refining with the preset fast, per frame", f"{result['fit_s_per_frame']:.2f} s"),
            ("Preparing, per frame", f"{result['prepare_s_per_frame']:.2f} s"),
            ("Most memory", f"{result['peak_rss_mb']:.0f} MB"),
            ("Device, threads", f"{result['device']}, {result['threads']}"),
            ("Frames, timed steps", f"{result['frames']}, {result['steps']}"),
        ]
        print_rows(rows)


Benchmark = (
    Annotated[BenchmarkSpeed, subcommand("speed")]
    | Annotated[BenchmarkAccuracy, subcommand("accuracy")]
    | Annotated[BenchmarkFormats, subcommand("formats")]
    | Annotated[BenchmarkGhnerf, subcommand("ghnerf")]
    | Annotated[BenchmarkPrior, subcommand("prior")]
    | Annotated[BenchmarkReal, subcommand("real")]
    | Annotated[BenchmarkViews, subcommand("views")]
    | Annotated[BenchmarkWindow, subcommand("window")]
)
"""Which table: `neuhmr benchmark speed`, `accuracy`, `formats`, `ghnerf`, `prior`, `real`,
`views` or `window`."""
