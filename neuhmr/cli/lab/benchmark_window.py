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
    poses: OptionalPath = None
    """Its poses, where they lie elsewhere."""
    steps: int = 3
    """Optimization steps before Pause is pressed."""
    cancel: bool = False
    """Cancel long jobs, too: an avatar, a registration, a sweep."""
    minutes: int = 0
    """Play so long while the clip is refined again and again, and read the memory each minute."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Measure, in a process of its own: nothing of the library imports the window.

        Raises:
            NeuhmrError: the clip cannot be used, or an option is out of its range.
        """
        if self.steps < 1 or not 0 <= self.minutes <= 600:
            raise NeuhmrError(
                f"--steps is {self.steps} and --minutes {self.minutes}; at least 1 step and 0 to "
                "600 minutes were expected."
            )
        command = [sys.executable, "-m", "workbench.speed"]
        command += ["--clip", str(self.clip or sample_clip())]
        if self.poses is not None:
            command += ["--poses", str(self.poses)]
        command += ["--device", self.device, "--minutes", str(self.minutes)]
        command += ["--cancel"] * self.cancel + ["--steps", str(self.steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            raise NeuhmrError(lines[-1] if lines else "The workbench ended without a word.")
        return json.loads(done.stdout.splitlines()[-1])

    def show(self, result: dict[str, object]) -> None:
        """Print the figures with what they stand for."""
        rows = [
            ("First picture after start", f"{result['first_picture_s']:.2f} s"),
            ("Pictures a second while scrubbing", f"{result['scrub_hz']:.1f}"),
            ("Slider to callback", f"{result['to_callback_ms']:.1f} ms"),
            ("Slider to new picture", f"{result['to_picture_ms']:.0f} ms"),
            ("Run to first step, avatar and anchors included", f"{result['first_step_s']:.1f} s"),
            ("Pause heard", f"{result['pause_heard_ms']:.1f} ms"),
            ("Pause to standstill", f"{result['pause_s']:.2f} s"),
        ]
        if self.cancel:
            rows += [("Build avatar", f"{result['avatar_s']:.1f} s")]
            rows += [("Register", f"{result['register_s']:.1f} s")]
            rows += [_cancel_row(result, job) for job in ("avatar", "register", "sweep")]
        if self.minutes:
            sizes = ", ".join("?" if s is None else f"{s:.0f}" for s in _list(result["rss_mb"]))
            rows += [("Memory after each minute of playing and refining", f"{sizes} MB")]
            rows += [("Pictures a second meanwhile", f"{result['played_hz']:.1f}")]
            rows += [("Steps meanwhile", str(result["steps"]))]
        print_rows([*rows, ("Device", str(result["device"]))])


def _cancel_row(result: dict[str, object], job: str) -> tuple[str, str]:
    usual, most = result[f"cancel_{job}_ms"], result[f"cancel_{job}_most_ms"]
    words = "it was done sooner" if usual is None else f"{usual:.0f} ms, at most {most:.0f} ms"
    return f"Cancel to standstill, {job}", words


def _list(value: object) -> list[float | None]:
    assert isinstance(value, list)
    return value
