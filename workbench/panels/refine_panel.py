"""The Refine tab: step, run, pause, reset, and the sliders that act while it runs."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import viser

from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.plots import loss_series, series_options, term_names
from workbench.core.session import SessionState
from workbench.core.stages import ON_THE_MOVE
from workbench.core.tasks import Tasks
from workbench.server.user_event import UserEvent


@dataclass(frozen=True, kw_only=True)
class SliderSpec:
    """One live slider."""

    field: str
    """Of `RefineSettings`."""
    label: str
    low: float
    high: float
    step: float
    hint: str
    is_exponent: bool = False
    """The slider holds the power of ten."""


KEYPOINTS = SliderSpec(
    field="lambda_keypoint", label="Keypoints", low=0.0, high=5.0, step=0.05,
    hint="lambda_keypoint: how much keypoints that heatmaps find in the frames count. Above 0, "
    "they are looked for once a frame, which takes seconds each without a GPU.",
)  # fmt: skip
"""Disabled where there are no heatmaps."""

SLIDERS: tuple[SliderSpec, ...] = (
    SliderSpec(
        field="lambda_rgb", label="Color", low=0.0, high=5.0, step=0.05,
        hint="lambda_rgb: how much colors count. Raise it if the avatar looks right.",
    ),
    SliderSpec(
        field="lambda_geo", label="Silhouette", low=0.0, high=5.0, step=0.05,
        hint="lambda_geo: how much the outline against the mask counts.",
    ),
    SliderSpec(
        field="lambda_joint", label="Joints", low=0.0, high=5.0, step=0.05,
        hint="lambda_joint: how much the matched joints count.",
    ),
    KEYPOINTS,
    SliderSpec(
        field="sigma_px", label="Search sigma", low=1.0, high=20.0, step=0.5,
        hint="sigma: how far around a joint its match is searched (pixels of the crop).",
    ),
    SliderSpec(
        field="num_candidates", label="Candidates S", low=8, high=512, step=8,
        hint="S: places compared per joint. More is steadier and slower.",
    ),
    SliderSpec(
        field="epsilon_m", label="Visibility", low=0.02, high=0.6, step=0.01,
        hint="epsilon: a joint this far (m) behind the rendered surface still counts as visible.",
    ),
    SliderSpec(
        field="learning_rate", label="Rate 10^x", low=-7.0, high=-1.0, step=0.1, is_exponent=True,
        hint="Learning rate as a power of ten: -3 is 0.001. Lower it if the poses shake.",
    ),
)  # fmt: skip


class RefinePanel:
    """The optimizer's controls, the loss plot, the sliders."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._gui = gui
        self._tasks = tasks
        self._build_buttons(gui, tasks, notices)
        self._figures = gui.add_html("")
        self._build_plot(gui)
        with gui.add_folder("Live settings"):
            self._sliders = {spec.field: self._add_slider(gui, spec, notices) for spec in SLIDERS}
            defaults = gui.add_button(
                "Back to the defaults",
                color="gray",
                hint="Put all sliders back to where they started.",
            )
            defaults.on_click(notices.guard(lambda _event: tasks.reset_settings()))

    def _build_buttons(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._step = gui.add_button(
            "Step", disabled=True, icon=viser.Icon.PLAYER_TRACK_NEXT, color="blue",
            hint="Take a single optimization step. (Enter)",
        )  # fmt: skip
        self._run = gui.add_button(
            "Run", disabled=True, icon=viser.Icon.PLAYER_PLAY, color="green",
            hint="Refine until it is done or you press Pause. (R)",
        )  # fmt: skip
        self._pause = gui.add_button(
            "Pause", disabled=True, icon=viser.Icon.PLAYER_PAUSE, color="yellow",
            hint="Stop after the step in hand; Run goes on from there. (R)",
        )  # fmt: skip
        self._reset = gui.add_button(
            "Reset", disabled=True, icon=viser.Icon.ROTATE_2, color="gray",
            hint="Go back to the initial poses. Avatar and anchors are kept.",
        )  # fmt: skip
        self._judge = gui.add_button(
            "Judge", disabled=True, icon=viser.Icon.SCALE, color="gray",
            hint="Render every frame before and after, and mark those that got worse. Done by "
            "itself at the end.",
        )  # fmt: skip
        self._judge.on_click(notices.guard(lambda _event: tasks.judge()))
        self._run.on_click(notices.guard(lambda _event: tasks.run()))
        self._step.on_click(notices.guard(lambda _event: tasks.step()))
        self._pause.on_click(notices.guard(lambda _event: tasks.pause()))
        self._reset.on_click(notices.guard(lambda _event: tasks.reset()))

    def _build_plot(self, gui: viser.GuiApi) -> None:
        self._plot_folder = gui.add_folder("Loss")
        self._plot: viser.GuiUplotHandle | None = None
        self._plot_names: tuple[str, ...] = ()
        self._plotted_steps = -1
        with self._plot_folder:
            self._plot_empty = gui.add_html(
                markup.paragraph("The loss terms appear here with the first step.")
            )

    def _add_slider(
        self, gui: viser.GuiApi, spec: SliderSpec, notices: Notices
    ) -> viser.GuiSliderHandle[Any]:
        slider = gui.add_slider(
            spec.label, min=spec.low, max=spec.high, step=spec.step, initial_value=spec.low,
            hint=spec.hint,
        )  # fmt: skip

        @slider.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            value = checked_setting(spec, event.value)
            self._tasks.change_settings(**{spec.field: value})

        return slider

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        is_running = state.phase in ON_THE_MOVE
        is_ready = state.initial is not None
        self._run.disabled = not is_ready or is_running or state.phase == "finished"
        self._step.disabled = not is_ready or is_running
        self._pause.disabled = state.phase != "running"
        self._reset.disabled = state.refined is None
        self._judge.disabled = state.refined is None or is_running or state.judged is not None
        self._figures.content = _figures(state)
        self._show_sliders(state)
        self._show_plot(state)

    def _show_sliders(self, state: SessionState) -> None:
        if state.settings is None:
            return
        missing = "" if state.avatar is None else state.avatar.heatmaps_missing
        keypoints = self._sliders[KEYPOINTS.field]
        keypoints.disabled, keypoints.hint = bool(missing), missing or KEYPOINTS.hint
        for spec in SLIDERS:
            slider = self._sliders[spec.field]
            value = spec.low if slider.disabled else float(getattr(state.settings, spec.field))
            shown = slider_position(spec, value)
            if abs(float(slider.value) - shown) > 0.51 * spec.step:
                slider.value = shown

    def _show_plot(self, state: SessionState) -> None:
        steps = state.losses[-1].step if state.losses else 0
        if steps == self._plotted_steps:
            return
        self._plotted_steps = steps
        self._plot_empty.visible = not state.losses
        if self._plot is not None:
            self._plot.visible = bool(state.losses)
        if not state.losses:
            return
        names = term_names(state.losses)
        data = loss_series(state.losses, names)
        if self._plot is None or names != self._plot_names:
            self._make_plot(names, data)
        else:
            self._plot.data = data

    def _make_plot(self, names: tuple[str, ...], data: tuple[np.ndarray, ...]) -> None:
        if self._plot is not None:
            self._plot.remove()
        self._plot_names = names
        with self._plot_folder:
            self._plot = self._gui.add_uplot(
                data,
                series=series_options(names),  # type: ignore[arg-type]
                scales={"x": {"time": False}, "y": {"distr": 3}},
                height=220,
                padding=(10, 24, 0, 0),
            )


def checked_setting(spec: SliderSpec, value: Any) -> float:
    """Turn a slider's position into the setting, inside the slider's range.

    Raises:
        ValueError: no finite number.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{spec.label} was set to {number}, expected a number")
    number = min(max(number, spec.low), spec.high)
    if spec.is_exponent:
        return 10.0**number
    return round(number) if spec.field == "num_candidates" else number


def slider_position(spec: SliderSpec, value: float) -> float:
    """Turn a setting into the slider's position, inside its range."""
    position = math.log10(max(value, 1e-12)) if spec.is_exponent else value
    position = min(max(position, spec.low), spec.high)
    return int(position) if isinstance(spec.low, int) else position


def _figures(state: SessionState) -> str:
    report = state.report
    if report is None:
        return markup.paragraph(
            "Avatar and anchors are made first if they are missing; that takes a little longer."
        )
    total = sum(report.terms.values())
    facts = [
        ("Step", f"{report.step} of {report.total_steps}"),
        ("Total loss", f"{total:.4g}"),
        ("Joints turned", f"{report.residual_angle_deg:.2f} degrees on average"),
        ("Learning rate", f"{report.learning_rate:.2g}"),
    ]
    if state.judged is not None:
        before, after = state.judged.iou_before, state.judged.iou_after
        facts.append(("Silhouette agreement", f"{before:.2f} before, {after:.2f} after"))
        facts.append(("Refined pose given up", f"{len(state.judged.given_up)} frames"))
    return markup.facts(facts) + frame_verdict(state)


def frame_verdict(state: SessionState) -> str:
    """Say in one line how the shown frame did; nothing before frames were judged."""
    frame = state.view.frame
    verdict = None if state.judged is None else state.judged.frames.get(frame)
    if verdict is None:
        return ""
    return markup.paragraph(
        f"Frame {frame}: {100 * verdict.refined_share:.0f} % refined · silhouette "
        f"{verdict.iou_before:.2f}→{verdict.iou_after:.2f} · joints "
        f"{verdict.similarity_before:.2f}→{verdict.similarity_after:.2f}",
        markup.TEXT,
    )
