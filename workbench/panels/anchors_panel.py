"""The Anchors tab: which frames describe the joints, and the user's say in it."""

import viser

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.refine.settings import SETTINGS
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.identity import SameObjects
from workbench.core.notices import Notices
from workbench.core.page_link import MAX_FRAMES
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.interface import AnchorStage
from workbench.panels.anchor_cards import CardSheet, anchor_cards, next_wish
from workbench.panels.setting_widgets import SettingWidgets, main_settings
from workbench.server.user_event import UserEvent

_INTRODUCTION = (
    "Anchors are frames that see the person from all sides and render well. Each joint is "
    "described by how it looks in the anchors that see it."
)
_CHOICES = {"Use": True, "Avoid": False, "Free": None}


class AnchorsPanel:
    """Register, how many anchors, thumbnails, and include or exclude for any frame."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown = SameObjects()
        self._text = gui.add_html("")
        self._register = gui.add_button(
            "Register", disabled=True, icon=viser.Icon.ANCHOR, color="blue",
            hint="Choose anchors and average what each joint looks like over those that see it.",
        )  # fmt: skip
        self._register.on_click(notices.guard(lambda _event: tasks.register()))
        rows = [*main_settings(("anchors",)), SETTINGS["anchors.candidates_per_anchor"]]
        self._settings = SettingWidgets(gui, tasks, notices, rows)
        self._legend = gui.add_html("")
        self._frames = ClickTarget(gui, MAX_FRAMES, tasks.seek, notices)
        self._cards = ClickTarget(gui, MAX_FRAMES, self._turn_over, notices)
        self._sheet = CardSheet(self._cards.script, self._frames.script)
        self._html = gui.add_html("")
        self._choice = gui.add_html("")
        self._wish = gui.add_button_group(
            "Shown frame", tuple(_CHOICES),
            hint="Use or avoid the frame shown at the next Register; Free lets it decide.",
        )  # fmt: skip

        @self._wish.on_click
        @notices.guard
        def _(event: UserEvent) -> None:
            tasks.choose_anchor(tasks.session.state.view.frame, _CHOICES[event.value])

    def _turn_over(self, frame: int) -> None:
        """Include or exclude the frame of a card, or leave it free again."""
        state = self._tasks.session.state
        if state.avatar is None or state.anchors is None:
            return
        for card in anchor_cards(state, state.avatar, state.anchors):
            if card.frame == frame:
                self._tasks.choose_anchor(frame, next_wish(card))

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._settings.refresh(state)
        self._register.disabled = state.initial is None or state.job is not None
        self._register.label = "Register" if state.anchors is None else "Register again"
        self._choice.content = markup.paragraph(wishes(state))
        avatar, anchors = state.avatar, state.anchors
        if anchors is None or avatar is None:
            self._shown = SameObjects()
            self._html.content = self._legend.content = ""
            self._text.content = markup.paragraph(_INTRODUCTION)
            return
        self._text.content = markup.paragraph(anchor_summary(anchors))
        self._legend.content = markup.legend(
            (
                ("anchor", markup.ANCHOR),
                ("makes the avatar", markup.TRUTH),
                ("candidate", "#4b5661"),
            )
        )
        key = SameObjects(avatar, anchors, state.includes, state.excludes)
        if key != self._shown:
            self._shown = key
            self._html.content = self._sheet.draw(avatar, anchor_cards(state, avatar, anchors))


def anchor_summary(anchors: AnchorStage) -> str:
    """Say how many anchors there are, of how many candidates, and which joints none sees."""
    unseen = [SMPL_JOINT_NAMES[j].replace("_", " ") for j in anchors.unseen_joints()]
    joints = f"never seen: {', '.join(unseen)}" if unseen else "every joint is seen"
    return f"N = {len(anchors.anchors)} anchors of N̂ = {len(anchors.scores)} candidates; {joints}."


def wishes(state: SessionState) -> str:
    """Say what becomes of the shown frame, and what was wished for at the next Register."""
    frame = state.view.frame
    if frame in state.includes:
        own = f"Frame {frame} will be used at the next Register."
    elif frame in state.excludes:
        own = f"Frame {frame} will be avoided at the next Register."
    elif state.anchors is not None and frame in state.anchors.anchors:
        own = f"Frame {frame} is an anchor."
    else:
        own = f"Frame {frame} is no anchor."
    others = len(state.includes | state.excludes)
    return own + (f" Wishes in all: {others}; Register again grants them." if others else "")
