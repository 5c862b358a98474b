"""`neuhmr refine`: the poses of a clip, pulled towards its pixels."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from neuhmr.cli.inputs import (
    RARE,
    ClipInputs,
    JsonFlag,
    OptionalPath,
    RareOptionalPath,
    clip_files,
    require_at_least,
)
from neuhmr.cli.output import print_rows
from neuhmr.cli.outputs import OverwriteFlag, check_outputs
from neuhmr.cli.setting_flags import given_values, with_setting_flags
from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.sidecars import resume_path
from neuhmr.errors import NeuhmrError, OutputError
from neuhmr.refine.settings import PresetName, RefineConfig, preset, with_values
from neuhmr.refine.settings.preset_file import read_preset

if TYPE_CHECKING:
    from neuhmr.refine.scope import Scope


@dataclass(frozen=True, kw_only=True)
class RefineOptions(ClipInputs):
    """Refine the poses of a clip by neural rendering.

    Ctrl-C writes what has been reached; --resume goes on from there. Settings that are left out
    come from the preset; `neuhmr settings` lists all of them, and --help-all rarer options.
    """

    out: Path
    """The motion file to write."""
    report: OptionalPath = None
    """Also write a JSON report: settings, losses, changes."""
    height: Annotated[float | None, arg(metavar="M", help_behavior_hint="")] = None
    """Of the person (m), where it is known: sets size and distance."""
    fill_gaps: Annotated[int, arg(metavar="N", help_behavior_hint=""), RARE] = 0
    """Also refine frames without a pose, in gaps of up to so many."""
    checkpoint: OptionalPath = None
    """Avatar weights (.safetensors); else the shipped ones."""
    heatmaps: RareOptionalPath = None
    """Heatmap weights for --keypoint; else the shipped ones."""
    preset: PresetName = "fast"
    """`paper` is NeuHMR's: no draft, its own numbers."""
    settings: OptionalPath = None
    """TOML file of settings, as the workbench saves; a preset that it names comes first."""
    set: Annotated[tuple[str, ...], arg(metavar="N=V", help_behavior_hint="")] = ()
    """Any other setting, such as draft.steps=100."""
    range: Annotated[str, arg(metavar="A:B", help_behavior_hint="")] = ""
    """Frames to refine, both included; others keep their poses."""
    lock: Annotated[tuple[str, ...], arg(metavar="W", help_behavior_hint="")] = ()
    """What keeps its pose: left_arm, head, left_knee, place, 17."""
    resume: Annotated[bool, arg(help_behavior_hint="")] = False
    """Go on with the interrupted run that wrote to OUT."""
    overwrite: OverwriteFlag = False
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Refine and write.

        Raises:
            NeuhmrError: an input cannot be used, or the output cannot be written.
        """
        config, scope = self.config(), self.scope()
        if self.heatmaps is not None and not config.weights.keypoint:
            raise NeuhmrError(
                f"--heatmaps {self.heatmaps} finds keypoints, which count for nothing without "
                "--keypoint; give --keypoint above 0, or leave --heatmaps out."
            )
        self._check_keypoints(config)
        require_at_least("--fill-gaps", self.fill_gaps, 0)
        self._check_outputs()
        from neuhmr.devices import choose_device
        from neuhmr.placed_clip import place_clip

        choose_device(self.device)
        start = time.perf_counter()
        placed = place_clip(self.request())
        seconds = time.perf_counter() - start
        # Only now: what refines takes longer to import than most mistakes to be told.
        from neuhmr.cli.refine_run import RunFiles, run_refinement

        files = RunFiles(
            placed=placed, out=self.out, report=self.report, resume=self.resume, read_s=seconds
        )
        return run_refinement(files, config, scope, self.device)

    def _check_outputs(self) -> None:
        """Refuse, before any work, to write over what is read, or unasked over what exists.

        Raises:
            OutputError: naming the file.
        """
        state = resume_path(self.out)
        goes_on = self.resume and state.is_file()
        inputs = clip_files(
            self.clip, poses=self.poses, masks=self.masks, camera=self.camera, truth=self.truth,
            body_model=self.body_model, checkpoint=self.checkpoint, heatmaps=self.heatmaps,
            keypoints_2d=self.keypoints_2d,
        )  # fmt: skip
        outputs = {"--out": self.out, "--report": self.report}
        # Of a run that goes on, what it wrote when it stopped is there to be replaced.
        check_outputs(outputs, inputs, self.overwrite or goes_on)
        if state.exists() and not goes_on and not self.overwrite:
            raise OutputError(
                f"{state} keeps an interrupted run; add --resume to go on with it, or --overwrite "
                "to start again."
            )
        check_outputs({"the state of --out": state}, inputs, overwrite=True)

    def _check_keypoints(self, config: RefineConfig) -> None:
        """Refuse 2D keypoints that would count for nothing, or in the method that has none."""
        if self.keypoints_2d is None:
            return
        if self.preset == "paper":
            raise NeuhmrError(
                "--preset paper is NeuHMR's method, which has no 2D keypoints; leave "
                "--keypoints-2d out, or take --preset fast."
            )
        if not config.weights.keypoint and self.fit_shape != "on":
            raise NeuhmrError(
                f"--keypoints-2d {self.keypoints_2d} counts for nothing without --keypoint; give "
                "--keypoint above 0, such as 1, or leave --keypoints-2d out."
            )

    def show(self, result: dict[str, object]) -> None:
        """Say what was written and what it changed."""
        rows = [
            (label, str(result[key]))
            for key, label in (("written", "Written"), ("steps", "Steps"), ("frames", "Frames"))
        ]
        change = result["mean_change_deg"]
        rows.append(("Mean change per joint", f"{change:.1f} degrees"))
        before, after = result["iou_before"], result["iou_after"]
        rows.append(("Silhouette agreement (IoU)", f"{before:.3f} -> {after:.3f}"))
        keypoints = result["keypoints"]
        if isinstance(keypoints, dict):
            found = f"{100 * keypoints['found']:.0f} % found, weighted term "
            rows.append(
                ("Keypoints", f"{found}{keypoints['before']:.3g} -> {keypoints['after']:.3g}")
            )
        reverted = result["reverted_frames"]
        assert isinstance(reverted, tuple)
        if reverted:
            rows.append(("Frames mostly put back", f"{len(reverted)}: {short_list(reverted)}"))
        rows += believed_rows(result["believed"])
        seconds = f"{result['seconds']:.0f} s, {result['seconds_per_frame']:.1f} s a frame"
        rows.append(("Time", f"{seconds}; at most {result['peak_rss_mb']:.0f} MB of memory"))
        scores = result["scores"]
        if isinstance(scores, dict):
            before, after = (scores[name]["mpjpe_mm"] for name in ("initial", "refined"))
            rows.append(("MPJPE against the truth", f"{before:.1f} -> {after:.1f} mm"))
        print_rows(rows)

    def request(self) -> OpenRequest:
        """Say which files to open."""
        return replace(
            super().request(),
            checkpoint=self.checkpoint,
            heatmaps=self.heatmaps,
            height=self.height,
            fill_gaps=self.fill_gaps,
        )

    def config(self) -> RefineConfig:
        """Combine the preset, a file of settings, and settings that were given one by one.

        Raises:
            NeuhmrError: there is no such setting, one lies outside its range, or the file cannot
                be read.
        """
        base, values = self.preset, {}
        if self.settings is not None:
            base, values = read_preset(self.settings, base)
        return with_values(preset(base), {**values, **given_values(self, self.set)})

    def scope(self) -> "Scope":
        """Say what may change.

        Raises:
            NeuhmrError: a range or a part of the body makes no sense.
        """
        from neuhmr.refine.scope import parse_scope

        return parse_scope(self.range, self.lock)


Refine = with_setting_flags(RefineOptions)
"""The command, with one option for each setting that has a flag."""


def believed_rows(believed: object) -> list[tuple[str, str]]:
    """Say what had to be guessed."""
    assert isinstance(believed, dict)
    rows = []
    if believed["camera_height_m"] is not None:
        down = believed["camera_down_deg"]
        way = f"{abs(down):.0f} degrees {'down' if down >= 0.0 else 'up'}"
        height = f"{believed['camera_height_m']:.2f} m over the floor"
        rows.append(("Camera, as believed", f"{height}, looking {way}"))
    rows.append(("Person, as believed", f"{believed['person_height_m']:.2f} m tall"))
    if believed["depth_error_m"] is not None:
        mean, worst = (1e3 * believed[name] for name in ("depth_error_m", "least_sure_error_m"))
        joint = believed["least_sure_joint"].replace("_", " ")
        rows.append(("Expected error in depth", f"{mean:.0f} mm; {joint} {worst:.0f} mm"))
    doubted = believed["doubted_frames"]
    if doubted:
        rows.append(("Motion prior contradicted", f"{len(doubted)}: {short_list(doubted)}"))
    return rows


def short_list(numbers: Sequence[int], longest: int = 8) -> str:
    """Write a few numbers; how many more there are stands for the others."""
    shown = ", ".join(str(number) for number in numbers[:longest])
    rest = len(numbers) - longest
    return shown if rest <= 0 else f"{shown} and {rest} more"
