"""The Matches tab: how joint matching sees the present frame, joint by joint, and over time."""

import numpy as np
import viser

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.identity import SameObjects
from workbench.core.match_rows import count_by_kind, match_rows, sorted_rows
from workbench.core.notices import Notices
from workbench.core.page_link import MAX_FRAMES
from workbench.core.session import SessionState
from workbench.core.stage_looks import matches_key
from workbench.core.stage_tasks import set_stages
from workbench.core.stage_view import MATCH_COLUMNS
from workbench.core.tasks import Tasks
from workbench.core.toggle import Toggle
from workbench.engine.optimizer import JointReport
from workbench.panels import matches_html
from workbench.panels.frame_plot import FramePlot
from workbench.panels.joint_list import joint_names, joint_words
from workbench.scene.anchor_crops import anchor_crops
from workbench.scene.joint_picture import joint_picture
from workbench.server.user_event import UserEvent

_INTRODUCTION = (
    "After Register, this shows for every joint whether the camera sees it and where its "
    "appearance was found in the frame."
)


class MatchesPanel:
    """A chosen joint's candidates, its match over time, and a table of all joints."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown = SameObjects()
        self._crops_shown = SameObjects()
        last = len(SMPL_JOINT_NAMES) - 1
        self._clicks = ClickTarget(gui, last, self._choose, notices)
        self._columns = ClickTarget(gui, len(MATCH_COLUMNS) - 1, self._sort, notices)
        self._frames = ClickTarget(gui, MAX_FRAMES, tasks.seek, notices)
        self._head = gui.add_html("")
        self._picture = gui.add_image(np.zeros((8, 8, 3), np.uint8), visible=False)
        self._legend = gui.add_html("")
        self._similarity = Toggle(
            gui, notices, "Similarity",
            "Lay over the picture how much each place resembles the joint's descriptor.",
            lambda is_on: set_stages(tasks, show_similarity=is_on),
        )  # fmt: skip
        self._crops = gui.add_html("")
        self._kinds = gui.add_html("")
        self._over_time = gui.add_html("")
        self._fill = Toggle(
            gui, notices, "All frames",
            "Look for matches in every frame, in the background; otherwise the line grows with "
            "the frames you look at.",
            lambda is_on: set_stages(tasks, fill_matches=is_on),
        )  # fmt: skip
        self._plot = FramePlot(gui, "px", "cosine", height=80)
        self._table = gui.add_html("")
        self._joint = gui.add_dropdown(
            "Joint",
            joint_names(),
            initial_value=joint_words(tasks.session.state.view.joint),
            hint="Whose match is shown. A click on a row, in 3D or in the video chooses it, too.",
        )

        @self._joint.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            self._choose(joint_names().index(event.value))

    def _choose(self, joint: int) -> None:
        self._tasks.session.set_view(joint=joint)

    def _sort(self, column: int) -> None:
        """Sort by a column; the same one again turns the order over."""
        chosen, now = MATCH_COLUMNS[column], self._tasks.session.state.view.stages
        is_again = now.sort_matches_by == chosen
        set_stages(
            self._tasks,
            sort_matches_by=chosen,
            sort_descending=is_again and not now.sort_descending,
        )

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._joint.value = joint_words(state.view.joint)
        report = state.joints
        if report is None or state.avatar is None or state.anchors is None:
            self._clear()
            return
        self._show_history(state)
        self._show_crops(state)
        if report.frame == state.view.frame:
            self._show_report(state, report)

    def _clear(self) -> None:
        self._head.content = markup.paragraph(_INTRODUCTION)
        for part in (self._legend, self._crops, self._kinds, self._over_time, self._table):
            part.content = ""
        self._picture.visible = False
        self._plot.hide()
        self._shown = self._crops_shown = SameObjects()

    def _show_report(self, state: SessionState, report: JointReport) -> None:
        joint, stages, anchors = state.view.joint, state.view.stages, state.anchors
        assert state.avatar is not None and anchors is not None and state.config is not None
        cosines = None
        if stages.show_similarity:
            cosines = state.stage_results.similarity_of(anchors, report.frame, joint)
        key = SameObjects(report, anchors, cosines, joint, state.config.matching, stages)
        if key == self._shown:
            return
        self._shown = key
        crop = state.avatar.crop(report.frame)
        self._picture.visible = crop is not None
        if crop is not None:
            self._picture.image = joint_picture(crop, report, joint, cosines)
        rows = match_rows(report, anchors.anchors_seeing)
        self._head.content = matches_html.head(rows[joint], state.config.matching)
        self._legend.content = matches_html.legend(self._similarity.draw(stages.show_similarity))
        self._kinds.content = matches_html.kinds(count_by_kind(rows))
        self._table.content = matches_html.match_table(
            sorted_rows(rows, stages.sort_matches_by, stages.sort_descending),
            stages,
            joint,
            self._clicks.script,
            self._columns.script,
        )

    def _show_history(self, state: SessionState) -> None:
        joint = state.view.joint
        known = state.stage_results.matches.of(matches_key(state))
        self._plot.show(
            {frame: float(summary.distance_px[joint]) for frame, summary in known.items()},
            {frame: float(summary.similarity[joint]) for frame, summary in known.items()},
            state.view.frame,
        )
        is_filling = state.view.stages.fill_matches
        self._over_time.content = matches_html.over_time(
            self._fill.draw(is_filling), len(known), frames_seen(state)
        )

    def _show_crops(self, state: SessionState) -> None:
        avatar, anchors, joint = state.avatar, state.anchors, state.view.joint
        depths = state.stage_results.depths_of(anchors)
        key = SameObjects(avatar, anchors, depths, joint)
        if key == self._crops_shown:
            return
        self._crops_shown = key
        if avatar is None or anchors is None or depths is None:
            self._crops.content = markup.paragraph("Looking at the anchors ...")
            return
        epsilon = anchors.config.matching.epsilon
        self._crops.content = anchor_crops(avatar, depths, joint, epsilon, self._frames.script)


def frames_seen(state: SessionState) -> int:
    """Count the frames in which somebody was seen."""
    return 0 if state.initial is None else int(state.initial.valid.sum())
