"""`neuhmr benchmark formats`: what writing and reading pose files costs."""

import sys
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag, require_at_least
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.formats.writing.formats import FormatName


@dataclass(frozen=True, kw_only=True)
class BenchmarkFormats:
    """Measure seconds, size and memory of every format that is written, and of reading."""

    formats: Annotated[
        tuple[FormatName, ...], arg(metavar="FORMAT ...", help_behavior_hint="")
    ] = ()
    """Those of `neuhmr convert --to`; else all."""
    frames: int = 1000
    """Frames that are written; ten times as many are read."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Measure.

        Raises:
            NeuhmrError: too few frames.
        """
        from neuhmr.lab.benchmarks.formats.benchmark import FormatsConfig, benchmark_formats

        require_at_least("--frames", self.frames, 1)
        chosen = {"formats": self.formats} if self.formats else {}
        config = FormatsConfig(**chosen, written_frames=self.frames, read_frames=10 * self.frames)
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            rows = [row.as_dict() for row in benchmark_formats(config, on_progress)]
        return {"rows": rows}

    def show(self, result: dict[str, object]) -> None:
        """Print the table as Markdown."""
        from neuhmr.lab.markdown import table

        rows = result["rows"]
        assert isinstance(rows, list), "run gives these"
        columns = ["frames", "seconds", "size", "peak memory"]
        lines = [
            (
                row["task"],
                [
                    str(row["frames"]),
                    f"{row['seconds']:.2f}",
                    f"{row['bytes'] / 1e6:.2f} MB",
                    f"{row['peak_rss_mb']:.0f} MB",
                ],
            )
            for row in rows
        ]
        sys.stdout.write(table("file", columns, lines) + "\n")
