"""The Anchors tab: which frames describe the joints, and the user's say in it."""

import numpy as np
import viser
from PIL import Image as PilImage
from PIL import ImageDraw

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.interface import AnchorStage, Image
from workbench.panels.setting_widgets import SettingWidgets, main_settings
from workbench.scene.pictures import BACKGROUND, label_font, resized, trimmed
from workbench.server.user_event import UserEvent

_THUMBNAIL = (120, 90)
_COLUMNS = 6
_MAX_SHOWN = 18
_MAX_FRAMES = 1_000_000


class AnchorsPanel:
    """Register, a contact sheet, and include or exclude for the present frame."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._shown: AnchorStage | None = None
        self._text = gui.add_html("")
        self._register = gui.add_button(
            "Register",
            disabled=True,
            icon=viser.Icon.ANCHOR,
            color="blue",
            hint="Choose anchors and average what each joint looks like over those that see it.",
        )
        self._settings = SettingWidgets(gui, tasks, notices, main_settings(("anchors",)))
        self._choice = gui.add_html("")
        self._wish = gui.add_button_group(
            "As anchor",
            ("Use", "Avoid", "Free"),
            hint="Use or avoid the present frame at the next Register; Free lets it decide.",
        )
        self._sheet = gui.add_image(np.zeros((8, 8, 3), np.uint8), visible=False)
        self._clicks = ClickTarget(gui, _MAX_FRAMES, tasks.seek, notices)
        self._table = gui.add_html("")

        @self._register.on_click
        @notices.guard
        def _(_event: UserEvent) -> None:
            tasks.register()

        @self._wish.on_click
        @notices.guard
        def _(event: UserEvent) -> None:
            wanted = {"Use": True, "Avoid": False, "Free": None}[event.value]
            tasks.choose_anchor(tasks.session.state.view.frame, wanted)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._settings.refresh(state)
        self._register.disabled = state.initial is None or state.job is not None
        self._register.label = "Register" if state.anchors is None else "Register again"
        self._choice.content = markup.paragraph(_wishes(state))
        self._sheet.visible = state.anchors is not None
        if state.anchors is None:
            self._shown = None
            self._table.content = ""
            self._text.content = markup.paragraph(
                "Anchors are frames that see the person from all sides and render well. Each joint "
                "is described by how it looks in the anchors that see it."
            )
            return
        if state.anchors is not self._shown and state.avatar is not None:
            self._shown = state.anchors
            shown = state.anchors.anchors[:_MAX_SHOWN]
            self._sheet.image = contact_sheet(
                [(frame, state.avatar.crop(frame)) for frame in shown]
            )
            self._text.content = markup.paragraph(anchor_summary(state.anchors))
            self._table.content = markup.table(
                ("Anchor", "misfit"),
                anchor_rows(state.anchors),
                [self._clicks.script(frame) for frame in state.anchors.anchors],
            )


def anchor_summary(anchors: AnchorStage) -> str:
    """Say how many anchors there are and which joints none of them sees."""
    unseen = [SMPL_JOINT_NAMES[j].replace("_", " ") for j in anchors.unseen_joints()]
    joints = f"never seen: {', '.join(unseen)}" if unseen else "every joint is seen"
    return f"{len(anchors.anchors)} anchors; {joints}. Click a row to look at its frame."


def anchor_rows(anchors: AnchorStage) -> list[tuple[str, str]]:
    """One row an anchor, the best first."""
    rows = []
    for frame in anchors.anchors:
        score = anchors.scores.get(frame)
        rows.append((f"frame {frame}", "-" if score is None else f"{score:+.2f}"))
    return rows


def contact_sheet(pictures: list[tuple[int, Image | None]]) -> Image:
    """Lay small pictures out in rows, each with its frame number."""
    height, width = _THUMBNAIL
    num_rows = max(1, -(-len(pictures) // _COLUMNS))
    sheet = np.full((num_rows * height, _COLUMNS * width, 3), BACKGROUND, np.uint8)
    for index, (_, picture) in enumerate(pictures):
        top, left = index // _COLUMNS * height, index % _COLUMNS * width
        if picture is not None:
            sheet[top : top + height, left : left + width] = resized(trimmed(picture), _THUMBNAIL)
    drawing = PilImage.fromarray(sheet)
    pen = ImageDraw.Draw(drawing)
    for index, (frame, _) in enumerate(pictures):
        at = (index % _COLUMNS * width + 5, index // _COLUMNS * height + 3)
        pen.text(at, str(frame), fill=(252, 196, 25), font=label_font(16))
    return np.asarray(drawing)


def _wishes(state: SessionState) -> str:
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
    return own + (f" Wishes in all: {others}." if others else "")
