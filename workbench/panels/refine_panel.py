"""The Refine tab: step, run, pause, reset, and the sliders that act while it runs."""

import numpy as np
import viser

from workbench.core import markup
from workbench.core.button_row import ButtonRow, RowButton
from workbench.core.notices import Notices
from workbench.core.plots import loss_series, series_options, term_names
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.tasks import Tasks
from workbench.panels.scope_widgets import ScopeWidgets
from workbench.panels.setting_widgets import SettingWidgets, main_settings


class RefinePanel:
    """The optimizer's controls, the loss plot, the sliders."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._gui = gui
        self._tasks = tasks
        self._build_buttons(gui, tasks, notices)
        self._figures = gui.add_html("")
        main = main_settings(("steps", "guard"))
        live = [row for row in main if row.declared.is_live]
        with gui.add_folder("Live settings"):
            self._live = SettingWidgets(gui, tasks, notices, live)
        self._build_plot(gui)
        with gui.add_folder("At the next start", expand_by_default=False):
            others = [row for row in main if not row.declared.is_live]
            self._others = SettingWidgets(gui, tasks, notices, others)
            defaults = gui.add_button(
                "Back to the defaults",
                color="gray",
                hint="Put all settings, on all tabs, back to where they started.",
            )
            defaults.on_click(notices.guard(lambda _event: tasks.reset_settings()))
        with gui.add_folder("Scope: what may change", expand_by_default=False):
            self._scope = ScopeWidgets(gui, tasks, notices)

    def _build_buttons(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._buttons = ButtonRow(gui, notices, (
            RowButton("Step", "step", "Take a single optimization step. (Enter)", tasks.step),
            RowButton(
                "Run", "play", "Refine until it is done or you press Pause. (R)", tasks.run, "go"
            ),
            RowButton(
                "Pause", "pause", "Stop after the step in hand; Run goes on from there. (R)",
                tasks.pause, "hold",
            ),
            RowButton(
                "Reset", "reset", "Go back to the initial poses. Avatar and anchors are kept.",
                tasks.reset,
            ),
            RowButton(
                "Judge", "judge",
                "Render every frame before and after, and mark those that got worse. Done by "
                "itself at the end.",
                tasks.judge,
            ),
        ))  # fmt: skip

    def _build_plot(self, gui: viser.GuiApi) -> None:
        self._plot_folder = gui.add_folder("Loss")
        self._plot: viser.GuiUplotHandle | None = None
        self._plot_names: tuple[str, ...] = ()
        self._plotted_steps = -1
        with self._plot_folder:
            self._plot_empty = gui.add_html(
                markup.paragraph("The loss terms appear here with the first step.")
            )

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        is_running = state.phase in ON_THE_MOVE
        is_ready = state.initial is not None
        off = {
            "Run": not is_ready or is_running or state.phase == "finished",
            "Step": not is_ready or is_running,
            "Pause": state.phase != "running",
            "Reset": state.refined is None,
            "Judge": state.refined is None or is_running or state.judged is not None,
        }
        self._buttons.refresh([label for label, is_off in off.items() if is_off])
        self._figures.content = _figures(state)
        for part in (self._live, self._others, self._scope):
            part.refresh(state)
        self._show_plot(state)

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
                height=130,
                padding=(10, 24, 0, 0),
            )


def _figures(state: SessionState) -> str:
    report = state.report
    if report is None:
        return markup.paragraph(
            "Avatar and anchors are made first if they are missing; that takes a little longer."
        )
    total = sum(report.terms.values())
    facts = [
        ("Step", f"{report.step} of {report.total_steps}"),
        ("Loss", f"{total:.4g}"),
        ("Joints turned", f"{report.residual_angle_deg:.1f}°"),
        ("Rate", f"{report.learning_rate:.2g}"),
    ]
    if state.judged is not None:
        before, after = state.judged.iou_before, state.judged.iou_after
        facts.append(("Silhouette", f"{before:.2f} → {after:.2f}"))
        facts.append(("Given up", f"{len(state.judged.given_up)} frames"))
    return markup.figures(facts) + frame_verdict(state)


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
