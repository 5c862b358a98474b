"""`neuhmr refine`: the poses of a clip, pulled towards its pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import arg

from neuhmr.cli.inputs import ClipInputs, JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.output import print_rows
from neuhmr.errors import NeuhmrError

if TYPE_CHECKING:
    from neuhmr.refine.config import RefineConfig

Setting = Annotated[float | None, arg(help_behavior_hint="")]
ShortSetting = Annotated[float | None, arg(metavar="X", help_behavior_hint="")]
Count = Annotated[int | None, arg(help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class Refine(ClipInputs):
    """Refine the poses of a clip by neural rendering.

    Ctrl-C writes what has been reached; --resume goes on from there. Settings that are left out
    come from the preset.
    """

    out: Path
    """The motion file to write."""
    report: OptionalPath = None
    """Also write a JSON report: settings, losses, what changed."""
    checkpoint: OptionalPath = None
    """Avatar weights (.safetensors); else the shipped ones."""
    heatmaps: OptionalPath = None
    """Heatmap weights for --keypoint; else the shipped ones."""
    preset: Literal["fast", "quality", "paper"] = "fast"
    """`quality` is 5 times slower, `paper` NeuHMR's."""
    resume: Annotated[bool, arg(help_behavior_hint="")] = False
    """Go on with an interrupted run that wrote to the same OUT."""
    no_guard: Annotated[bool, arg(help_behavior_hint="")] = False
    """Keep refined poses also where they explain a frame worse."""
    seed: int = 0
    """Of every random number."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    rgb: Setting = None
    """λ of the color difference."""
    geo: Setting = None
    """λ of silhouette against mask."""
    joint: Setting = None
    """λ of the distance to the matched joints."""
    keypoint: ShortSetting = None
    """λ of the distance to keypoints that heatmaps find."""
    regularizer: Setting = None
    """λ of rotations beyond 45° at head, hands and feet."""
    acceleration: Setting = None
    """λ of the joints' acceleration."""
    prior: Setting = None
    """λ of the residual rotations."""
    plausibility: Setting = None
    """λ of the deviation from likely poses."""
    floor: Setting = None
    """λ of feet off the floor."""
    sigma: Setting = None
    """σ: spread of the match candidates (px)."""
    samples: Count = None
    """S: match candidates per joint."""
    epsilon: ShortSetting = None
    """ε: depth tolerance of the occlusion test (m)."""
    anchors: Count = None
    """N: number of anchor frames."""
    learning_rate: Setting = None
    """Initial learning rate; the final one keeps its ratio."""
    epochs: Count = None
    """Times every frame is visited."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Refine and write.

        Raises:
            NeuhmrError: an input cannot be used, or the output cannot be written.
        """
        from neuhmr.cli.refine_run import run_refinement
        from neuhmr.clip.atomic import check_writable

        for path in (self.out, self.report):
            if path is not None:
                check_writable(path)
        return run_refinement(self, self.config())

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
        seconds = f"{result['seconds']:.0f} s, {result['seconds_per_frame']:.1f} s a frame"
        rows.append(("Time", f"{seconds}; at most {result['peak_rss_mb']:.0f} MB of memory"))
        scores = result["scores"]
        if isinstance(scores, dict):
            before, after = (scores[name]["mpjpe_mm"] for name in ("initial", "refined"))
            rows.append(("MPJPE against the truth", f"{before:.1f} -> {after:.1f} mm"))
        print_rows(rows)

    def config(self) -> "RefineConfig":
        """Combine the preset with the settings that were given.

        Raises:
            NeuhmrError: a setting lies outside its range.
        """
        from dataclasses import replace

        from neuhmr.refine.config import preset

        self._check_settings()
        base = preset(self.preset)
        schedule = replace(base.schedule, **_given(epochs=self.epochs))
        if self.learning_rate is not None:
            ratio = schedule.final_learning_rate / schedule.learning_rate
            schedule = replace(
                schedule,
                learning_rate=self.learning_rate,
                final_learning_rate=self.learning_rate * ratio,
            )
        anchors = base.anchors
        if self.anchors is not None:
            # Both bounds at once: exactly so many, however long the clip.
            anchors = replace(anchors, least_anchors=self.anchors, most_anchors=self.anchors)
        weights = _given(
            rgb=self.rgb, geo=self.geo, joint=self.joint, keypoint=self.keypoint,
            regularizer=self.regularizer, acceleration=self.acceleration, prior=self.prior,
            plausibility=self.plausibility, floor=self.floor,
        )  # fmt: skip
        matching = _given(sigma_px=self.sigma, num_samples=self.samples, epsilon=self.epsilon)
        return replace(
            base,
            weights=replace(base.weights, **weights),
            matching=replace(base.matching, **matching),
            schedule=schedule,
            anchors=anchors,
            seed=self.seed,
        )

    def _check_settings(self) -> None:
        require_at_least("--anchors", self.anchors, 2)
        require_at_least("--epochs", self.epochs, 1)
        require_at_least("--samples", self.samples, 1)
        for option, value in (
            ("--rgb", self.rgb),
            ("--geo", self.geo),
            ("--joint", self.joint),
            ("--keypoint", self.keypoint),
            ("--regularizer", self.regularizer),
            ("--acceleration", self.acceleration),
            ("--prior", self.prior),
            ("--plausibility", self.plausibility),
            ("--floor", self.floor),
            ("--sigma", self.sigma),
            ("--epsilon", self.epsilon),
            ("--learning-rate", self.learning_rate),
        ):
            require_at_least(option, value, 0.0)
        if self.heatmaps is not None and not self.keypoint:
            raise NeuhmrError(
                f"--heatmaps {self.heatmaps} finds keypoints, which count for nothing without "
                "--keypoint; give --keypoint above 0, or leave --heatmaps out."
            )


def short_list(numbers: Sequence[int], longest: int = 8) -> str:
    """Write a few numbers; how many more there are stands for the others."""
    shown = ", ".join(str(number) for number in numbers[:longest])
    rest = len(numbers) - longest
    return shown if rest <= 0 else f"{shown} and {rest} more"


def _given(**settings: float | int | None) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
