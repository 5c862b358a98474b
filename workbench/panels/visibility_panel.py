"""The Visibility tab: which joints the camera sees, by depth, here and in the anchors (Eq. 8)."""

import numpy as np
import viser

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.refine.settings import SETTINGS
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.identity import SameObjects
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.stage_looks import window_key
from workbench.core.tasks import Tasks
from workbench.engine.optimizer import JointReport
from workbench.panels import visibility_html
from workbench.panels.setting_widgets import SettingWidgets
from workbench.scene.depth_picture import depth_picture

_INTRODUCTION = (
    "After Register, this shows which joints the camera sees: a joint is visible where the surface "
    "that the avatar renders before it is less than ε away."
)


class VisibilityPanel:
    """The tolerance, the selected joint's test, and joints against anchors."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown = self._picture_shown = SameObjects()
        largest = len(SMPL_JOINT_NAMES) * visibility_html.COLUMNS - 1
        self._clicks = ClickTarget(gui, largest, self._go_to, notices)
        self._epsilon = SettingWidgets(gui, tasks, notices, [SETTINGS["matching.epsilon"]])
        self._gauge = gui.add_html("")
        self._picture = gui.add_image(np.zeros((8, 8, 3), np.uint8), visible=False)
        self._legend = gui.add_html("")
        self._matrix = gui.add_html("")

    def _go_to(self, cell: int) -> None:
        """Select a cell's joint, and show its frame."""
        joint, column = divmod(cell, visibility_html.COLUMNS)
        state = self._tasks.session.state
        depths = state.stage_results.depths_of(state.anchors)
        self._tasks.session.set_view(joint=joint)
        if depths is not None and 1 <= column <= len(depths.frames):
            self._tasks.seek(depths.frames[column - 1])

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._epsilon.refresh(state)
        anchors, config, report = state.anchors, state.config, state.joints
        self._picture.visible = anchors is not None and self._picture_shown != SameObjects()
        if anchors is None or config is None:
            self._gauge.content = markup.paragraph(_INTRODUCTION)
            self._legend.content = self._matrix.content = ""
            self._shown = self._picture_shown = SameObjects()
            return
        current = report if report is not None and report.frame == state.view.frame else None
        epsilon, joint = config.matching.epsilon, state.view.joint
        self._show_picture(state, current, epsilon)
        depths = state.stage_results.depths_of(anchors)
        key = SameObjects(current, depths, joint, epsilon)
        if key == self._shown or depths is None:
            return
        self._shown = key
        now = None if current is None else current.depths
        if now is not None:
            registered = anchors.config.matching.epsilon
            self._gauge.content = visibility_html.gauge(now, depths, joint, epsilon, registered)
        self._legend.content = visibility_html.legend()
        self._matrix.content = visibility_html.matrix(
            now, depths, joint, epsilon, self._clicks.script
        )

    def _show_picture(
        self, state: SessionState, report: JointReport | None, epsilon: float
    ) -> None:
        window = state.stage_results.window_of(window_key(state))
        if window is None or report is None or state.avatar is None:
            return
        joint_depth = float(report.depths.joint_depths[0, window.joint])
        key = SameObjects(window, state.avatar, joint_depth, epsilon)
        if key == self._picture_shown:
            return
        crop = state.avatar.crop(window.frame)
        if crop is not None:
            self._picture_shown = key
            self._picture.image = depth_picture(crop, window, joint_depth, epsilon)
            self._picture.visible = True
