"""`neuhmr benchmark window`: how quick the workbench is on this machine."""

import json
import subprocess
import sys
from dataclasses import dataclass

from neuhmr.cli.inputs import JsonFlag, OptionalPath, sample_clip
from neuhmr.cli.output import print_rows
from neuhmr.errors import NeuhmrError


@dataclass(frozen=True, kw_only=True)
class BenchmarkWindow:
    """Measure how quick the workbench is, from a message to the picture that it leads to."""

    clip: OptionalPath = None
    """A clip with poses beside it; else the sample clip."""
    steps: int = 3
    """Optimization steps before Pause is pressed."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Measure, in a process of its own: nothing of the library imports the window.

        Raises:
            NeuhmrError: the clip cannot be used.
        """
        command = [
            sys.executable,
            "-m",
            "workbench.speed",
            "--clip",
            str(self.clip or sample_clip()),
        ]
        command += ["--device", self.device, "--steps", str(self.steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            raise NeuhmrError(lines[-1] if lines else "The workbench ended without a word.")
        return json.loads(done.stdout.splitlines()[-1])

    def show(self, result: dict[str, object]) -> None:
        """Print the figures with what they stand for."""
        print_rows(
            [
                ("First picture after start", f"{result['first_picture_s']:.2f} s"),
                ("Pictures a second while scrubbing", f"{result['scrub_hz']:.1f}"),
                ("Slider to callback", f"{result['to_callback_ms']:.1f} ms"),
                ("Slider to new picture", f"{result['to_picture_ms']:.0f} ms"),
                (
                    "Run to first step, avatar and anchors included",
                    f"{result['first_step_s']:.1f} s",
                ),
                ("Pause heard", f"{result['pause_heard_ms']:.1f} ms"),
                ("Pause to standstill", f"{result['pause_s']:.2f} s"),
                ("Device", str(result["device"])),
            ]
        )
