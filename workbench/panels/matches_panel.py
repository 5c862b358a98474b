"""The Matches tab: how joint matching sees the present frame, joint by joint."""

import numpy as np
import viser
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.optimizer import JointReport
from workbench.panels.joint_list import joint_names, joint_words
from workbench.scene.joint_picture import joint_picture
from workbench.server.user_event import UserEvent

_HEADER = ("Joint", "seen", "match", "alike", "px off", "mm moved")


class MatchesPanel:
    """A chosen joint's candidates, and a table of all joints."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown: object = None
        self._joint = gui.add_dropdown(
            "Joint",
            joint_names(),
            initial_value=joint_words(tasks.session.state.view.joint),
            hint="Whose candidates the picture shows. A click on a row chooses it, too.",
        )
        self._picture = gui.add_image(np.zeros((8, 8, 3), np.uint8), visible=False)
        self._explanation = gui.add_html("")
        self._clicks = ClickTarget(gui, len(SMPL_JOINT_NAMES) - 1, self._choose, notices)
        self._table = gui.add_html("")

        @self._joint.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            self._choose(joint_names().index(event.value))

    def _choose(self, joint: int) -> None:
        self._tasks.session.set_view(joint=joint)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._joint.value = joint_words(state.view.joint)
        report = state.joints
        is_current = report is not None and report.frame == state.view.frame
        if report is None or state.avatar is None:
            self._picture.visible = False
            self._table.content = ""
            self._explanation.content = markup.paragraph(
                "After Register, this shows for every joint whether the camera sees it and where "
                "its appearance was found in the frame."
            )
            self._shown = None
            return
        key = (report, state.view.joint, state.view.frame)
        if not is_current or key == self._shown:
            return
        self._shown = key
        self._show(state, report)

    def _show(self, state: SessionState, report: JointReport) -> None:
        assert state.avatar is not None
        joint = state.view.joint
        crop = state.avatar.crop(report.frame)
        self._picture.visible = crop is not None
        if crop is not None:
            self._picture.image = joint_picture(crop, report, joint)
        self._explanation.content = markup.paragraph(explain_joint(report, joint), markup.TEXT)
        moved = self._moved_mm(state, report.frame)
        self._table.content = markup.table(
            _HEADER,
            joint_rows(report, moved),
            [self._clicks.script(index) for index in range(len(SMPL_JOINT_NAMES))],
            selected=joint,
        )

    def _moved_mm(self, state: SessionState, frame: int) -> Float[np.ndarray, " joints"] | None:
        footage, initial, refined = state.footage, state.initial, state.refined
        if footage is None or initial is None or refined is None:
            return None
        before = footage.pose(initial, frame)
        after = footage.pose(refined, frame)
        if before is None or after is None:
            return None
        return 1000.0 * np.linalg.norm(after.joints - before.joints, axis=-1)


def joint_rows(
    report: JointReport, moved_mm: Float[np.ndarray, " joints"] | None
) -> list[tuple[str, ...]]:
    """One row a joint."""
    rows = []
    for joint in range(len(SMPL_JOINT_NAMES)):
        is_matchable = bool(report.verdicts[joint])
        off = float(np.linalg.norm(report.winners[joint] - report.projected[joint]))
        rows.append(
            (
                joint_words(joint),
                "yes" if report.visible[joint] else "no",
                ("yes" if report.matched[joint] else "no") if is_matchable else "-",
                f"{report.similarity[joint]:.2f}" if is_matchable else "-",
                f"{off:.1f}" if is_matchable and np.isfinite(off) else "-",
                "-" if moved_mm is None else f"{moved_mm[joint]:.0f}",
            )
        )
    return rows


def explain_joint(report: JointReport, joint: int) -> str:
    """Say what became of a joint's match."""
    name = joint_words(joint)
    verdict = report.verdicts[joint]
    if not verdict:
        return f"The {name} takes no part in matching: its surroundings look alike."
    marks = "Cross: the joint now. Dots: candidates, brighter is more similar."
    if report.matched[joint]:
        return f"{marks} Green ring: the match, similarity {report.similarity[joint]:.2f}."
    return f"{marks} Red ring: the best candidate was not believed ({verdict})."
