"""`neuhmr benchmark prior`: what the motion prior knows by itself."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.progress import progress_bars, stop_on_interrupt


@dataclass(frozen=True, kw_only=True)
class BenchmarkPrior:
    """Measure the motion prior alone on recordings that its training did not see."""

    mocap_dir: Annotated[Path, arg(metavar="PATH")]
    """Folder of CMU recordings (.bvh, or .asf and .amc)."""
    split: Literal["test", "val", "train"] = "test"
    """Whose recordings; those of train show what was learnt by heart."""
    checkpoint: OptionalPath = None
    """Weights of a motion prior (.safetensors); else the shipped ones."""
    windows: int = 96
    """Pieces of motion."""
    frames: int = 48
    """Length of each, at 30 a second."""
    seed: int = 0
    """Of all draws."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Measure.

        Raises:
            NeuhmrError: recordings or weights cannot be used.
        """
        from neuhmr.lab.benchmarks.prior.benchmark import PriorBenchmarkConfig, benchmark_prior
        from neuhmr.motion_prior.checkpoint import load_motion_prior

        require_at_least("--windows", self.windows, 1)
        require_at_least("--frames", self.frames, 3)
        config = PriorBenchmarkConfig(
            mocap=self.mocap_dir,
            split=self.split,
            windows=self.windows,
            frames=self.frames,
            seed=self.seed,
        )
        prior = load_motion_prior(self.checkpoint)
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            rows = benchmark_prior(prior, config, on_progress)
        return {"split": self.split, "rows": [row.as_dict() for row in rows]}

    def show(self, result: dict[str, object]) -> None:
        """Print both tables as Markdown."""
        from neuhmr.lab.benchmarks.prior.benchmark import LEVELS, expected_within
        from neuhmr.lab.markdown import Figure, figure_table, number, share, table

        rows = result["rows"]
        assert isinstance(rows, list), "run gives these"
        figures: dict[str, Figure] = {
            "MPJPE": number("mpjpe_mm"),
            "PA-MPJPE": number("pa_mpjpe_mm"),
            "along the ray": number("along_ray_mm"),
            "across": number("across_ray_mm"),
            "arms": number("arms_mm"),
            "frames worse": share("frames_worse"),
        }
        main = figure_table("shown", figures, rows, lambda row: str(row["shown"]))
        right = ("if it were right", [f"{100 * expected_within(level):.0f} %" for level in LEVELS])
        told = [
            (row["shown"], [f"{100 * share:.0f} %" for share in row["within"].values()])
            for row in rows
            if row["within"]
        ]
        columns = [f"within {level:g}" for level in LEVELS]
        calibration = table("errors along the ray, in expected errors", columns, [right, *told])
        sys.stdout.write(f"{main}\n\n{calibration}\n")
